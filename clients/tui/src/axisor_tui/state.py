"""Everything the console shows, as one value, and how a message from the core changes it.

Pure: no clock, no network, no screen. What a message does not say stays as it was; what is old is
marked as old rather than hidden.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    Cause,
    Coverage,
    CoverageChanged,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    IntentPlanned,
    IntentSettled,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    RunChanged,
    RunState,
    Standing,
    StandingChanged,
)
from axisor.maths import distance
from axisor.model import Balance, CrossWallet, FeedQuality, Mode, Order, OrderState, Position, Tick
from axisor.strategy import Floor, PlanRow
from axisor.wire.records import Run, SeenEvent, SeenPayload, Snapshot, TickReport
from axisor_tui.words import Line, line_of

MOST_LINES = 200
MOST_PRICES = 480
STALE_AFTER_MS = 30_000
"""A price older than this is shown as stale, as the core treats it."""


class Link(enum.StrEnum):
    """Whether the core is heard."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


class Linked(Struct, frozen=True):
    """The core answered."""

    core: str


class LinkLost(Struct, frozen=True):
    """The core is not heard any more; it goes on without us."""

    reason: str


class Snapped(Struct, frozen=True):
    """The core sent its state as a whole."""

    snapshot: Snapshot


class Happened(Struct, frozen=True):
    """The core sent the next entry of the journal."""

    event: SeenEvent


class PriceSeen(Struct, frozen=True):
    """A tick arrived at this moment of our own monotonic clock, in milliseconds."""

    report: TickReport
    at_ms: int


class GuardSeen(Struct, frozen=True):
    """The core told what its guard would do."""

    plan: tuple[PlanRow, ...]
    floors: tuple[Floor, ...]
    coverages: tuple[Coverage, ...]


class TimePassed(Struct, frozen=True):
    """Time went on, by our monotonic clock and by the wall."""

    now_ms: int
    wall: datetime


class Selected(Struct, frozen=True):
    """The person moved the selection by so many rows."""

    by: int


Message: TypeAlias = (
    Linked | LinkLost | Snapped | Happened | PriceSeen | GuardSeen | TimePassed | Selected
)


class State(Struct, frozen=True, kw_only=True):
    """What the console knows."""

    core: str = ""
    link: Link = Link.CONNECTING
    link_reason: str = ""
    account: str = ""
    label: str = ""
    venue: str = ""
    mode: Mode | None = None
    sequence: int = 0
    balance: Balance | None = None
    cross: CrossWallet = CrossWallet()
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    runs: tuple[Run, ...] = ()
    coverages: dict[str, Coverage] = {}
    pending: dict[str, str] = {}
    halt: HaltLevel = HaltLevel.NONE
    platform_halt: HaltLevel = HaltLevel.NONE
    standing: Standing = Standing.ACTIVE
    causes: tuple[Cause, ...] = ()
    tick: Tick | None = None
    quality: FeedQuality = FeedQuality.NONE
    tick_at_ms: int | None = None
    prices: tuple[tuple[datetime, Decimal], ...] = ()
    plan: tuple[PlanRow, ...] = ()
    floors: tuple[Floor, ...] = ()
    lines: tuple[Line, ...] = ()
    now_ms: int = 0
    wall: datetime | None = None
    selected: int = 0

    @property
    def price_age_ms(self) -> int | None:
        """Return how old the latest price is, None without one."""
        return None if self.tick_at_ms is None else max(0, self.now_ms - self.tick_at_ms)

    @property
    def is_stale(self) -> bool:
        """Return whether what is shown may no longer be so."""
        age = self.price_age_ms
        if self.link is not Link.UP or age is None or age > STALE_AFTER_MS:
            return True
        return self.quality is not FeedQuality.FRESH

    def distance_of(self, position: Position) -> Decimal | None:
        """Return a position's distance to liquidation as a fraction, None without a price."""
        if self.tick is None:
            return None
        price = self.tick.guard_price(position.side, position.quantity)
        return None if price is None else distance(position.side, price, position.liquidation)

    def by_danger(self) -> tuple[Position, ...]:
        """Return the positions: those without a distance, then the nearest to liquidation first."""

        def danger(position: Position) -> tuple[bool, Decimal, str]:
            found = self.distance_of(position)
            return (found is not None, found or Decimal(0), position.id)

        return tuple(sorted(self.positions, key=danger))

    @property
    def guard(self) -> Run | None:
        """Return the run that guards: one at work if there is one, else the newest."""
        guards = [run for run in self.runs if "guard" in run.strategy]
        working = [run for run in guards if run.state is RunState.RUNNING]
        found = working or guards
        return found[-1] if found else None


