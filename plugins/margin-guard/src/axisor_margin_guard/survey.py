"""What each position is like right now, before anything is decided."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from axisor.model import FeedQuality, Position, Price, Sats
from axisor.strategy import View
from axisor_margin_guard.amount import beyond_trigger, needed_for_trigger
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


class Judged(Struct):
    """A position whose rule, price and figures are all there.

    `held` already counts a funding fee that is due soon, `fee`. Its other figures are asked for by
    several in one decision, and only of positions in need: each is reckoned once, when it is asked
    for. Nothing else of it changes.
    """

    position: Position
    rule: Rule
    price: Price
    held: Exposure
    fee: Sats
    fires: bool
    id: str
    _distance: Fraction | None = None
    _lift: Sats | None = None
    _target: Sats | None = None

    @property
    def shape(self) -> str:
        """Return a description of the position that any action on it changes."""
        return shape(self.position)

    @property
    def distance(self) -> Fraction:
        """Return the distance to liquidation as an exact fraction of the price."""
        if self._distance is None:
            self._distance = distance(self.held, self.price)
        return self._distance

    @property
    def danger(self) -> tuple[Decimal, Fraction, str]:
        """Return what to sort by for the most endangered first, ties by id.

        The first figure is the second one rounded, and quicker to compare.
        """
        near = self.distance
        return Decimal(near.numerator) / Decimal(near.denominator), near, self.id

    @property
    def lift(self) -> Sats:
        """Return the least sats after which its trigger is no longer met."""
        if self._lift is None:
            self._lift = needed_for_trigger(self.rule, self.held, self.price)
        return self._lift

    @property
    def target(self) -> Sats:
        """Return the least sats that reach its target, and the trigger where that is farther."""
        if self._target is None:
            self._target = beyond_trigger(self.rule, self.held, self.price, self.lift)
        return self._target


class Case(Struct, frozen=True):
    """One position with its rule and, where it can be judged, its figures.

    `off` says why it is not guarded, `degraded` why it cannot be judged; both are empty for one
    that can.
    """

    position: Position
    rule: Rule | None = None
    off: str = ""
    degraded: str = ""
    sound: Judged | None = None


def shape(position: Position) -> str:
    """Return the figures of a position that change with every action on it."""
    return f"{position.margin}/{position.quantity}/{position.entry}"


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
    met = fires(rule, held, price)
    return Case(position, rule, "", "", Judged(position, rule, price, held, fee, met, position.id))


def percent(case: Judged) -> str:
    """Return a case's distance for people, in percent with two places."""
    exact = case.distance
    return str(Decimal(10_000 * exact.numerator // exact.denominator).scaleb(-2))
