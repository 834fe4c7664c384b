"""What the guard would do if the price walked: its plan, its two floors, and the what-if."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from heapq import heappop, heappush

from msgspec import Struct, structs

from axisor import maths
from axisor.model import Position, Price, Sats, Side
from axisor.strategy import Floor, PlanRow, View, WhatIfRow
from axisor_margin_guard.allocate import Want, allocate
from axisor_margin_guard.amount import needed_for_target, needed_for_trigger, position_cap
from axisor_margin_guard.config import GuardConfig, Rule, rule_for
from axisor_margin_guard.coverage import money_of, spent_on
from axisor_margin_guard.danger import (
    Exposure,
    distance,
    equity,
    exposure,
    fires,
    trigger_bound,
)
from axisor_margin_guard.memory import GuardMemory
from axisor_margin_guard.survey import feed_trouble

MOST_ACTIONS = 5_000
"""A walk ends after so many actions; where it ends is then called the floor."""

FARTHEST = 10
"""A walk ends at a tenth of the present price, or at ten times it."""

ANY = -(10**18)
"""The place of a trigger that is met at any price: before all that have one."""

_PLACES = Decimal("0.0001")


class Walker(Struct):
    """A guarded position on its way: what the walk has made of it so far.

    `step` is the first half dollar, counted from zero, at which its trigger is met, None where it
    is met at any price. It is computed when the position changes, not at every stop of the walk.
    """

    position: Position
    rule: Rule
    held: Exposure
    spent: Sats
    step: int | None = None

    def take_step(self) -> None:
        """Compute the step anew."""
        bound = trigger_bound(self.rule, self.held)
        if bound is None:
            self.step = None
        else:
            buys = self.held.side is Side.BUY
            self.step = _ceil(2 * bound) - 1 if buys else _floor_int(2 * bound) + 1


class Waiting:
    """The walkers of one side by the half dollar at which they want to be looked at, first first.

    Few of a hundred are looked at where the walk stops; the others cost nothing there.
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        self._heap: list[tuple[int, str, Walker]] = []

    def put(self, walkers: Iterable[Walker]) -> None:
        """Have walkers wait for their steps, those that have none for the very next."""
        for walker in walkers:
            step = ANY if walker.step is None else -self._side.sign * walker.step
            heappush(self._heap, (step, walker.position.id, walker))

    def next(self, price: Price) -> int | None:
        """Return the first half dollar beyond `price` at which a trigger is met, or None."""
        if not self._heap:
            return None
        twice, sign = 2 * Fraction(price), self._side.sign
        beyond = _ceil(twice) - 1 if self._side is Side.BUY else _floor_int(twice) + 1
        step = -sign * max(self._heap[0][0], -sign * beyond)
        return step if 0 < step < 2 * maths.MAX_PRICE else None

    def take(self, step: int) -> list[Walker]:
        """Take out those whose trigger can be met at so many half dollars, by name."""
        found = []
        while self._heap and self._heap[0][0] <= -self._side.sign * step:
            found.append(heappop(self._heap)[2])
        return sorted(found, key=lambda w: w.position.id)


class Walk(Struct, frozen=True):
    """How a walk went: its rows, and where and for want of how many sats it broke."""

    rows: tuple[PlanRow, ...]
    floor: Price | None = None
    breaks: str = ""
    missing: Sats = 0


def plan(config: GuardConfig, memory: GuardMemory, view: View) -> tuple[PlanRow, ...]:
    """Return the rows of both walks, down for longs first."""
    money = money_of(config, memory, view)
    down = walk(config, memory, view, Side.BUY, money)
    up = walk(config, memory, view, Side.SELL, money)
    return (*down.rows, *up.rows)


def floors(config: GuardConfig, memory: GuardMemory, view: View) -> tuple[Floor, ...]:
    """Return both floors, the nearer in percent first; none without a price that can be used."""
    if view.tick is None or feed_trouble(view):
        return ()
    found = [_floor(config, memory, view, side) for side in (Side.BUY, Side.SELL)]
    return tuple(sorted(found, key=lambda f: (f.move is None, abs(f.move or 0), f.side.value)))


def _floor(config: GuardConfig, memory: GuardMemory, view: View, side: Side) -> Floor:
    money = money_of(config, memory, view)
    went = walk(config, memory, view, side, money)
    if went.floor is None or view.tick is None:
        return Floor(side, None, None)
    idle = view.balance.free - money
    extra = idle if idle > 0 else went.missing
    more = walk(config, memory, view, side, money + extra, unlimited=True)
    return Floor(
        side, went.floor, _move(went.floor, view.tick.last), went.breaks, extra, more.floor
    )


def walk(
    config: GuardConfig,
    memory: GuardMemory,
    view: View,
    side: Side,
    money: Sats,
    *,
    unlimited: bool = False,
    until: Price | None = None,
) -> Walk:
    """Walk the price against one side in half-dollar steps, jumping to where something happens.

    One action a position and step, by the rule's own `partial`; cooldown, pending actions and the
    end of the day do not count. `unlimited` sets the budgets of positions and actions aside.
    """
    if view.tick is None or feed_trouble(view):
        return Walk(())
    walkers = _walkers(config, memory, view, side, unlimited=unlimited)
    start = _start(view, side)
    rows: list[PlanRow] = []
    end = start / FARTHEST if side is Side.BUY else start * FARTHEST
    price: Price | None = start
    near, waiting = walkers, Waiting(side)
    while price is not None and not _beyond(side, price, end if until is None else until):
        needy = [w for w in near if fires(w.rule, w.held, price)]
        given = allocate(tuple(_want(w, price) for w in needy), money)
        for walker in needy:
            amount = given.get(walker.position.id, 0)
            money -= amount
            if amount > 0:
                rows.append(_row(walker, price, view.tick.last, amount, money))
            if fires(walker.rule, walker.held, price) or len(rows) >= MOST_ACTIONS:
                missing = needed_for_target(walker.rule, walker.held, price)
                rows.append(_floor_row(walker, price, view.tick.last, money))
                return Walk(tuple(rows), price, walker.position.id, missing)
        waiting.put(near)
        step = waiting.next(price)
        price = None if step is None else Price(step) / 2
        near = [] if step is None else waiting.take(step)
    return Walk(tuple(rows))


