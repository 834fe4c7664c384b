"""Who is served: the actors and markets of one core, opened, closed and admitted by mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    LiveNotReady,
    ModeNotAllowed,
    ShuttingDown,
    StoreError,
    VenueAuth,
    VenueNotFound,
)
from axisor.events import Cause, NoticeGiven
from axisor.model import Mode
from axisor.ports import Venue, VenueAccount
from axisor_server.domain.halting import Halt
from axisor_server.domain.records import AccountRecord
from axisor_server.engine.actor import Actor
from axisor_server.engine.answers import (
    AccountSummary,
)
from axisor_server.engine.market import Market
from axisor_server.engine.paper import PaperAccount
from axisor_server.engine.shadow import ShadowAccount
from axisor_server.engine.waiting import within
from axisor_server.engine.world import World
from axisor_server.ports import Transaction, Vault

HALTS = "halts"
"""The name of the task that follows the halt of all accounts."""

WORLD = "world"
"""The fact about a data directory that says whether its accounts are made up or real."""


log = logging.getLogger(__name__)


class Roster:
    """Everything that runs in one core."""

    def __init__(
        self,
        world: World,
        *,
        vault: Vault,
        venues: Mapping[str, Venue],
    ) -> None:
        self._world = world
        self._store = world.store
        self._clock = world.clock
        self._settings = world.settings
        self._vault = vault
        self._venues = venues
        self._shut: dict[str, tuple[AccountRecord, AxisorError]] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self.markets: dict[tuple[str, str, str], Market] = {}
        self.actors: dict[str, Actor] = {}
        self.started_at: datetime | None = None
        self.stopping = False

    async def start(self) -> None:
        """Claim every stored account, settle what a crash left open, then start its runs.

        An account whose venue does not answer, whose key does not open or whose journal is corrupt
        does not act, and `status` says why; the others do. Raises StoreUnavailable.
        """
        self.started_at = self._clock.now()
        platform = self._world.platform
        platform.on_change = self._tell_halt
        await platform.load()
        self._tasks[HALTS] = asyncio.create_task(platform.run())
        records = await self._store.read(lambda reader: reader.accounts())
        for record in records:
            try:
                await self._admit(record)
                await self._open(record)
            except StoreError:
                raise
            except AxisorError as error:
                self._shut[record.id] = (record, error)
        for actor in list(self.actors.values()):
            await actor.loaded.wait()

    async def stop(self, drain_s: float) -> None:
        """Take no new work, let what was sent settle for that long, then give the leases back."""
        self.stopping = True
        async with asyncio.TaskGroup() as group:
            for actor in self.actors.values():
                group.create_task(actor.drain(drain_s))
        for id in list(self.actors):
            await self._end(id)
        await self._cancel(HALTS)
        for key, market in self.markets.items():
            await self._cancel(key)
            await market.close()
        self.markets.clear()

    async def _tell_halt(self, halt: Halt) -> None:
        """Have every account obey the halt of all; one that cannot yet does so when it is taken."""
        limit_s = self._settings.command_wait_ms / 1000
        actors = list(self.actors.items())
        answers = await asyncio.gather(
            *(within(self._clock, limit_s, actor.halting.tell(halt)) for _, actor in actors),
            return_exceptions=True,
        )
        for (id, _), answer in zip(actors, answers, strict=True):
            if isinstance(answer, BaseException):
                log.warning("account %s has not journaled the halt: %s", id, answer)

    async def tell(self, notice: NoticeGiven) -> None:
        """Write a notice into the journal of every account that is served here."""
        for id, actor in list(self.actors.items()):
            try:
                await actor.say(notice)
            except AxisorError as error:
                log.warning("account %s has not been told %s: %s", id, notice.code, error)

    async def abandon(self) -> None:
        """Stop at once as a crash would: nothing is settled, written or given back."""
        self.stopping = True
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
        actor = self.actors.pop(account_id)
        await self._cancel(account_id)
        await actor.give_back()

    async def open_account(self, record: AccountRecord) -> None:
        """Begin to act for an account already stored with its sealed credentials.

        The first opening journals AccountOpened. Raises ModeNotAllowed, LiveNotReady,
        VenueNotFound, VenueAuth, SettingsInvalid.
        """
        if self.stopping:
            raise ShuttingDown()
        await self._admit(record)
        await self._open(record)
        actor = self.actors[record.id]
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
        market = self.market(record.venue, record.network, record.url)
        line, on_tick = await self._line(record)
        actor = Actor(record, line, market, self._world, on_tick=on_tick)
        self._shut.pop(record.id, None)
        self.actors[record.id] = actor
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
        if record.id in self._shut:
            await self._admit(record)
            await self._open(record)
            await self.actors[record.id].loaded.wait()
        actor = self.actor(record.id)
        await actor.verbs.account_updated(record, credentials_replaced=credentials_replaced)
        if credentials_replaced or record.url != actor.core.account.url:
            await actor.drain(self._settings.command_wait_ms / 1000)
            await self._end(record.id)
            await self._open(record)
            await self.actors[record.id].loaded.wait()
        else:
            actor.core.account = record
            actor.core.desk.account = record

    async def close_account(self, account_id: str) -> None:
        """Stop acting for an account and journal that. Raises AccountInUse, AccountNotFound."""
        if self._shut.pop(account_id, None) is not None:
            return  # it was never served here, so that there is nothing to stop
        actor = self.actor(account_id)
        await actor.verbs.account_closed()
        await self._end(account_id)

    def actor(self, account_id: str) -> Actor:
        """Return an account's actor. Raises AccountNotFound, or why it could not be opened."""
        actor = self.actors.get(account_id)
        if actor is None and account_id in self._shut:
            raise self._shut[account_id][1]
        if actor is None:
            raise AccountNotFound(f"There is no account {account_id}.", account=account_id)
        return actor

    def _venue(self, name: str) -> Venue:
        venue = self._venues.get(name)
        if venue is None:
            raise VenueNotFound(f"No enabled plugin offers the venue {name}.", venue=name)
        return venue

    def market(self, venue: str, network: str, url: str) -> Market:
        """Return a market, reading it from now on. Raises VenueNotFound."""
        key = (venue, network, url)
        market = self.markets.get(key)
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
            self.markets[key] = market
            self._tasks[key] = asyncio.create_task(market.run())
        return market

    def summaries(self) -> tuple[AccountSummary, ...]:
        """Return how every account is doing, those that could not be opened last."""
        return (
            *(actor.summary() for actor in self.actors.values()),
            *(_shut(record, error) for record, error in self._shut.values()),
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
        causes=(Cause("not_acting", str(error)),),
    )
