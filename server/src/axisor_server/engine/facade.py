"""The one door to the engine: what use cases may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from axisor.errors import (
    NotSupported,
    RunNotFound,
    StrategyNotFound,
)
from axisor.events import Cause, HaltLevel, IntentState, NoticeGiven, RunState
from axisor.intents import Action
from axisor.model import Leash, Tick
from axisor.ports import Clock, Venue
from axisor.strategy import Strategy, View, decode_config
from axisor_server.domain.halting import Halt
from axisor_server.domain.intent import position_of
from axisor_server.domain.journal import to_us
from axisor_server.domain.preview import preview
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.domain.standing import blindness
from axisor_server.engine.actor import Actor
from axisor_server.engine.answers import (
    CommandResult,
    EngineStatus,
    Guarding,
    Preview,
    Publish,
    Reviewer,
)
from axisor_server.engine.coverage import protection_of
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.health import Health
from axisor_server.engine.platform import Platform
from axisor_server.engine.roster import Roster
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.settling import Answer, answer_of, error_of
from axisor_server.engine.verbs import Request
from axisor_server.engine.vitals import Vitals, WatchedStore
from axisor_server.engine.waiting import within
from axisor_server.engine.world import World
from axisor_server.ports import Ids, Store, Vault


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
        may_renew: Callable[[], bool] = lambda: True,
    ) -> None:
        self.strategies = strategies
        self._clock = clock
        self._ids = ids
        self._settings = settings
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
            platform=self.platform,
            vitals=self.vitals,
            may_renew=may_renew,
        )
        self._roster = Roster(world, vault=vault, venues=venues)

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

        The first opening journals AccountOpened. Raises ModeNotAllowed, LiveNotReady,
        VenueNotFound, VenueAuth, SettingsInvalid.
        """
        await self._roster.open_account(record)

    async def update_account(self, record: AccountRecord, *, credentials_replaced: bool) -> None:
        """Journal another label, address or key of an account, already stored, and use it."""
        await self._roster.update_account(record, credentials_replaced=credentials_replaced)

    async def close_account(self, account_id: str) -> None:
        """Stop acting for an account and journal that. Raises AccountInUse, AccountNotFound."""
        await self._roster.close_account(account_id)

    # ---------------------------------------------------------------- actions

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

        The same id and digest give the same answer, or join the one under way. A refusal by review
        or by the venue is raised as its typed error, again on every repeat. When `wait_s` (or the
        setting) passes first, the answer says PLANNED, SENT or UNKNOWN. Raises RequestIdReused,
        RequestExpired, AccountNotFound, LeaseLost, ShuttingDown, and every refusal.
        """
        actor = self._roster.actor(account_id)
        if validate_only:
            return self._validated(actor, action)
        request = Request(
            action=action,
            principal=principal,
            request_id=request_id,
            method=method,
            digest=digest,
            not_after=not_after,
        )
        pending = await actor.verbs.command(request)
        if isinstance(pending, Answer):
            return self._result(actor, pending, action)
        wait = self._settings.command_wait_ms / 1000 if wait_s is None else wait_s
        try:
            record = await within(self._clock, wait, asyncio.shield(pending))
        except asyncio.CancelledError:
            if not pending.cancelled():
                raise
            record = None  # the account went to another core meanwhile; its journal knows
        if record is not None:
            return self._result(actor, answer_of(record), action)
        held: IntentRecord | None = actor.core.book.open.get(request_id)
        state = IntentState.UNKNOWN if held is None else held.state
        return CommandResult(
            intent=request_id,
            state=state,
            sequence=actor.core.sequence,
            mode=actor.core.account.mode,
        )

    def _validated(self, actor: Actor, action: Action) -> CommandResult:
        refusal = actor.core.desk.check(actor.core.draft().book, action)
        if refusal is not None:
            raise refusal
        return CommandResult(
            intent="",
            state=IntentState.PLANNED,
            sequence=actor.core.sequence,
            mode=actor.core.account.mode,
            preview=preview(action, actor.core.desk.view(actor.core.book)),
        )

    def _result(self, actor: Actor, answer: Answer, action: Action) -> CommandResult:
        error = error_of(answer)
        if error is not None:
            raise error
        state = actor.core.book.state
        id = position_of(action) or answer.venue_id
        position = None if state is None else state.position(id)
        orders = () if state is None else state.orders
        order = next((o for o in orders if o.id == answer.venue_id), None)
        return CommandResult(
            intent=answer.intent,
            state=answer.state,
            venue_id=answer.venue_id,
            sequence=actor.core.sequence,
            mode=actor.core.account.mode,
            position=position,
            order=order,
        )

    async def preview(self, account_id: str, action: Action) -> Preview:
        """Return what an action would change, without asking the venue."""
        core = self._roster.actor(account_id).core
        return preview(action, core.desk.view(core.book))

    def view(self, account_id: str) -> View:
        """Return the account as its strategies see it now. Raises AccountNotFound."""
        core = self._roster.actor(account_id).core
        return core.desk.view(core.book)

    def health(self, account_id: str) -> Health:
        """Return what watches an account's standing. Raises AccountNotFound."""
        return self._roster.actor(account_id).health

    def causes(self, account_id: str) -> tuple[Cause, ...]:
        """Return what an account's standing comes from. Raises AccountNotFound."""
        return self._roster.actor(account_id).summary().causes

    async def halt(
        self, account_id: str, level: HaltLevel, *, principal: str, reason: str = ""
    ) -> int:
        """Halt or resume an account; returns the journal's sequence.

        RISK refuses what adds risk, ALL everything, FLATTEN also closes and cancels everything.
        """
        actor = self._roster.actor(account_id)
        return await actor.halting.halt(level, principal=principal, reason=reason)

    def demand_halt(self, level: HaltLevel, *, principal: str, reason: str = "") -> None:
        """Halt all accounts here at once; it is written down as soon as the store takes it."""
        self.platform.demand(level, principal=principal, reason=reason)

    async def tell(self, notice: NoticeGiven) -> None:
        """Write a notice into the journal of every account that is served here."""
        await self._roster.tell(notice)

    def look_at_halt(self) -> None:
        """Read soon whether another core halted all accounts."""
        self.platform.look()

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

    async def reconcile(self, account_id: str) -> int:
        """Read the account from the venue now, journal what differs; returns the sequence."""
        return await self._roster.actor(account_id).read_now()

    # ---------------------------------------------------------------- runs

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
        """Store a run in state CREATED.

        A `run_id` that exists already with the same contents gives that run, with others raises
        RequestIdReused. Raises StrategyNotFound, ConfigInvalid, AccountNotFound.
        """
        actor = self._roster.actor(account_id)
        found = self.strategies.get(strategy)
        if found is None:
            raise StrategyNotFound(
                f"No enabled plugin offers the strategy {strategy}.", strategy=strategy
            )
        decode_config(found, config)
        now_us = to_us(self._clock.now())
        record = RunRecord(
            id=run_id or self._ids.new(),
            account=account_id,
            strategy=strategy,
            label=label,
            config=config or b"{}",
            leash=msgspec.json.encode(leash),
            state=RunState.CREATED,
            created_us=now_us,
            updated_us=now_us,
        )
        return await actor.verbs.create_run(record)

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
        actor = self._owner(run_id)
        return await actor.verbs.run_verb(run_id, verb, config=config, leash=leash, label=label)

    def _owner(self, run_id: str) -> Actor:
        for actor in self._roster.actors.values():
            if run_id in actor.core.runs:
                return actor
        raise RunNotFound(f"There is no run {run_id}.", run=run_id)

    def protection(self, run_id: str) -> Guarding:
        """Return a run's live calculations.

        Raises RunNotFound, NotSupported if it protects nothing.
        """
        core = self._owner(run_id).core
        protection = protection_of(core.runs[run_id])
        if protection is None:
            raise NotSupported(f"The run {run_id} protects no positions.", run=run_id)
        return Guarding(run_id, protection, core.desk.view(core.book), blindness(core.causes()))

    def protections(self, account_id: str) -> Sequence[Guarding]:
        """Return every running run of an account that protects positions."""
        core = self._roster.actor(account_id).core
        view = core.desk.view(core.book)
        found: list[Guarding] = []
        for id, live in core.runs.items():
            if live.record.state is not RunState.RUNNING:
                continue
            protection = protection_of(live)
            if protection is not None:
                found.append(Guarding(id, protection, view, blindness(core.causes())))
        return found

    # ---------------------------------------------------------------- markets

    def watch_ticks(self, *, venue: str, network: str, url: str = "") -> AsyncIterator[Tick]:
        """Yield ticks of a market, the latest only: a slow reader skips. Raises VenueNotFound."""
        return self._roster.market(venue, network, url).watch()

    def latest_tick(self, *, venue: str, network: str, url: str = "") -> Tick | None:
        """Return the last tick of a market that is being read, or None."""
        market = self._roster.markets.get((venue, network, url))
        return None if market is None else market.tick

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
