"""What guards answer: their plan, floor and coverage, and what another price would mean.

A guard that walks the price past many positions computes for a second. That is done beside the
loop, for one caller at a time: no rescue waits for somebody's question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec
from msgspec import Struct

from axisor import maths
from axisor.errors import FieldInvalid, PositionNotFound, RunNotFound, StalePrice
from axisor.events import Coverage, CoverageState
from axisor.model import Position, Price, Sats, Side
from axisor.strategy import Floor, PlanRow, View
from axisor_server.engine.answers import Guarding
from axisor_server.engine.facade import Engine
from axisor_server.services.accounts import Accounts
from axisor_server.services.runs import Runs
from axisor_server.services.snapshots import Snapshots

MOST_ROWS = 500

T = TypeVar("T")


class Beside(Protocol):
    """Computes something without keeping the loop from anything else."""

    def __call__(self, compute: Callable[[], T], /) -> Awaitable[T]:
        """Return what it gives, or raise what it raises."""
        ...


class Plan(Struct, frozen=True, kw_only=True):
    """What a guard will do as the price moves; `truncated` where there are more rows."""

    run: str
    view: View
    rows: tuple[PlanRow, ...]
    truncated: bool


class Floors(Struct, frozen=True, kw_only=True):
    """How far a guard holds, below for longs and above for shorts."""

    run: str
    view: View
    down: Floor | None
    up: Floor | None


class Forecast(Struct, frozen=True):
    """What one guard will do, and how far it holds."""

    rows: tuple[PlanRow, ...]
    floors: tuple[Floor, ...]


class Imagined(Struct, frozen=True, kw_only=True):
    """One position at another price.

    `survives_*` is whether it lives without a guard, with the price walking, and in one jump;
    `short` whether it ends below its trigger with no money left. `spend` is what its guard pays.
    """

    position: Position
    after: Position
    survives: bool
    survives_walk: bool
    survives_jump: bool
    short: bool
    spend: Sats
    missing: Sats


class WhatIf(Struct, frozen=True, kw_only=True):
    """The account at another price."""

    view: View
    price: Price
    move: Decimal
    rows: tuple[Imagined, ...]


class Guards:
    """Asks the guards of an account."""

    def __init__(
        self,
        *,
        engine: Engine,
        accounts: Accounts,
        runs: Runs,
        snapshots: Snapshots,
        beside: Beside,
    ) -> None:
        self._beside = beside
        self._engine = engine
        self._accounts = accounts
        self._runs = runs
        self._snapshots = snapshots
        self._turn = asyncio.Lock()

    async def _compute(self, compute: Callable[[], T]) -> T:
        async with self._turn:
            return await self._beside(compute)

    async def plan(self, account: str, run: str, side: Side | None) -> Plan:
        """Return what a guard will do, in the order the price gets there."""
        guarding = await self._guarding(account, run)
        sides = {p.id: p.side for p in guarding.view.positions}
        planned = await self._compute(lambda: guarding.protection.plan(guarding.view))
        rows = [row for row in planned if side is None or sides.get(row.position) is side]
        return Plan(
            run=guarding.run,
            view=guarding.view,
            rows=tuple(rows[:MOST_ROWS]),
            truncated=len(rows) > MOST_ROWS,
        )

    async def floors(self, account: str, run: str) -> Floors:
        """Return how far a guard holds in both directions."""
        guarding = await self._guarding(account, run)
        found = await self._compute(lambda: guarding.protection.floors(guarding.view))
        by_side = {floor.side: floor for floor in reversed(found) if floor.price is not None}
        return Floors(
            run=guarding.run,
            view=guarding.view,
            down=by_side.get(Side.BUY),
            up=by_side.get(Side.SELL),
        )

    async def coverage(self, account: str) -> Sequence[Coverage]:
        """Return the protection of every open position; without a guard it is UNPROTECTED."""
        await self._accounts.get(account)
        known = {cover.position: cover for cover in self._snapshots.coverages(account)}
        nothing = "No running guard covers it."
        return [
            known.get(position.id)
            or Coverage(position=position.id, state=CoverageState.UNPROTECTED, reason=nothing)
            for position in self._snapshots.positions(account)
        ]

    async def whatif(
        self,
        account: str,
        *,
        run: str,
        price: Price | None,
        move: Decimal | None,
        position: str,
        added: Sats,
    ) -> WhatIf:
        """Return every position at another price, guarded and not. Asks no venue.

        `move` is a fraction of the present price. Raises StalePrice without any price yet.
        """
        await self._accounts.get(account)
        guards = [await self._guarding(account, run)] if run else self._engine.protections(account)
        view = self._engine.view(account)
        if view.tick is None:
            raise StalePrice("There is no price yet.")
        now = view.tick.last
        target = _target(now, price, move)
        if position and view.position(position) is None:
            raise PositionNotFound(
                f"The account has no open position `{position}`.", position=position
            )
        positions = self._snapshots.positions(account)
        forecasts = await self._compute(lambda: [_forecast(guarding) for guarding in guards])
        rows = tuple(
            _imagine(each, target, added if each.id == position else 0, forecasts)
            for each in positions
        )
        return WhatIf(view=view, price=target, move=(target - now) / now, rows=rows)

    async def _guarding(self, account: str, run: str) -> Guarding:
        if run:
            await self._runs.get(account, run)
            return self._engine.protection(run)
        await self._accounts.get(account)
        found = self._engine.protections(account)
        if not found:
            raise RunNotFound("No guard is running on this account.", account=account)
        if len(found) > 1:
            raise FieldInvalid("Several guards are running; name a run.", field="run")
        return found[0]


def _target(now: Price, price: Price | None, move: Decimal | None) -> Price:
    if price is not None:
        target = price
    elif move is not None:
        target = maths.round_to_step(now * (1 + move))
    else:
        return now
    if not 0 < target <= maths.MAX_PRICE:
        raise FieldInvalid("The price must stay above zero.", field="move")
    return target


def _forecast(guarding: Guarding) -> Forecast:
    return Forecast(
        tuple(guarding.protection.plan(guarding.view)),
        tuple(guarding.protection.floors(guarding.view)),
    )


def _imagine(
    position: Position, target: Price, added: Sats, forecasts: Sequence[Forecast]
) -> Imagined:
    unguarded = _with_margin(position, position.margin + added)
    spend, short, missing = _spent(position, target, forecasts)
    walked = _with_margin(position, position.margin + added + spend)
    lives = _lives(unguarded, target)
    lives_walk = _lives(walked, target)
    return Imagined(
        position=position,
        after=unguarded,
        survives=lives,
        survives_walk=lives_walk,
        survives_jump=lives,  # A jump leaves a guard no time; what was there must do.
        short=short and lives_walk,
        spend=spend,
        missing=missing,
    )


def _spent(
    position: Position, target: Price, forecasts: Sequence[Forecast]
) -> tuple[Sats, bool, Sats]:
    """Return what guards pay on the way, whether they run out, and what they then lack."""
    spend, short, missing = 0, False, 0
    for forecast in forecasts:
        for row in forecast.rows:
            if row.position == position.id and _reached(position.side, row.price, target):
                spend += max(row.cost, 0)
        for floor in forecast.floors:
            if floor.position != position.id or floor.price is None:
                continue
            if floor.side is position.side and _reached(position.side, floor.price, target):
                short, missing = True, missing + floor.extra
    return spend, short, missing


def _reached(side: Side, price: Price, target: Price) -> bool:
    return target <= price if side is Side.BUY else target >= price


def _with_margin(position: Position, margin: Sats) -> Position:
    if margin == position.margin:
        return position
    liquidation = (
        maths.cross_liquidation(position.side, position.quantity, position.entry, margin)
        if position.id == "cross"
        else maths.liquidation(position.side, position.quantity, position.entry, margin)
    )
    return msgspec.structs.replace(
        position,
        margin=margin,
        liquidation=liquidation,
        leverage=maths.leverage_of(position.quantity, margin, position.entry),
    )


def _lives(position: Position, price: Price) -> bool:
    if position.liquidation <= 0:
        return True
    if position.side is Side.BUY:
        return price > position.liquidation
    return price < position.liquidation
