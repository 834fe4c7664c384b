"""Everything the console shows, as one value; what is old in it is marked rather than hidden."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.client.guard import Explanation
from axisor.events import Cause, Coverage, HaltLevel, RunState, Standing
from axisor.maths import distance, pl
from axisor.model import (
    Balance,
    CrossWallet,
    FeedQuality,
    Mode,
    Order,
    Position,
    Sats,
    Side,
    Tick,
)
from axisor.strategy import Floor, PlanRow
from axisor.wire.confirmations import Confirmation
from axisor.wire.notices import AlertSummary, MuteSummary
from axisor.wire.records import Run
from axisor_tui.model.deeds import Deed, StepSeen
from axisor_tui.model.log import Entry
from axisor_tui.model.messages import Asked, DeliveriesSeen, WhatIfSeen
from axisor_tui.model.money import Unit, shown
from axisor_tui.model.records import CoreLook, StrategyLook

STALE_AFTER_MS = 30_000
"""A price older than this is shown as stale, as the core treats it."""


BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Link(enum.StrEnum):
    """Whether the core is heard."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


class State(Struct, frozen=True, kw_only=True):
    """What the console knows."""

    core: str = ""
    link: Link = Link.CONNECTING
    link_reason: str = ""
    retry_at_ms: int | None = None
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
    budget_left: Sats | None = None
    log: tuple[Entry, ...] = ()
    older: bool = True
    deeds: tuple[Deed, ...] = ()
    steps: dict[str, StepSeen] = {}
    waiting: tuple[Confirmation, ...] = ()
    alerts: tuple[AlertSummary, ...] | None = None
    alerts_problem: str = ""
    mutes: tuple[MuteSummary, ...] = ()
    sent: DeliveriesSeen | None = None
    asked: tuple[Asked, ...] = ()
    newcomer: bool = False
    look: CoreLook | None = None
    strategies: tuple[StrategyLook, ...] = ()
    what_if: WhatIfSeen | None = None
    explained: tuple[int, Explanation] | None = None
    now_ms: int = 0
    wall: datetime | None = None
    chosen: str = ""
    unit: Unit = Unit.SAT

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

    @property
    def is_halted(self) -> bool:
        """Return whether nothing at all may be done, the guard's work included."""
        return self.strictest in (HaltLevel.ALL, HaltLevel.FLATTEN)

    @property
    def strictest(self) -> HaltLevel:
        """Return the stricter of the account's own halt and that of all accounts."""
        order = list(HaltLevel)
        return max(self.halt, self.platform_halt, key=order.index)

    def distance_of(self, position: Position) -> Decimal | None:
        """Return a position's distance to liquidation as a fraction, None without a price."""
        if self.tick is None:
            return None
        price = self.tick.guard_price(position.side, position.quantity)
        return None if price is None else distance(position.side, price, position.liquidation)

    def profit_of(self, position: Position) -> Sats:
        """Return a position's profit at the price that would close it, else as last reported."""
        if self.tick is None:
            return position.pl
        long, size = position.side is Side.BUY, position.quantity
        price = self.tick.bid_for(size) if long else self.tick.ask_for(size)
        if price is None:
            return position.pl
        return pl(position.side, size, position.entry, price)

    def by_danger(self) -> tuple[Position, ...]:
        """Return the positions: those without a distance, then the nearest to liquidation first."""

        def danger(position: Position) -> tuple[bool, Decimal, str]:
            found = self.distance_of(position)
            return (found is not None, found or Decimal(0), position.id)

        return tuple(sorted(self.positions, key=danger))

    @property
    def position(self) -> Position | None:
        """Return the position chosen, else the one in most danger."""
        ordered = self.by_danger()
        return next((each for each in ordered if each.id == self.chosen), next(iter(ordered), None))

    @property
    def guard(self) -> Run | None:
        """Return the run that guards: one at work if there is one, else the newest."""
        guards = [run for run in self.runs if "guard" in run.strategy]
        working = [run for run in guards if run.state is RunState.RUNNING]
        found = working or guards
        return found[-1] if found else None

    @property
    def unseen(self) -> tuple[AlertSummary, ...]:
        """Return the alerts that go on and nobody here acknowledged, the loudest first."""
        waiting = [each for each in self.alerts or () if each.open and not each.acknowledged]
        by_time = sorted(waiting, key=newest, reverse=True)
        return tuple(sorted(by_time, key=lambda alert: -alert.level.rank))

    def run(self, id: str) -> Run | None:
        """Return a run by its id."""
        return next((each for each in self.runs if each.id == id), None)

    def guard_setting(self, name: str) -> Any:
        """Return a value of the guard's configuration, or None."""
        run = self.guard
        return json.loads(run.config).get(name) if run is not None and run.config else None

    @property
    def trigger(self) -> Decimal | None:
        """Return the distance at which the guard acts, as a fraction, where its rule is one."""
        value = self.guard_setting("trigger")
        if value is None or self.guard_setting("trigger_by") == "consumed":
            return None
        return Decimal(str(value)) / 100

    def sats(self, amount: Sats, *, signed: bool = False) -> str:
        """Return an amount in the unit chosen, without the unit's name."""
        price = None if self.tick is None else self.tick.last
        return shown(amount, self.unit, price, signed=signed)

    def amount(self, amount: Sats, *, signed: bool = False) -> str:
        """Return an amount in the unit chosen, with the unit's name."""
        return f"{self.sats(amount, signed=signed)} {self.unit.value}"


def newest(alert: AlertSummary) -> tuple[datetime, str]:
    """Return what alerts are sorted by to have the newest last."""
    return (alert.updated_at or BEGINNING, alert.id)
