"""Who is served: the accounts this core leads, those it follows, and the markets of both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from axisor.errors import (
    AccountNotFound,
    AxisorError,
    JournalCorrupt,
    LeaseLost,
    ShuttingDown,
    StoreError,
)
from axisor.events import NoticeGiven
from axisor.ports import Venue
from axisor_server.domain.halting import KEY, Halt
from axisor_server.domain.records import AccountRecord, LeaseRecord
from axisor_server.engine.actor import Actor
from axisor_server.engine.allotment import Allotment
from axisor_server.engine.answers import AccountSummary, shut_summary
from axisor_server.engine.core import Core
from axisor_server.engine.doors import Doors
from axisor_server.engine.follower import Follower
from axisor_server.engine.halting import tell_all
from axisor_server.engine.market import Market
from axisor_server.engine.verbs import remove
from axisor_server.engine.world import World
from axisor_server.ports import Reader, Vault

HALTS = "halts"
"""The name of the task that follows the halt of all accounts."""


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
        self._doors = Doors(world, vault=vault, venues=venues)
        self._shut: dict[str, tuple[AccountRecord, AxisorError]] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._leases: Mapping[str, LeaseRecord] = {}
        self._last_words: dict[str, str] = {}
        self._allotment = Allotment(world, self)
        self.markets: dict[tuple[str, str, str], Market] = {}
        self.actors: dict[str, Actor] = {}
        self.followers: dict[str, Follower] = {}
        self.started_at: datetime | None = None
        self.stopping = False

    async def start(self) -> None:
        """Take this core's share of the stored accounts, settle what a crash left open, and begin.

        An account whose venue does not answer, whose key does not open or whose journal is corrupt
        does not act, and `status` says why; the others do. Raises StoreUnavailable.
        """
        self.started_at = self._clock.now()
        platform = self._world.platform
        platform.on_change = self._tell_halt
        await platform.load()
        self._tasks[HALTS] = asyncio.create_task(platform.run())
        await self._allotment.round()
        self._tasks["share"] = asyncio.create_task(self._allotment.run())
        self._tasks["look"] = asyncio.create_task(self._look())
        for actor in list(self.actors.values()):
            await actor.loaded.wait()
        for follower in list(self.followers.values()):
            await follower.loaded.wait()

    async def stop(self, drain_s: float) -> None:
        """Take no new work, let what was sent settle for that long, then give the leases back."""
        self.stopping = True
        await self._cancel("share")
        await self._cancel("look")
        async with asyncio.TaskGroup() as group:
            for actor in self.actors.values():
                group.create_task(actor.drain(drain_s))
        for id in list(self.actors):
            await self._end(id)
        for id in list(self.followers):
            await self._unfollow(id)
        if self._settings.lead and self._settings.shared:
            owner = self._settings.owner
            await self._store.write(lambda tx: tx.leave(owner))
        await self._cancel(HALTS)
        for key, market in self.markets.items():
            await self._cancel(key)
            await market.close()
        self.markets.clear()

    async def _tell_halt(self, halt: Halt) -> None:
        halting = {id: actor.halting for id, actor in self.actors.items()}
        await tell_all(halting, halt, self._clock, self._settings.command_wait_ms / 1000)

    async def tell(self, notice: NoticeGiven, *, only: str = "") -> None:
        """Write a notice into the journal of every account served here, or of one of them."""
        for id, actor in [each for each in self.actors.items() if only in ("", each[0])]:
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

    # What the allotment asks.

    def led(self) -> Sequence[str]:
        """Return the accounts led here."""
        return tuple(self.actors)

    def unfit(self) -> Sequence[str]:
        """Return the accounts that could not be opened here."""
        return tuple(self._shut)

    def calm(self) -> Sequence[str]:
        """Return those that may change hands: they act, nothing is open, no danger is near."""
        return tuple(id for id, actor in self.actors.items() if actor.is_calm())

    async def settle_in(
        self, accounts: Sequence[AccountRecord], leases: Mapping[str, LeaseRecord]
    ) -> None:
        """Follow what is led elsewhere, forget what exists no more, try again what was changed."""
        self._leases = leases
        known = {record.id: record for record in accounts}
        for id, (record, _) in list(self._shut.items()):
            if id not in known or known[id].revision != record.revision:
                del self._shut[id]
        for id in [id for id in self.followers if id not in known]:
            await self._unfollow(id)
        for record in accounts:
            if record.id not in self.actors:
                self._follow(record)

    async def lead(self, account_id: str, epoch: int, *, claimed_ms: int) -> None:
        """Begin to act for an account under a lease just taken; where that fails, say why."""
        record = await self._store.read(lambda reader: reader.account(account_id))
        if record is None:
            return
        try:
            await self._doors.admit(record)
            market = self.market(record.venue, record.network, record.url)
            line, on_tick = await self._doors.line(record)
        except StoreError:
            raise
        except AxisorError as error:
            self._shut[account_id] = (record, error)
            owner = self._settings.owner
            await self._store.write(
                lambda tx: tx.release_lease(account_id, owner=owner, epoch=epoch)
            )
            return
        actor = Actor(
            record,
            line,
            market,
            self._world,
            epoch=epoch,
            claimed_ms=claimed_ms,
            on_tick=on_tick,
        )
        await self._unfollow(account_id)
        self.actors[account_id] = actor
        self._tasks[account_id] = asyncio.create_task(self._live(account_id, actor))

    async def _live(self, account_id: str, actor: Actor) -> None:
        await actor.serve()
        if self.actors.get(account_id) is not actor:
            return  # it was ended from outside, which gives the lease back
        self.actors.pop(account_id)
        self._tasks.pop(account_id, None)
        self._last_words[account_id] = actor.error
        if actor.corrupt:
            self._shut[account_id] = (actor.core.account, JournalCorrupt(actor.error))
        with suppress(StoreError):  # a lease that cannot be given back ends by itself
            await actor.give_back()
        if not self.stopping:
            self._follow(actor.core.account)
            if actor.over:
                self._allotment.hint()

    async def give_up(self, account_id: str) -> None:
        """Stop acting for an account in good order, and let another core take it."""
        actor = self.actors.get(account_id)
        if actor is None:
            return
        await actor.drain(self._settings.command_wait_ms / 1000)
        if self.actors.get(account_id) is actor:
            self._last_words[account_id] = "Another core was to lead it."
            await self._end(account_id)
            self._follow(actor.core.account)
            self._world.hint("engines", 0)

    def _follow(self, record: AccountRecord) -> None:
        if not self._settings.follow or record.id in self.followers:
            return
        try:
            market = self.market(record.venue, record.network, record.url)
        except AxisorError as error:
            self._shut.setdefault(record.id, (record, error))
            return
        follower = Follower(record, market, self._world)
        self.followers[record.id] = follower
        self._tasks[("follow", record.id)] = asyncio.create_task(follower.run())

    async def _unfollow(self, account_id: str) -> None:
        await self._cancel(("follow", account_id))
        self.followers.pop(account_id, None)

    # What use cases ask.

    async def open_account(self, record: AccountRecord) -> None:
        """Have somebody act for an account already stored with its sealed credentials.

        The first opening journals AccountOpened. Raises ModeNotAllowed, VenueNotFound,
        VenueAuth, SettingsInvalid.
        """
        if self.stopping:
            raise ShuttingDown()
        await self._doors.admit(record)
        await self._allotment.round()
        if record.id in self._shut:
            raise self._shut[record.id][1]
        self._world.hint("engines", 0)
        seat = self.actors.get(record.id) or self.followers.get(record.id)
        if seat is not None:
            await seat.loaded.wait()

    async def close_shut(self, account_id: str, *, etag: str) -> bool:
        """Delete an account that could not be opened here; False where it was opened."""
        if account_id not in self._shut or account_id in self._leases:
            return False
        await self._store.write(lambda tx: remove(tx, account_id, etag=etag))
        await self.forget(account_id)
        return True

    async def forget(self, account_id: str) -> None:
        """Serve an account no more that exists no more."""
        self._shut.pop(account_id, None)
        await self._unfollow(account_id)
        if account_id in self.actors:
            await self._end(account_id)

    def is_shut(self, account_id: str) -> bool:
        """Return whether an account could not be opened here, and have that tried again."""
        shut = account_id in self._shut
        if shut:
            self._allotment.hint()
        return shut

    def may_ask(self, account_id: str) -> None:
        """Refuse new work. Raises ShuttingDown, or why the account could not be opened."""
        if self.stopping:
            raise ShuttingDown()
        if account_id in self._shut and account_id not in self._leases:
            raise self._shut[account_id][1]

    def poke(self, account_id: str) -> bool:
        """Have an account's commands looked at; False where this core does not lead it."""
        actor = self.actors.get(account_id)
        if actor is not None:
            actor.commands.poke()
        return actor is not None

    def hear(self, account_id: str) -> None:
        """Learn that another core wrote an account's journal."""
        follower = self.followers.get(account_id)
        if follower is not None:
            follower.hint()
        elif account_id not in self.actors:
            self._allotment.hint()  # perhaps it is new

    def share(self) -> None:
        """Learn that another core came, went, or gave accounts up."""
        self._allotment.hint()

    async def catch_up(self, account_id: str) -> None:
        """Read what was written of an account that is led elsewhere, or is not known here yet."""
        if account_id not in self.actors and account_id not in self.followers:
            await self._allotment.round()
        follower = self.followers.get(account_id)
        if follower is not None:
            await follower.catch_up()

    async def _look(self) -> None:
        """Find what no hint told of: a halt, commands for those led, news of those followed."""
        while self._settings.shared:
            await self._clock.sleep(self._settings.command_poll_ms / 1000)
            try:
                halt, waiting, sequences = await self._store.read(_news)
            except StoreError:
                continue  # the seats say it themselves
            self._world.platform.compare(halt)
            for account_id in waiting:
                self.poke(account_id)
            for account_id, follower in self.followers.items():
                if sequences.get(f"accounts/{account_id}", 0) > follower.core.reached:
                    follower.hint()

    def core(self, account_id: str) -> Core:
        """Return an account as it is known here, led or followed.

        Raises AccountNotFound, or why it could not be opened.
        """
        seat = self.actors.get(account_id) or self.followers.get(account_id)
        if account_id in self._shut and account_id not in self.actors:
            raise self._shut[account_id][1]
        if seat is None:
            raise AccountNotFound(f"There is no account {account_id}.", account=account_id)
        return seat.core

    def cores(self) -> Sequence[Core]:
        """Return every account known here."""
        led = [actor.core for actor in self.actors.values()]
        return (*led, *(follower.core for follower in self.followers.values()))

    def actor(self, account_id: str) -> Actor:
        """Return the actor of an account led here. Raises LeaseLost where another core leads it."""
        actor = self.actors.get(account_id)
        if actor is None:
            self.core(account_id)
            raise LeaseLost("Another core acts for this account.", account=account_id)
        return actor

    def market(self, venue: str, network: str, url: str) -> Market:
        """Return a market, reading it from now on. Raises VenueNotFound."""
        key = (venue, network, url)
        market = self.markets.get(key)
        if market is None:
            market = self.markets[key] = self._doors.market(venue, network, url)
            self._tasks[key] = asyncio.create_task(market.run())
        return market

    def summary(self, account_id: str) -> AccountSummary:
        """Return how one account is doing. Raises AccountNotFound."""
        for found in self.summaries():
            if found.account == account_id:
                return found
        raise AccountNotFound(f"There is no account {account_id}.", account=account_id)

    def summaries(self) -> tuple[AccountSummary, ...]:
        """Return how every account is doing, those that could not be opened last."""
        followed = (
            follower.summary(self._why_not(id), led=self._is_led_elsewhere(id))
            for id, follower in self.followers.items()
            if id not in self._shut
        )
        return (
            *(actor.summary() for actor in self.actors.values()),
            *followed,
            *(shut_summary(record, error) for record, error in self._shut.values()),
        )

    def _is_led_elsewhere(self, account_id: str) -> bool:
        lease = self._leases.get(account_id)
        return lease is not None and lease.owner != self._settings.owner

    def _why_not(self, account_id: str) -> str:
        if self._is_led_elsewhere(account_id):
            return "Another core acts for this account."
        return self._last_words.get(account_id, "No core acts for this account.")


def _news(reader: Reader) -> tuple[str | None, Sequence[str], Mapping[str, int]]:
    return reader.meta(KEY), reader.waiting_accounts(), reader.sequences()
