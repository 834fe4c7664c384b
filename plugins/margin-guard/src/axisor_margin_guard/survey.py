"""What each position is like right now, before anything is decided."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from axisor.model import FeedQuality, Position, Price, Sats
from axisor.strategy import View
from axisor_margin_guard.config import GuardConfig, Rule, rule_for
from axisor_margin_guard.danger import (
    Exposure,
    distance,
    exposure,
    fee_ahead,
    fires,
    is_leveraged_above,
)

OLDEST_MS = 30_000
"""No decision on a price older than this."""

OLDEST_HIGH_LEVERAGE_MS = 15_000
"""The same for positions above `HIGH_LEVERAGE`."""

HIGH_LEVERAGE = 50

_UNFIT = {
    FeedQuality.STALE: "the price is stale",
    FeedQuality.FALLBACK: "the price is from a fallback source",
    FeedQuality.NONE: "there is no price",
    FeedQuality.DISPUTED: "the venue's prices contradict each other",
}


class Case(Struct, frozen=True):
    """One position with its rule and figures.

    `off` says why it is not guarded, `degraded` why it cannot be judged; both are empty for one
    that can. `held` already counts a funding fee that is due soon, `fee`.
    """

    position: Position
    rule: Rule | None = None
    off: str = ""
    degraded: str = ""
    price: Price | None = None
    held: Exposure | None = None
    fee: Sats = 0
    fires: bool = False


class Judged(Struct, frozen=True):
    """A case whose rule, price and figures are all there."""

    position: Position
    rule: Rule
    price: Price
    held: Exposure
    fee: Sats
    fires: bool

    @property
    def id(self) -> str:
        """Return the position's id."""
        return self.position.id

    @property
    def shape(self) -> str:
        """Return a description of the position that any action on it changes."""
        return shape(self.position)


def shape(position: Position) -> str:
    """Return the figures of a position that change with every action on it."""
    return f"{position.margin}/{position.quantity}/{position.entry}"


def judged(case: Case) -> Judged | None:
    """Return a case that can be decided on, or None."""
    if case.rule is None or case.price is None or case.held is None or case.degraded:
        return None
    return Judged(case.position, case.rule, case.price, case.held, case.fee, case.fires)


def feed_trouble(view: View) -> str:
    """Return why the market cannot be judged at all, empty when it can."""
    if view.tick is None:
        return "there is no price"
    if view.quality in _UNFIT:
        return _UNFIT[view.quality]
    if view.tick.source == "fallback":
        return _UNFIT[FeedQuality.FALLBACK]
    if view.price_age_ms is None:
        return "the age of the price is not known"
    if view.price_age_ms > OLDEST_MS:
        return f"the price is older than {OLDEST_MS // 1000} s"
    return ""


def survey(config: GuardConfig, view: View) -> tuple[Case, ...]:
    """Return a case for every readable position of the account."""
    trouble = feed_trouble(view)
    return tuple(_case(config, view, position, trouble) for position in view.positions)


def _case(config: GuardConfig, view: View, position: Position, trouble: str) -> Case:
    rule = rule_for(config, position)
    if isinstance(rule, str):
        return Case(position, off=rule)
    if position.id in view.unreadable:
        return Case(position, rule, degraded="the venue's figures for it cannot be read")
    tick = view.tick
    if trouble or tick is None:
        return Case(position, rule, degraded=trouble or "there is no price")
    price = tick.guard_price(position.side, position.quantity)
    if price is None or price <= 0:
        return Case(position, rule, degraded="the venue shows no executable price for its size")
    try:
        return _measured(view, position, rule, price)
    except (ArithmeticError, ValueError) as error:  # one absurd position must not stop the others
        return Case(position, rule, degraded=f"its figures make no sense: {error}")


def _measured(view: View, position: Position, rule: Rule, price: Price) -> Case:
    held = exposure(position)
    age = view.price_age_ms or 0
    if age > OLDEST_HIGH_LEVERAGE_MS and is_leveraged_above(held, price, HIGH_LEVERAGE):
        seconds = OLDEST_HIGH_LEVERAGE_MS // 1000
        why = f"the price is older than {seconds} s and its leverage above {HIGH_LEVERAGE}x"
        return Case(position, rule, degraded=why)
    fee = 0
    if view.tick is not None:
        fee = fee_ahead(rule, position.side, position.quantity, price, view.tick, view.now)
    if fee > 0:
        held = held.with_added(-fee)
    return Case(position, rule, "", "", price, held, fee, fires(rule, held, price))


def percent(case: Judged) -> str:
    """Return a case's distance for people, in percent with two places."""
    exact = distance(case.held, case.price) * 100
    shown = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(shown.quantize(Decimal("0.01"), ROUND_FLOOR))