def reduce(state: State, message: Message) -> State:
    """Return the state after a message; equal states and messages give equal results."""
    match message:
        case Linked(core=core):
            return replace(state, core=core, link=Link.UP, link_reason="")
        case LinkLost(reason=reason):
            return replace(state, link=Link.LOST, link_reason=reason)
        case Snapped(snapshot=snapshot):
            return _snap(state, snapshot)
        case Happened(event=event):
            return _happen(state, event)
        case PriceSeen(report=report, at_ms=at_ms):
            return _price(state, report, at_ms)
        case GuardSeen():
            coverages = {each.position: each for each in message.coverages}
            return replace(state, plan=message.plan, floors=message.floors, coverages=coverages)
        case TimePassed(now_ms=now_ms, wall=wall):
            return replace(state, now_ms=now_ms, wall=wall)
        case Selected(by=by):
            last = max(0, len(state.positions) - 1)
            return replace(state, selected=min(last, max(0, state.selected + by)))


def _snap(state: State, snapshot: Snapshot) -> State:
    return replace(
        state,
        link=Link.UP,
        account=snapshot.account.id,
        label=snapshot.account.label,
        venue=snapshot.account.venue,
        mode=snapshot.account.mode,
        sequence=snapshot.sequence,
        balance=snapshot.balance.balance,
        cross=snapshot.balance.cross,
        positions=tuple(report.position for report in snapshot.positions),
        orders=snapshot.orders,
        runs=snapshot.runs,
        coverages={each.position: each for each in snapshot.coverages},
        pending={effect.id: effect.target for effect in snapshot.effects},
        halt=snapshot.halt,
        platform_halt=snapshot.platform_halt,
        standing=snapshot.standing,
        causes=snapshot.causes,
    )


def _price(state: State, report: TickReport, at_ms: int) -> State:
    age = 0 if report.age is None else int(report.age.total_seconds() * 1000)
    prices = (*state.prices, (report.tick.time, report.tick.last))[-MOST_PRICES:]
    return replace(
        state,
        tick=report.tick,
        quality=report.quality,
        tick_at_ms=at_ms - age,
        now_ms=max(state.now_ms, at_ms),
        prices=prices,
    )


def _happen(state: State, event: SeenEvent) -> State:
    if event.sequence <= state.sequence:
        return state
    line = line_of(event)
    lines = state.lines if line is None else (*state.lines, line)[-MOST_LINES:]
    applied = _apply(state, event.payload, event)
    return replace(applied, sequence=event.sequence, mode=event.mode, lines=lines)


def _apply(state: State, payload: SeenPayload, event: SeenEvent) -> State:
    match payload:
        case PositionChanged(position=position):
            return replace(state, positions=_put(state.positions, position))
        case PositionClosed(position=position):
            left = tuple(each for each in state.positions if each.id != position.id)
            coverages = {k: v for k, v in state.coverages.items() if k != position.id}
            return replace(state, positions=left, coverages=coverages)
        case BalanceChanged(balance=balance, cross=cross):
            return replace(state, balance=balance, cross=cross)
        case OrderChanged(order=order):
            orders = tuple(each for each in state.orders if each.id != order.id)
            if order.state is OrderState.OPEN:
                orders = (*orders, order)
            return replace(state, orders=orders)
        case CoverageChanged(coverage=coverage):
            return replace(state, coverages={**state.coverages, coverage.position: coverage})
        case HaltChanged() | StandingChanged() | FeedChanged():
            return _stand(state, payload)
        case RunChanged():
            return replace(state, runs=_run(state.runs, payload, event))
        case IntentPlanned(intent=intent, target=target):
            return replace(state, pending={**state.pending, intent: target})
        case IntentSettled(intent=intent, state=end) if not end.is_open:
            return replace(state, pending={k: v for k, v in state.pending.items() if k != intent})
        case _:
            return state


def _stand(state: State, payload: HaltChanged | StandingChanged | FeedChanged) -> State:
    match payload:
        case HaltChanged(level=level, platform=True):
            return replace(state, platform_halt=level)
        case HaltChanged(level=level):
            return replace(state, halt=level)
        case StandingChanged(standing=standing, causes=causes):
            return replace(state, standing=standing, causes=causes)
        case FeedChanged(quality=quality):
            return replace(state, quality=quality)


def _put(positions: tuple[Position, ...], changed: Position) -> tuple[Position, ...]:
    if any(each.id == changed.id for each in positions):
        return tuple(changed if each.id == changed.id else each for each in positions)
    return (*positions, changed)


def _run(runs: tuple[Run, ...], changed: RunChanged, event: SeenEvent) -> tuple[Run, ...]:
    before = next((run for run in runs if run.id == changed.run), None)
    if before is None:
        before = Run(
            id=changed.run,
            account=event.account,
            strategy=changed.strategy,
            state=changed.state,
            mode=event.mode,
        )
    after = replace(
        before,
        state=changed.state,
        reason=changed.reason,
        config=changed.config,
        label=changed.label or before.label,
    )
    if any(run.id == changed.run for run in runs):
        return tuple(after if run.id == changed.run else run for run in runs)
    return (*runs, after)
