"""How the core is: its accounts, leases, plugins, venues and settings; and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

from msgspec import Struct

from axisor.errors import AxisorError
from axisor.events import Cause, CoverageState, HaltLevel, RunState, Standing, StandingChanged
from axisor.model import FeedQuality, Mode
from axisor.ports import RateBudget, Venue
from axisor_server.domain.records import AccountRecord, LeaseRecord
from axisor_server.engine.answers import AccountSummary, EngineStatus, FeedSummary
from axisor_server.engine.facade import Engine
from axisor_server.engine.health import last_standing
from axisor_server.ports import Clock, Reader, Store, Transaction
from axisor_server.services.accounts import stream_of
from axisor_server.services.halts import HaltReport, Halts, ReadFile
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.runs import Await, nobody
from axisor_server.services.snapshots import Snapshots

_IDLE = Standing.DEGRADED
"""How an account stands for which nobody acts."""

USUAL_DRAIN = timedelta(seconds=30)


class PluginReport(Struct, frozen=True, kw_only=True):
    """A plugin as an operator sees it; `place` is `core`, `runner`, `remote` or empty."""

    name: str
    version: str
    enabled: bool
    error: str = ""
    strategies: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    faults: int = 0
    place: str = ""


class SettingReport(Struct, frozen=True, kw_only=True):
    """A setting, its value as text, and where the value comes from."""

    name: str
    value: str
    source: str


class AccountReport(Struct, frozen=True, kw_only=True):
    """How one account is."""

    record: AccountRecord
    halt: HaltLevel
    quality: FeedQuality
    price_age_ms: int | None
    read_age_ms: int | None
    positions: int
    protected: int
    running: int
    open_intents: int
    sequence: int
    budget: RateBudget | None
    standing: Standing
    causes: tuple[Cause, ...]


class StatusReport(Struct, frozen=True, kw_only=True):
    """How the whole core is."""

    version: str
    replica: str
    started: datetime | None
    now: datetime
    max_mode: Mode
    draining: bool
    accounts: tuple[AccountReport, ...]
    leases: tuple[LeaseRecord, ...]
    plugins: tuple[PluginReport, ...]
    halt: HaltReport


async def no_file() -> str | None:
    """Return that there is no file HALT: a core without a data directory."""
    return None


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the core was started with: its venues, plugins and settings, and how to stop it."""

    venues: Mapping[str, Venue]
    plugins: Callable[[], Sequence[PluginReport]]
    settings: Sequence[SettingReport]
    stop: Callable[[timedelta, str], None]
    read_halt_file: ReadFile = no_file
    offered: Await = nobody


class Stopping(Struct, frozen=True, kw_only=True):
    """How many intents a stop waits for."""

    open_intents: int


class Status:
    """Tells how the core is."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        snapshots: Snapshots,
        clock: Clock,
        once: Once,
        halts: Halts,
        around: Surroundings,
    ) -> None:
        self._engine = engine
        self._halts = halts
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._once = once
        self._stop = around.stop
        self.venues = around.venues
        self.plugins = around.plugins
        self.settings = around.settings

    async def report(self, caller: Principal) -> StatusReport:
        """Return how everything is that a caller sees, asking no venue."""
        engine = self._engine.status()

        def unit(
            view: Reader,
        ) -> tuple[Sequence[AccountRecord], dict[str, int], Sequence[LeaseRecord]]:
            accounts = [record for record in view.accounts() if caller.sees(record.id)]
            heads = {record.id: view.head(stream_of(record.id)).sequence for record in accounts}
            return accounts, heads, view.live_leases()

        accounts, heads, every = await self._store.read(unit)
        leases = [lease for lease in every if caller.sees(lease.account)]
        summaries = {summary.account: summary for summary in engine.accounts}
        elsewhere = await self._standings(others(engine, leases))
        return StatusReport(
            version=version("axisor-server"),
            replica=engine.owner,
            started=engine.started_at,
            now=self._clock.now(),
            max_mode=engine.max_mode,
            draining=engine.stopping,
            accounts=tuple(
                self._account(
                    record,
                    summaries.get(record.id),
                    heads[record.id],
                    engine,
                    told=elsewhere.get(record.id),
                )
                for record in accounts
            ),
            leases=tuple(leases),
            plugins=tuple(self.plugins()),
            halt=self._halts.report(),
        )

    async def _standings(self, ids: Collection[str]) -> Mapping[str, StandingChanged]:
        """Return how accounts of other cores stand, by what those wrote last."""
        if not ids:
            return {}
        return await self._store.read(
            lambda view: {id: last_standing(view, stream_of(id)) for id in ids}
        )

    async def shut_down(self, drain: timedelta | None, reason: str, request: Request) -> Stopping:
        """Begin to stop the core; the answer leaves before it is gone."""
        asked: list[Stopping] = []

        def unit(tx: Transaction, say: Say) -> Stopping:
            waiting = sum(each.open_intents for each in self._engine.status().accounts)
            say(request.made)
            asked[:] = [Stopping(open_intents=waiting)]
            return asked[0]

        answer = await self._once.record(request, Stopping, unit)
        if asked:  # a repeat stops nothing
            self._stop(USUAL_DRAIN if drain is None else drain, reason)
        return answer

    def _account(
        self,
        record: AccountRecord,
        summary: AccountSummary | None,
        sequence: int,
        engine: EngineStatus,
        *,
        told: StandingChanged | None,
    ) -> AccountReport:
        feed = _feed_of(record, engine.feeds)
        positions, protected = self._counts(summary) if summary else (0, 0)
        runs = summary.runs if summary else ()
        return AccountReport(
            record=record,
            halt=summary.halt if summary else record.halt,
            quality=feed.quality if feed else FeedQuality.NONE,
            price_age_ms=feed.age_ms if feed else None,
            read_age_ms=summary.read_age_ms if summary else None,
            positions=positions,
            protected=protected,
            running=sum(state is RunState.RUNNING for _, state in runs),
            open_intents=summary.open_intents if summary else 0,
            sequence=sequence,
            budget=summary.budget if summary else None,
            standing=told.standing if told else summary.standing if summary else _IDLE,
            causes=told.causes if told else summary.causes if summary else (),
        )

    def _counts(self, summary: AccountSummary) -> tuple[int, int]:
        """Return how many positions an account has, and how many of them a guard protects now."""
        try:
            covers = self._snapshots.coverages(summary.account)
            positions = self._snapshots.positions(summary.account)
        except AxisorError:  # it could not be opened here; its causes say why
            return summary.positions, summary.protected
        return len(positions), sum(each.state is CoverageState.PROTECTED for each in covers)


def others(engine: EngineStatus, leases: Sequence[LeaseRecord]) -> frozenset[str]:
    """Return the accounts for which another core acts, by the leases that have not ended."""
    here = {summary.account for summary in engine.accounts if summary.acting}
    return frozenset(
        lease.account
        for lease in leases
        if lease.account not in here and lease.owner != engine.owner
    )


def _feed_of(record: AccountRecord, feeds: Sequence[FeedSummary]) -> FeedSummary | None:
    wanted = (record.venue, record.network, record.url)
    return next((feed for feed in feeds if (feed.venue, feed.network, feed.url) == wanted), None)