def _start(view: View, side: Side) -> Price:
    assert view.tick is not None
    if side is Side.BUY:
        return min(view.tick.last, view.tick.bid or view.tick.last)
    return max(view.tick.last, view.tick.ask or view.tick.last)


def _beyond(side: Side, price: Price, until: Price) -> bool:
    return side.sign * (until - price) > 0


def _walkers(
    config: GuardConfig, memory: GuardMemory, view: View, side: Side, *, unlimited: bool
) -> list[Walker]:
    found = []
    for position in view.positions:
        rule = rule_for(config, position)
        if isinstance(rule, str) or position.side is not side or position.id in view.unreadable:
            continue
        if unlimited:
            rule = structs.replace(rule, budget_action=None, budget_position=None)
        spent = spent_on(position.id, memory, view)
        try:
            held = exposure(position)
        except (ArithmeticError, ValueError):
            continue  # it is DEGRADED in the coverage; it has no figures to walk with
        found.append(Walker(position, rule, held, spent))
        found[-1].take_step()
    return sorted(found, key=lambda w: w.position.id)


def _want(walker: Walker, price: Price) -> Want:
    cap = position_cap(walker.rule, walker.position, walker.spent)
    return Want(
        position=walker.position.id,
        stake=walker.position.margin,
        distance=distance(walker.held, price),
        lift=needed_for_trigger(walker.rule, walker.held, price),
        target=needed_for_target(walker.rule, walker.held, price),
        cap=cap if "add_margin" in walker.rule.ladder else 0,
        partial=walker.rule.partial,
    )


def _row(walker: Walker, price: Price, last: Price, amount: Sats, money: Sats) -> PlanRow:
    full = needed_for_target(walker.rule, walker.held, price)
    margin = walker.position.margin + amount
    walker.position = structs.replace(walker.position, margin=margin)
    walker.held = walker.held.with_added(amount)
    walker.take_step()
    walker.spent += amount
    note = "" if amount >= full else f"short of its target by {full - amount:,} sat"
    return PlanRow(
        price=price,
        move=_move(price, last),
        position=walker.position.id,
        action="add_margin",
        cost=amount,
        budget_left=money,
        liquidation=walker.held.liquidation,
        note=note,
    )


def _floor_row(walker: Walker, price: Price, last: Price, money: Sats) -> PlanRow:
    rest = [rung for rung in walker.rule.ladder if rung != "add_margin"]
    return PlanRow(
        price=price,
        move=_move(price, last),
        position=walker.position.id,
        action="floor",
        cost=0,
        budget_left=money,
        liquidation=walker.held.liquidation,
        note=f"below its trigger and not to be brought back; then {', '.join(rest) or 'nothing'}",
    )


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _floor_int(value: Fraction) -> int:
    return value.numerator // value.denominator


def _move(price: Price, last: Price) -> Decimal:
    return ((price - last) / last).quantize(_PLACES)


def whatif(
    config: GuardConfig, memory: GuardMemory, view: View, price: Price, added: Sats
) -> tuple[WhatIfRow, ...]:
    """Return each readable position at another price with `added` sats more margin."""
    rows = []
    for position in view.positions:
        try:
            held = exposure(position).with_added(added)
        except (ArithmeticError, ValueError):
            continue  # a position without figures has no what-if; its coverage says so
        rows.append(_whatif_row(config, memory, view, position, held, price, added))
    return tuple(rows)


def _whatif_row(
    config: GuardConfig,
    memory: GuardMemory,
    view: View,
    position: Position,
    held: Exposure,
    price: Price,
    added: Sats,
) -> WhatIfRow:
    left = equity(held, price)
    ratio = maths.value_sats(held.quantity, price) / left if left > 0 else Fraction(0)
    return WhatIfRow(
        position=position.id,
        price=price,
        added=added,
        liquidation=held.liquidation,
        distance=maths.distance(held.side, price, held.liquidation),
        leverage=(Decimal(ratio.numerator) / Decimal(ratio.denominator)).quantize(_PLACES),
        pl=maths.pl(held.side, held.quantity, held.entry, price),
        gap=held.side.sign * (price - held.liquidation) <= 0,
        guarded=_fate(config, memory, view, position, price),
    )


def _fate(
    config: GuardConfig, memory: GuardMemory, view: View, position: Position, price: Price
) -> str:
    rule = rule_for(config, position)
    if isinstance(rule, str):
        return rule
    went = walk(config, memory, view, position.side, money_of(config, memory, view), until=price)
    mine = [row for row in went.rows if row.position == position.id]
    if went.floor is not None and went.breaks == position.id:
        return (
            f"held down to {went.floor}"
            if position.side is Side.BUY
            else f"held up to {went.floor}"
        )
    return f"held, adds {sum(row.cost for row in mine)} sats"
