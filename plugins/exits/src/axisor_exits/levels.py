"""The prices at which a rule acts on a position, or moves."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from axisor.model import SATS_PER_BITCOIN, Position, Price, Sats, Side
from axisor_exits.config import HUNDRED, By, ExitsConfig
from axisor_exits.memory import Held

_CENT = Decimal("0.01")
TRAIL_STEPS = 20
"""The best price moves on in steps of a twentieth of the trailing distance."""


def entry_of(position: Position) -> Price:
    """Return the price a position was opened at, whatever was cashed in since."""
    return position.entry if position.entry_price is None else position.entry_price


def gained(position: Position, percent: Decimal) -> Price:
    """Return the price that many percent of the entry price in favour of a position."""
    return entry_of(position) * (1 + position.side.sign * percent / HUNDRED)


def reached(side: Side, price: Price, level: Price | None) -> bool:
    """Return whether the price is at a level, or beyond it in favour of a side."""
    return level is not None and side.sign * (price - level) >= 0


def fallen_to(side: Side, price: Price, level: Price | None) -> bool:
    """Return whether the price is at a level, or beyond it against a side."""
    return level is not None and side.sign * (price - level) <= 0


def profit_level(config: ExitsConfig, position: Position) -> Price | None:
    """Return where the take-profit lies, None where there is none or no price reaches it."""
    if config.take_profit is None:
        return None
    return _level(position, config.take_profit, config.take_profit_by, favour=True)


def stop_level(config: ExitsConfig, position: Position, held: Held) -> tuple[str, Price] | None:
    """Return the nearest of all stops with the rule it comes from, None where there is none."""
    found: list[tuple[str, Price]] = []
    if config.stop_loss is not None:
        level = _level(position, config.stop_loss, config.stop_loss_by, favour=False)
        if level is not None:
            found.append(("stop_loss", level))
    if config.break_even is not None and held.secured:
        found.append(("break_even", gained(position, config.break_even_keep)))
    if config.trailing is not None and held.best is not None:
        back = held.best * (1 - position.side.sign * config.trailing / HUNDRED)
        found.append(("trailing", back))
    return max(found, key=lambda stop: position.side.sign * stop[1], default=None)


def trail_level(config: ExitsConfig, position: Position, held: Held) -> Price | None:
    """Return the next price at which the trailing stop begins or moves on."""
    if config.trailing is None:
        return None
    if held.best is None:
        return gained(position, config.trailing_from)
    step = held.best * config.trailing / HUNDRED / TRAIL_STEPS
    return held.best + position.side.sign * step


def secure_level(config: ExitsConfig, position: Position, held: Held) -> Price | None:
    """Return the price at which break-even begins to hold."""
    if config.break_even is None or held.secured:
        return None
    return gained(position, config.break_even)


def ratchet(config: ExitsConfig, position: Position, held: Held, price: Price) -> None:
    """Move the best price and break-even on; neither ever moves back."""
    at_once = held.best is None and config.trailing is not None and config.trailing_from == 0
    if at_once or reached(position.side, price, trail_level(config, position, held)):
        held.best = price
    if reached(position.side, price, secure_level(config, position, held)):
        held.secured = True


def _level(position: Position, amount: Decimal, by: By, *, favour: bool) -> Price | None:
    if by == "price":
        return amount
    if by == "percent":
        level = gained(position, amount if favour else -amount)
        return level if level > 0 else None
    return price_at_pl(position, int(amount) if favour else -int(amount))


def price_at_pl(position: Position, pl: Sats) -> Price | None:
    """Return the first cent at which a position's P/L is as good as `pl`, or as bad for a loss.

    None where no price is. P/L is before fees, as the venue shows it.
    """
    worth = position.quantity * SATS_PER_BITCOIN
    rest = 1 / Fraction(position.entry) - Fraction(position.side.sign * pl, worth)
    if rest <= 0:
        return None
    up = (position.side is Side.BUY) == (pl > 0)
    cents = 100 / rest
    whole = -(-cents.numerator // cents.denominator) if up else cents.numerator // cents.denominator
    level = Decimal(whole) * _CENT
    return level if level > 0 else None
