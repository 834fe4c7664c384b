"""The one door to the engine: what use cases may ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from axisor.errors import OutcomeUnknown, RunNotFound
from axisor.events import Cause, HaltLevel, NoticeGiven
from axisor.intents import Action
from axisor.model import Leash, Tick
from axisor.ports import Clock, KeyRights, Venue
from axisor.strategy import Strategy, View
from axisor_server.domain.halting import Halt
from axisor_server.domain.records import AccountRecord, RunRecord
from axisor_server.engine import results
from axisor_server.engine.actor import Actor
from axisor_server.engine.answers import (
    CommandResult,
    EngineStatus,
    Guarding,
    Publish,
    Reviewer,
)
from axisor_server.engine.asks import (
    AccountNow,
    Ask,
    Asked,
    AskRights,
    CloseAccount,
    CreateRun,
    HaltAccount,
    Moved,
    MoveRun,
    Reconcile,
    RunNow,
    SettleLetter,
    TakeUpAccount,
    anonymous,
)
from axisor_server.engine.callers import Also, Callers
from axisor_server.engine.editions import ONE_EACH, Editions
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.guards import guarding, guardings, owner_of
from axisor_server.engine.health import Health
from axisor_server.engine.hosts import NOWHERE, RunHost
from axisor_server.engine.letters import Ruled
from axisor_server.engine.platform import Platform
from axisor_server.engine.replies import Answer
from axisor_server.engine.rescues import Rescues
from axisor_server.engine.roster import Roster
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.upgrading import Upgrades
from axisor_server.engine.vitals import Vitals, WatchedStore
from axisor_server.engine.world import Hint, World, no_hint
from axisor_server.ports import EmergencyLog, Ids, Store, Vault


class Engine:
    """Runs the accounts of one core. Every method raises leaves of AxisorError only."""

    def __init__(  # noqa: PLR0913  the composition root names every part
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Vault,
        venues: Mapping[str, Venue],
        strategies: Mapping[str, type[Strategy[Any, Any]]],
        reviewers: Sequence[Reviewer],
        publish: Publish,
        settings: EngineSettings,
        failpoints: Failpoints | None = None,
        emergency: EmergencyLog | None = None,
        hint: Hint = no_hint,
        may_renew: Callable[[], bool] = lambda: True,
        host: RunHost = NOWHERE,
        editions: Editions = ONE_EACH,
    ) -> None:
        self.strategies = strategies
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self.leads = settings.lead
        self.dead_letter_ms = settings.dead_letter_ms
        self.vitals = Vitals(clock)
        store = WatchedStore(store, self.vitals)
        self.platform = Platform(
            store,
            clock,
            mode=settings.max_mode,
            publish=publish,
            every_ms=settings.renew_ms,
        )
        world = World(
            store=store,
            clock=clock,
            strategies=strategies,
            reviewers=reviewers,
            publish=publish,
            settings=settings,
            failpoints=failpoints or Failpoints(),
            new_id=ids.new,
            emergency=emergency,
            answered=self._answered,
            hint=hint,
            platform=self.platform,
            vitals=self.vitals,
            rescues=Rescues(clock, host),
            may_renew=may_renew,
            host=host,
            editions=editions,
        )
        self._store = store
        self._hint = hint
        self._callers = Callers(world, call=self._call)
        self._roster = Roster(world, vault=vault, venues=venues)

    def _answered(self, request_id: str) -> None:
        self._callers.answered(request_id)

    def _call(self, account_id: str) -> None:
        if not self._roster.poke(account_id):
            self._roster.is_shut(account_id)
            self._hint(f"commands/{account_id}", 0)

    def hear(self, stream: str) -> None:
        """Take a hint of another core; losing one costs latency, nothing else."""
        kind, _, id = stream.partition("/")
        if kind == "commands":
            self._roster.poke(id)
        elif kind == "accounts":
            self._roster.hear(id)
            self._callers.look()
        elif kind == "engines":
            self._roster.share()

    async def start(self) -> None:
        """Claim every stored account, settle what a crash left open, then start its runs.

        An account whose venue does not answer, whose key does not open or whose journal is corrupt
        does not act, and `status` says why; the others do. Raises StoreUnavailable.
        """
        await self._roster.start()

    async def stop(self, drain_s: float) -> None:
        """Take no new work, let what was sent settle for that long, then give the leases back."""
        await self._roster.stop(drain_s)

    async def abandon(self) -> None:
        """Stop at once as a crash would: nothing is settled, written or given back."""
        await self._roster.abandon()

    async def open_account(self, record: AccountRecord) -> None:
        """Begin to act for an account already stored with its sealed credentials.

        The first opening journals AccountOpened. Raises ModeNotAllowed, VenueNotFound,
        VenueAuth, SettingsInvalid.
        """
        await self._roster.open_account(record)

    async def take_up_account(
        self, account_id: str, also: Also, ask: TakeUpAccount, *, asked: Asked
    ) -> AccountNow:
        """Have what `also` changes of an account's row journaled and used.

        The next engine that acts for it takes it up. Raises why it still cannot be opened, if so.
        """
        shut = self._roster.is_shut(account_id)
        wait_s = self._settings.shut_wait_ms / 1000 if shut else None
        answer = await self._callers.ask(account_id, ask, asked, also=also, wait_s=wait_s)
        if answer is not None:
            return results.account_of(results.made(answer))
        self._roster.may_ask(account_id)
        return await self._store.read(lambda view: results.account_now(view, account_id))

    async def close_account(
        self, account_id: str, *, etag: str = "", asked: Asked | None = None
    ) -> int:
        """Journal an account's end and delete it; returns the journal's sequence.

        Raises AccountInUse, AccountNotFound, EtagMismatch.
        """
        if await self._roster.close_shut(account_id, etag=etag):
            head = await self._store.read(lambda view: view.head(results.stream_of(account_id)))
            return head.sequence
        answer = await self.ask(account_id, CloseAccount(etag=etag), asked)
        await self._roster.forget(account_id)
        return answer.sequence

    async def command(  # noqa: PLR0913  a request is all of this
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

        The same id and digest give the same answer, or join the one under way. A refusal is raised
        as its typed error, again on every repeat. When `wait_s` (or the setting) passes first, the
        answer says PLANNED, SENT or UNKNOWN. Raises RequestIdReused, RequestExpired, ShuttingDown,
        AccountNotFound, NoEngine.
        """
        if validate_only:
            return results.validated(self._roster.core(account_id), action)
        asked = Asked(
            principal=principal,
            request_id=request_id,
            method=method,
            digest=digest,
            not_after=not_after,
        )
        self._roster.may_ask(account_id)
        answer = await self._callers.ask(account_id, action, asked, wait_s=wait_s)
        if answer is not None:
            made = results.made(answer)
            await self._roster.catch_up(account_id)
            return results.confirmed(self._roster.core(account_id), made, action)
        mode = self._roster.core(account_id).account.mode
        return await self._store.read(
            lambda view: results.under_way(view, account_id, request_id, mode=mode)
        )

    async def ask(
        self, account_id: str, ask: Ask, asked: Asked | None, principal: str = ""
    ) -> Answer:
        """Have something done that is no action, once; raises what it was refused with."""
        self._roster.may_ask(account_id)
        asked = asked or anonymous(ask, principal=principal, request_id=self._ids.new())
        answer = await self._callers.ask(account_id, ask, asked)
        if answer is None:
            raise OutcomeUnknown("It is under way still.", account=account_id)
        return results.made(answer)

    def view(self, account_id: str) -> View:
        """Return the account as its strategies see it now. Raises AccountNotFound."""
        core = self._roster.core(account_id)
        return core.desk.view(core.book)

    def health(self, account_id: str) -> Health:
        """Return what watches an account's standing. Raises AccountNotFound."""
        return self._roster.actor(account_id).health

    def causes(self, account_id: str) -> tuple[Cause, ...]:
        """Return what an account's standing comes from. Raises AccountNotFound."""
        return self._roster.summary(account_id).causes

    async def catch_up(self, account_id: str) -> None:
        """Make sure that what is told of an account holds all that was written until now."""
        await self._roster.catch_up(account_id)

    async def halt(
        self, account_id: str, level: HaltLevel, *, principal: str, reason: str = ""
    ) -> int:
        """Halt or resume an account; returns the journal's sequence.

        RISK refuses what adds risk, ALL everything, FLATTEN also closes and cancels everything.
        """
        ask = HaltAccount(level=level, reason=reason)
        return (await self.ask(account_id, ask, None, principal)).sequence

    async def halt_account(
        self, account_id: str, level: HaltLevel, *, reason: str, asked: Asked
    ) -> AccountNow:
        """Halt or resume an account once per request id, and return it as it was then."""
        ask = HaltAccount(level=level, reason=reason)
        return results.account_of(await self.ask(account_id, ask, asked))

    def demand_halt(self, level: HaltLevel, *, principal: str, reason: str = "") -> None:
        """Halt all accounts here at once; it is written down as soon as the store takes it."""
        self.platform.demand(level, principal=principal, reason=reason)

    async def tell(self, notice: NoticeGiven, *, only: str = "") -> None:
        """Write a notice into the journal of every account served here, or of one of them."""
        await self._roster.tell(notice, only=only)

    async def halt_all(self, level: HaltLevel, *, principal: str, reason: str = "") -> Halt:
        """Halt all accounts and return the halt in force, which may be stricter than asked for.

        Raises StoreUnavailable while it is not on record; in force here it is nevertheless.
        """
        self.platform.demand(level, principal=principal, reason=reason)
        await self.platform.settle()
        return self.platform.halt

    async def resume_all(self, *, principal: str, reason: str = "") -> Halt:
        """End the halt of all accounts; their own halts stay. Raises StoreUnavailable."""
        await self.platform.resume(principal=principal, reason=reason)
        return self.platform.halt

    async def reconcile(self, account_id: str, *, asked: Asked | None = None) -> Moved:
        """Read the account from the venue now, and journal what differs."""
        answer = await self.ask(account_id, Reconcile(), asked)
        return msgspec.json.decode(answer.result, type=Moved)

    async def settle_letter(
        self, account_id: str, ask: SettleLetter, asked: Asked | None, principal: str = ""
    ) -> Ruled:
        """Settle an action of unknown outcome by an operator's word; see `Letters.rule`."""
        return results.ruled(await self.ask(account_id, ask, asked, principal))

    async def rights(self, account_id: str, *, principal: str = "") -> KeyRights:
        """Have whoever leads an account ask its venue what its key may do."""
        answer = await self.ask(account_id, AskRights(), None, principal)
        return msgspec.json.decode(answer.result, type=KeyRights)

    async def change_run(
        self, account_id: str, ask: CreateRun | MoveRun, asked: Asked | None, principal: str = ""
    ) -> RunNow:
        """Create a run, or do a verb with it, once per request id.

        Raises RequestIdReused, NotFound leaves, RunStateInvalid, ConfigInvalid, EtagMismatch.
        """
        if isinstance(ask, CreateRun) and not ask.run:
            ask = msgspec.structs.replace(ask, run=self._ids.new())
        answer = await self.ask(account_id, ask, asked, principal)
        run = msgspec.json.decode(answer.result, type=RunRecord)
        return RunNow(run=run, sequence=answer.sequence)

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
        """Store a run in state CREATED; raises as `change_run` does."""
        run = run_id or self._ids.new()
        ask = CreateRun(run=run, strategy=strategy, config=config, leash=leash, label=label)
        return (await self.change_run(account_id, ask, None, principal)).run

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
        """Do `start`, `pause`, `resume`, `stop` or `configure`, and return the run afterwards."""
        found = await self._store.read(lambda view: view.run(run_id))
        if found is None:
            raise RunNotFound(f"There is no run {run_id}.", run=run_id)
        ask = MoveRun(run=run_id, verb=verb, config=config, leash=leash, label=label)
        return (await self.change_run(found.account, ask, None, principal)).run

    def upgrades(self, account_id: str) -> Upgrades:
        """Return the versions of an account's runs. Raises AccountNotFound."""
        return self._roster.core(account_id).upgrades

    def protection(self, run_id: str) -> Guarding:
        """Return a run's live calculations. Raises RunNotFound, NotSupported without any."""
        return guarding(owner_of(self._roster.cores(), run_id), run_id)

    def protections(self, account_id: str) -> Sequence[Guarding]:
        """Return every running run of an account that protects positions."""
        return guardings(self._roster.core(account_id))

    def watch_ticks(self, *, venue: str, network: str, url: str = "") -> AsyncIterator[Tick]:
        """Yield ticks of a market, the latest only: a slow reader skips. Raises VenueNotFound."""
        return self._roster.market(venue, network, url).watch()

    def latest_tick(self, *, venue: str, network: str, url: str = "") -> Tick | None:
        """Return the last tick of a market that is being read, or None."""
        found = self._roster.markets.get((venue, network, url))
        return None if found is None else found.tick

    def led(self) -> Sequence[Actor]:
        """Return who acts for the accounts that this core leads."""
        return tuple(self._roster.actors.values())

    def status(self) -> EngineStatus:
        """Return how every account and feed is doing."""
        return EngineStatus(
            owner=self._settings.owner,
            max_mode=self._settings.max_mode,
            started_at=self._roster.started_at,
            stopping=self._roster.stopping,
            accounts=self._roster.summaries(),
            feeds=tuple(market.summary() for market in self._roster.markets.values()),
            halt=self.platform.halt,
            halt_durable=self.platform.durable,
        )
