"""The one door to the engine: what use cases may ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from axisor.events import HaltLevel
from axisor.intents import Action
from axisor.model import Leash, Tick
from axisor.strategy import Strategy, View
from axisor_server.domain.records import AccountRecord, RunRecord
from axisor_server.engine.answers import CommandResult, EngineStatus, Guarding, Preview


class Engine(Protocol):
    """Runs the accounts of one core. Every method raises AxisorError leaves only.

    Made as `Engine(store=, clock=, ids=, vault=, venues=, strategies=, reviewers=, publish=,
    settings=, failpoints=)`; see `axisor_server.engine.settings.EngineSettings`.
    """

    strategies: Mapping[str, type[Strategy[Any, Any]]]

    async def start(self) -> None:
        """Claim every stored account, settle what a crash left open, then start its runs.

        Raises StoreUnavailable or JournalCorrupt; a venue that does not answer only keeps its
        account from acting until it does.
        """
        ...

    async def stop(self, drain_s: float) -> None:
        """Take no new work, let what was sent settle for that long, then give the leases back."""
        ...

    async def open_account(self, record: AccountRecord) -> None:
        """Begin to act for an account already stored with its sealed credentials.

        The first opening journals AccountOpened. Raises ModeNotAllowed, LiveNotReady, VenueNotFound,
        VenueAuth.
        """
        ...

    async def update_account(self, record: AccountRecord, *, credentials_replaced: bool) -> None:
        """Journal another label, address or key of an account, already stored, and use it."""
        ...

    async def close_account(self, account_id: str) -> None:
        """Stop acting for an account and journal that. Raises AccountInUse, AccountNotFound."""
        ...

    async def command(
        self,
        account_id: str,
        action: Action,
        *,
        principal: str,
        request_id: str,
        method: str,
        digest: bytes,
        not_after: datetime | None = None,
        validate_only: bool = False,
        wait_s: float | None = None,
    ) -> CommandResult:
        """Carry out a client's action once per request id, and wait for its outcome.

        The same id and digest give the same answer, or join the one under way. A refusal by review or
        by the venue is raised as its typed error, again on every repeat. When `wait_s` (or the
        setting) passes first, the answer says PLANNED, SENT or UNKNOWN. Raises RequestIdReused,
        RequestExpired, AccountNotFound, LeaseLost, ShuttingDown, and every refusal.
        """
        ...

    async def preview(self, account_id: str, action: Action) -> Preview:
        """Return what an action would change, without asking the venue."""
        ...

    def view(self, account_id: str) -> View:
        """Return the account as its strategies see it now. Raises AccountNotFound."""
        ...

    async def create_run(
        self,
        account_id: str,
        *,
        strategy: str,
        config: bytes,
        leash: Leash,
        label: str,
        principal: str,
        run_id: str | None = None,
    ) -> RunRecord:
        """Store a run in state CREATED. Raises StrategyNotFound, ConfigInvalid, AccountNotFound.

        A `run_id` that exists already with the same contents gives that run.
        """
        ...

    async def run_verb(
        self,
        run_id: str,
        verb: str,
        *,
        principal: str,
        config: bytes | None = None,
        leash: Leash | None = None,
        label: str | None = None,
    ) -> RunRecord:
        """Do `start`, `pause`, `resume`, `stop` or `configure`, and return the run afterwards.

        Raises RunNotFound, RunStateInvalid, ConfigInvalid.
        """
        ...

    def protection(self, run_id: str) -> Guarding:
        """Return a run's live calculations. Raises RunNotFound, NotSupported if it protects nothing."""
        ...

    def protections(self, account_id: str) -> Sequence[Guarding]:
        """Return every running run of an account that protects positions."""
        ...

    async def halt(
        self, account_id: str, level: HaltLevel, *, principal: str, reason: str = ""
    ) -> int:
        """Halt or resume an account; returns the journal's sequence."""
        ...

    async def reconcile(self, account_id: str) -> int:
        """Read the account from the venue now, journal what differs; returns the sequence."""
        ...

    def watch_ticks(self, *, venue: str, network: str, url: str = "") -> AsyncIterator[Tick]:
        """Yield ticks of a market, the latest only: a slow reader skips. Raises VenueNotFound."""
        ...

    def latest_tick(self, *, venue: str, network: str, url: str = "") -> Tick | None:
        """Return the last tick of a market that is being read, or None."""
        ...

    def status(self) -> EngineStatus:
        """Return how every account and feed is doing."""
        ...
