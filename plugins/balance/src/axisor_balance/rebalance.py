"""Moves margin from positions far from liquidation to the one that is nearest to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated

from msgspec import Meta, Struct

from axisor import trust
from axisor.events import (
    BalanceChanged,
    FeedChanged,
    IntentState,
    Outcome,
    PositionChanged,
    PositionClosed,
)
from axisor.intents import AddMargin, CashIn, Check, Intent, Notice, Wake, Why
from axisor.maths import (
    MAX_PRICE,
    distance,
    is_nearer,
    liquidation_at_distance,
    margin_for,
    margin_for_liquidation,
    most_margin,
)
from axisor.model import MarginMode, Permission, Position, Price, Sats, Severity, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor_balance.asked import Asked

HUNDRED = Decimal(100)
MOST_LEVERAGE = 100
_CENT = Decimal("0.01")
AGAIN = timedelta(seconds=10)
"""After something was refused nothing is asked for until so much later."""

ON = frozenset({"position", "outcome", "balance", "feed"})
Amount = Annotated[int, Meta(ge=1)]


class RebalanceConfig(Config, frozen=True, kw_only=True):
    """Which positions are helped, and which may give. Distances are percent of the price."""

    near: Annotated[
        Decimal, Meta(description="Help a position nearer to liquidation than this, percent.")
    ] = Decimal(3)
    target: Annotated[
        Decimal, Meta(description="Bring it this far away from liquidation, percent.")
    ] = Decimal(5)
    far: Annotated[
        Decimal, Meta(description="Who gives must stay this far from liquidation, percent.")
    ] = Decimal(10)
    most_sats: Annotated[
        Amount | None, Meta(description="Most sats in one move; none is no limit.")
    ] = None
    cooldown_s: Annotated[
        int, Meta(ge=0, le=86_400, description="Least seconds between two moves.")
    ] = 30


class RebalanceMemory(Memory):
    """The action under way, the sats taken out and not yet added, and until when to do nothing.

    `rest_until` keeps moves apart, `retry_at` is after something was refused.
    """

    asked: Asked | None = None
    carried: Sats = 0
    rest_until: datetime | None = None
    retry_at: datetime | None = None


class Standing(Struct, frozen=True):
    """A position at the price it must be judged by."""

    position: Position
    price: Price

    @property
    def distance(self) -> Decimal:
        """Return the distance to liquidation, a fraction."""
        return distance(self.position.side, self.price, self.position.liquidation)

    def is_within(self, percent: Decimal) -> bool:
        """Return whether liquidation is nearer than that."""
        p = self.position
        return is_nearer(p.side, self.price, p.liquidation, percent / HUNDRED)

    def margin_at(self, percent: Decimal) -> Sats:
        """Return the least margin that keeps liquidation so far away."""
        p = self.position
        level = liquidation_at_distance(p.side, self.price, percent / HUNDRED)
        return margin_for_liquidation(p.side, p.quantity, p.entry, level)


class Rebalance(Strategy[RebalanceConfig, RebalanceMemory]):
    """Moves margin from isolated positions that have plenty to the one nearest to liquidation."""

    name = "rebalance"
    permissions = Permission.ADJUST_MARGIN

    @classmethod
    def check(cls, config: RebalanceConfig) -> Iterator[str]:
        """Return what contradicts itself in the configuration."""
        found = (config.near, config.target, config.far)
        if not all(value.is_finite() and 0 < value < HUNDRED for value in found):
            yield "The settings near, target and far must lie between 0 and 100 percent."
        elif not config.near < config.target < config.far:
            yield "The distances must rise from near over target to far."

    def on_start(self, view: View) -> Iterable[Intent]:
        """Judge every position, as at any other call."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Judge every position at the price that was reached."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Judge every position once a wait is over."""
        return self._answer(view)

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Judge every position when one is another."""
        return self._answer(view)

    def on_balance(self, change: BalanceChanged, view: View) -> Iterable[Intent]:
        """Judge every position with the new balance."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Judge every position when the price can be trusted again."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Settle what was asked for, and go on with the move."""
        if self.memory.asked is not None and not outcome.state.is_open:
            yield from self._settle(self.memory.asked, outcome, view)
        yield from self._answer(view)

    def _settle(self, asked: Asked, outcome: Outcome, view: View) -> Iterator[Intent]:
        memory, action = self.memory, outcome.action
        if outcome.state is IntentState.CONFIRMED:
            asked.done = True
            if isinstance(action, CashIn):
                memory.carried += action.amount
            elif isinstance(action, AddMargin):
                memory.carried -= action.amount
                memory.rest_until = view.now + timedelta(seconds=self.config.cooldown_s)
            return
        memory.asked = None
        memory.retry_at = view.now + AGAIN
        reason = outcome.reason or outcome.state.value.upper()
        yield Notice(
            severity=Severity.WARN,
            code="REBALANCE_REFUSED",
            text=f"Moving margin did not go through ({reason}): "
            f"{outcome.message or 'no more is known'}. It is tried again.",
            data={"reason": reason, "carried_sats": str(memory.carried)},
        )

    def _answer(self, view: View) -> Iterator[Intent]:
        memory = self.memory
        isolated = [p for p in view.positions if p.margin_mode is MarginMode.ISOLATED]
        if memory.asked is not None and memory.asked.is_over(view.now, _shape(view)):
            memory.asked = None
        judged = _judged(isolated, view)
        near = [one for one in judged if one.is_within(self.config.near)]
        resting = memory.rest_until is not None and view.now < memory.rest_until
        waits = memory.retry_at is not None and view.now < memory.retry_at
        may_move = memory.carried > 0 or not resting
        if near and memory.asked is None and may_move and not waits:
            action = self._next(min(near, key=lambda one: one.distance), judged, view)
            if action is not None:
                memory.asked = Asked(view.now, _shape(view))
                yield action
        yield self._wake(isolated, view, restless=bool(near))

    def _next(self, taker: Standing, judged: list[Standing], view: View) -> Intent | None:
        """Return the next half of a move: taking sats out, or adding those taken out before."""
        held = taker.position
        most = most_margin(held.quantity, held.entry)
        needed = min(taker.margin_at(self.config.target), most) - held.margin
        if needed <= 0 or held.id in view.pending or held.id in view.frozen:
            return None
        if self.memory.carried > 0:
            amount = min(needed, self.memory.carried, view.balance.free)
            why = _why("add", taker, self.config.near)
            return AddMargin(position=held.id, amount=amount, why=why) if amount > 0 else None
        giver, spare = max(
            ((one, self._spare(one, view)) for one in judged),
            key=lambda pair: pair[1],
        )
        amount = min(needed, spare, self.config.most_sats or spare)
        if amount <= 0:
            return None
        why = _why("take", giver, self.config.far)
        return CashIn(position=giver.position.id, amount=amount, why=why)

    def _spare(self, one: Standing, view: View) -> Sats:
        """Return the sats a position can give and still be far away.

        What is cashed in from profit moves liquidation as far as the same sats from margin do.
        """
        held = one.position
        if held.id in view.pending or one.is_within(self.config.far):
            return 0
        least = max(
            one.margin_at(self.config.far),
            margin_for(held.quantity, held.entry, MOST_LEVERAGE),
        )
        return max(0, held.margin - least)

    def _wake(self, isolated: list[Position], view: View, *, restless: bool) -> Wake:
        memory = self.memory
        times = [
            memory.rest_until,
            memory.retry_at,
            *(() if memory.asked is None else memory.asked.times),
        ]
        at = min((time for time in times if time is not None and time > view.now), default=None)
        if restless:
            return Wake(below=MAX_PRICE, above=Price(0), at=at, on=ON)
        below = [_bound(p, self.config.near) for p in isolated if p.side is Side.BUY]
        above = [_bound(p, self.config.near) for p in isolated if p.side is Side.SELL]
        return Wake(below=max(below, default=None), above=min(above, default=None), at=at, on=ON)


def _judged(isolated: list[Position], view: View) -> list[Standing]:
    found = ((p, trust.closing_price(view, p.side, p.quantity)) for p in isolated)
    return [Standing(position, price) for position, price in found if price is not None]


def _bound(position: Position, percent: Decimal) -> Price:
    """Return a price a little before the one at which a position is near."""
    level = position.liquidation / (1 - position.side.sign * percent / HUNDRED)
    if position.side is Side.BUY:
        return level.quantize(_CENT, ROUND_CEILING) + _CENT
    return level.quantize(_CENT, ROUND_FLOOR) - _CENT


def _shape(view: View) -> str:
    margins = ",".join(f"{p.id}:{p.margin}:{p.entry}" for p in view.positions)
    return f"{view.balance.free} {margins}"


def _why(rule: str, one: Standing, limit: Decimal) -> Why:
    percent = f"{one.distance * HUNDRED:.4f}"
    passed = one.is_within(limit)
    return Why(
        rule=rule,
        inputs={"price": str(one.price), "liquidation": str(one.position.liquidation)},
        checks=(Check("distance", percent, str(limit), passed),),
    )
