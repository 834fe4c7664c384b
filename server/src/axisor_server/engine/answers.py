"""What the engine answers to its callers: results, previews, views and its own condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from axisor.errors import AxisorError
from axisor.events import Cause, Coverage, HaltLevel, IntentState, RunState, Standing
from axisor.model import FeedQuality, Mode, Order, Position, Tick
from axisor.ports import RateBudget
from axisor.strategy import Protection, View
from axisor_server.domain.halting import Halt
from axisor_server.domain.journal import Entry
from axisor_server.domain.preview import Preview, Snapshot
from axisor_server.domain.records import AccountRecord
from axisor_server.domain.review import Reviewer
from axisor_server.domain.standing import honest

__all__ = [
    "AccountSummary",
    "CommandResult",
    "EngineStatus",
    "FeedSummary",
    "Guarding",
    "Preview",
    "Publish",
    "Reviewer",
    "Snapshot",
]

Publish: TypeAlias = Callable[[Sequence[Entry]], None]
"""Called with entries once they are durable, in order; must be quick and must not raise."""


class CommandResult(Struct, frozen=True, kw_only=True):
    """How a client's action stands.

    `intent` is its request id, empty when only validated. A `state` of PLANNED, SENT or UNKNOWN
    means it was not settled before the deadline, and `sequence` is where to go on watching.
    `venue_id` is the position or order the venue made.
    """

    intent: str
    state: IntentState
    reason: str = ""
    message: str = ""
    venue_id: str = ""
    sequence: int = 0
    mode: Mode = Mode.SIM
    preview: Preview | None = None
    position: Position | None = None
    order: Order | None = None


class AccountSummary(Struct, frozen=True, kw_only=True):
    """How one account's actor is doing.

    `error` is why it does not act, empty when it does. `read_age_ms` is the age of the last reading
    of the account, None before the first. `causes` are those of its standing; `positions` are open,
    `protected` of them by a guard.
    """

    account: str
    mode: Mode
    halt: HaltLevel
    acting: bool
    error: str
    sequence: int
    open_intents: int
    read_age_ms: int | None
    runs: tuple[tuple[str, RunState], ...]
    budget: RateBudget | None = None
    standing: Standing = Standing.DEGRADED
    causes: tuple[Cause, ...] = ()
    positions: int = 0
    protected: int = 0


class FeedSummary(Struct, frozen=True, kw_only=True):
    """How one feed of prices is doing."""

    venue: str
    network: str
    url: str
    quality: FeedQuality
    reason: str
    tick: Tick | None
    age_ms: int | None
    offset_ms: int | None
    uncertainty_ms: int | None


class EngineStatus(Struct, frozen=True, kw_only=True):
    """The whole engine at a glance."""

    owner: str
    max_mode: Mode
    started_at: datetime | None
    stopping: bool
    accounts: tuple[AccountSummary, ...]
    feeds: tuple[FeedSummary, ...]
    halt: Halt = Halt()
    halt_durable: bool = True


class Guarding(Struct, frozen=True):
    """A run that protects positions: its live calculations, and the view they are made from.

    `blind` says why no guard can act at the moment, and is empty where one can.
    """

    run: str
    protection: Protection
    view: View
    blind: str = ""

    def coverages(self) -> tuple[Coverage, ...]:
        """Return the protection of every position, none said to be protected while blind."""
        return tuple(honest(each, self.blind) for each in self.protection.coverage(self.view))


def shut_summary(record: AccountRecord, error: AxisorError) -> AccountSummary:
    """Return how an account is that could not be opened."""
    return AccountSummary(
        account=record.id,
        mode=record.mode,
        halt=record.halt,
        acting=False,
        error=str(error),
        sequence=0,
        open_intents=0,
        read_age_ms=None,
        runs=(),
        causes=(Cause("not_acting", str(error)),),
    )
