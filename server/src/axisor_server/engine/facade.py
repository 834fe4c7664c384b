"""The one door to the engine: what use cases may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    LiveNotReady,
    ModeNotAllowed,
    NotSupported,
    RunNotFound,
    ShuttingDown,
    StoreError,
    StrategyNotFound,
    VenueAuth,
    VenueNotFound,
)
from axisor.events import HaltLevel, IntentState, RunState
from axisor.intents import Action
from axisor.model import Leash, Mode, Tick
from axisor.ports import Clock, Venue, VenueAccount
from axisor.strategy import Strategy, View, decode_config
from axisor_server.domain.intent import position_of
from axisor_server.domain.journal import to_us
from axisor_server.domain.preview import preview
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.engine.actor import Actor
from axisor_server.engine.answers import (
    AccountSummary,
    CommandResult,
    EngineStatus,
    Guarding,
    Preview,
    Publish,
    Reviewer,
)
from axisor_server.engine.desk import protection_of
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.market import Market
from axisor_server.engine.paper import PaperAccount
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.settling import Answer, answer_of, error_of
from axisor_server.engine.shadow import ShadowAccount
from axisor_server.engine.verbs import Request
from axisor_server.engine.waiting import within
from axisor_server.engine.world import World
from axisor_server.ports import Ids, Store, Transaction, Vault

WORLD = "world"
"""The fact about a data directory that says whether its accounts are made up or real."""


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
    ) -> None:
        self.strategies = strategies
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._venues = venues
        self._settings = settings
        self._world = World(
            store=store,
            clock=clock,
            strategies=strategies,
            reviewers=reviewers,
            publish=publish,
            settings=settings,
            failpoints=failpoints or Failpoints(),
            new_id=ids.new,
        )
        self._markets: dict[tuple[str, str, str], Market] = {}
        self._actors: dict[str, Actor] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._started_at: datetime | None = None
        self._stopping = False
        self._shut: dict[str, tuple[AccountRecord, AxisorError]] = {}

    # ---------------------------------------------------------------- life

    async def start(self) -> None:
        """Claim every stored account, settle what a crash left open, then start its runs.

        An account whose venue does not answer, whose key does not open or whose journal is corrupt
        does not act, and `status` says why; the others do. Raises StoreUnavailable.
        """
        self._started_at = self._clock.now()
        records = await self._store.read(lambda reader: reader.accounts())
        for record in records:
            try:
                await self._admit(record)
                await self._open(record)
            except StoreError:
                raise
            except AxisorError as error:
                self._shut[record.id] = (record, error)
        for actor in list(self._actors.values()):
            await actor.loaded.wait()

    async def stop(self, drain_s: float) -> None:
        """Take no new work, let what was sent settle for that long, then give the leases back."""
        self._stopping = True
        async with asyncio.TaskGroup() as group:
            for actor in self._actors.values():
                group.create_task(actor.drain(drain_s))
        for id in list(self._actors):
            await self._end(id)
        for key, market in self._markets.items():
            await self._cancel(key)
            await market.close()
        self._markets.clear()

    async def abandon(self) -> None:
        """Stop at once as a crash would: nothing is settled, written or given back."""
        self._stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _cancel(self, key: object) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _end(self, account_id: str) -> None:
        actor = self._actors.pop(account_id)
        await self._cancel(account_id)
        await actor.give_back()

    # ---------------------------------------------------------------- accounts

    async def open_account(self, record: AccountRecord) -> None:
        """Begin to act for an account already stored with its sealed credentials.

        The first opening journals AccountOpened. Raises ModeNotAllowed, LiveNotReady,
        VenueNotFound, VenueAuth, SettingsInvalid.
        """
        if self._stopping:
            raise ShuttingDown()
        await self._admit(record)
        await self._open(record)
        actor = self._actors[record.id]
        await actor.loaded.wait()

    async def _admit(self, record: AccountRecord) -> None:
        """Check the mode against the core's cap and against the data directory's world."""
        mode = record.mode
        if mode is Mode.LIVE and record.network == "mainnet":
            raise LiveNotReady()
        if mode.rank > self._settings.max_mode.rank:
            raise ModeNotAllowed(
                f"This core allows modes up to {self._settings.max_mode.value}.", mode=mode.value
            )
        world = {Mode.SIM: "sim", Mode.SHADOW: "real", Mode.LIVE: "real"}.get(mode)
        if world is None:
            return

        def unit(tx: Transaction) -> str:
            held = tx.meta(WORLD)
            if held is None:
                tx.put_meta(WORLD, world)
            return held or world

        held = await self._store.write(unit)
        if held != world:
            raise ModeNotAllowed(
                f"This data directory holds {held} accounts; {mode.value} needs another.",
                mode=mode.value,
            )

    async def _open(self, record: AccountRecord) -> None:
        market = self._market(record.venue, record.network, record.url)
        line, on_tick = await self._line(record)
        actor = Actor(record, line, market, self._world, on_tick=on_tick)
        self._shut.pop(record.id, None)
        self._actors[record.id] = actor
        self._tasks[record.id] = asyncio.create_task(actor.serve())

    async def _line(self, record: AccountRecord) -> tuple[VenueAccount, Any]:
        if record.mode is Mode.PAPER:
            paper = await self._paper(record.id)
            return paper, paper.take
        sealed = await self._store.read(lambda reader: reader.sealed(record.id))
        if sealed is None:
            raise VenueAuth(f"The account {record.id} has no key.", account=record.id)
        credentials = self._vault.unseal(sealed, account=record.id, network=record.network)
        line = self._venue(record.venue).account(
            network=record.network,
            url=record.url or None,
            credentials=credentials,
            clock=self._clock,
        )
        return (ShadowAccount(line) if record.mode is Mode.SHADOW else line), None

    async def _paper(self, id: str) -> PaperAccount:
        key = f"paper/{id}"
        saved = await self._store.read(lambda reader: reader.meta(key))

        async def save(snapshot: bytes) -> None:
            await self._store.write(lambda tx: tx.put_meta(key, snapshot.decode()))

        return PaperAccount(
            id,
            balance=self._settings.paper_balance_sats,
            saved=(saved or "").encode(),
            save=save,
        )

    async def update_account(self, record: AccountRecord, *, credentials_replaced: bool) -> None:
        """Journal another label, address or key of an account, already stored, and use it."""
        actor = self._actor(record.id)
        await actor.verbs.account_updated(record, credentials_replaced=credentials_replaced)
        if credentials_replaced or record.url != actor.core.account.url:
            await actor.drain(self._settings.command_wait_ms / 1000)
            await self._end(record.id)
            await self._open(record)
            await self._actors[record.id].loaded.wait()
        else:
            actor.core.account = record
            actor.core.desk.account = record

    async def close_account(self, account_id: str) -> None:
        """Stop acting for an account and journal that. Raises AccountInUse, AccountNotFound."""
        actor = self._actor(account_id)
        await actor.verbs.account_closed()
        await self._end(account_id)

    def _actor(self, account_id: str) -> Actor:
        actor = self._actors.get(account_id)
        if actor is None and account_id in self._shut:
            raise self._shut[account_id][1]
        if actor is None:
            raise AccountNotFound(f"There is no account {account_id}.", account=account_id)
        return actor

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
        actor = self._actor(account_id)
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
        refusal = actor.core.desk.check(actor.core.book, action)
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
        core = self._actor(account_id).core
        return preview(action, core.desk.view(core.book))

    def view(self, account_id: str) -> View:
        """Return the account as its strategies see it now. Raises AccountNotFound."""
        core = self._actor(account_id).core
        return core.desk.view(core.book)

    async def halt(
        self, account_id: str, level: HaltLevel, *, principal: str, reason: str = ""
    ) -> int:
        """Halt or resume an account; returns the journal's sequence.

        RISK refuses what adds risk, ALL everything, FLATTEN also closes and cancels everything.
        """
        actor = self._actor(account_id)
        return await actor.verbs.halt(level, principal=principal, reason=reason)

    async def reconcile(self, account_id: str) -> int:
        """Read the account from the venue now, journal what differs; returns the sequence."""
        return await self._actor(account_id).read_now()

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
        actor = self._actor(account_id)
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
        for actor in self._actors.values():
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
        return Guarding(run_id, protection, core.desk.view(core.book))

    def protections(self, account_id: str) -> Sequence[Guarding]:
        """Return every running run of an account that protects positions."""
        core = self._actor(account_id).core
        view = core.desk.view(core.book)
        found: list[Guarding] = []
        for id, live in core.runs.items():
            if live.record.state is not RunState.RUNNING:
                continue
            protection = protection_of(live)
            if protection is not None:
                found.append(Guarding(id, protection, view))
        return found

    # ---------------------------------------------------------------- markets

    def _venue(self, name: str) -> Venue:
        venue = self._venues.get(name)
        if venue is None:
            raise VenueNotFound(f"No enabled plugin offers the venue {name}.", venue=name)
        return venue

    def _market(self, venue: str, network: str, url: str) -> Market:
        key = (venue, network, url)
        market = self._markets.get(key)
        if market is None:
            feed = self._venue(venue).market(network=network, url=url or None, clock=self._clock)
            market = Market(
                feed,
                venue=venue,
                network=network,
                url=url,
                clock=self._clock,
                settings=self._settings,
            )
            self._markets[key] = market
            self._tasks[key] = asyncio.create_task(market.run())
        return market

    def watch_ticks(self, *, venue: str, network: str, url: str = "") -> AsyncIterator[Tick]:
        """Yield ticks of a market, the latest only: a slow reader skips. Raises VenueNotFound."""
        return self._market(venue, network, url).watch()

    def latest_tick(self, *, venue: str, network: str, url: str = "") -> Tick | None:
        """Return the last tick of a market that is being read, or None."""
        market = self._markets.get((venue, network, url))
        return None if market is None else market.tick

    def status(self) -> EngineStatus:
        """Return how every account and feed is doing."""
        return EngineStatus(
            owner=self._settings.owner,
            max_mode=self._settings.max_mode,
            started_at=self._started_at,
            stopping=self._stopping,
            accounts=(
                *(actor.summary() for actor in self._actors.values()),
                *(_shut(record, error) for record, error in self._shut.values()),
            ),
            feeds=tuple(market.summary() for market in self._markets.values()),
        )


def _shut(record: AccountRecord, error: AxisorError) -> AccountSummary:
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
    )
