"""Which accounts this engine leads: it beats, takes its share of what is free, gives up surplus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from axisor.errors import StoreError
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import AccountRecord, EngineRecord, LeaseRecord
from axisor_server.domain.sharing import Round, plan
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.waiting import Poke
from axisor_server.engine.world import World
from axisor_server.ports import Reader

log = logging.getLogger(__name__)


class Seats(Protocol):
    """The accounts of this core, as their allotment sees them."""

    def led(self) -> Sequence[str]:
        """Return the accounts led here."""
        ...

    def unfit(self) -> Sequence[str]:
        """Return the accounts that could not be opened here."""
        ...

    def calm(self) -> Sequence[str]:
        """Return those led here that may change hands now: nothing open, no danger near."""
        ...

    async def settle_in(
        self, accounts: Sequence[AccountRecord], leases: Mapping[str, LeaseRecord]
    ) -> None:
        """Follow what is led elsewhere, and forget what exists no more."""
        ...

    async def lead(self, account: str, epoch: int, *, claimed_ms: int) -> None:
        """Begin to act for an account under a lease just taken."""
        ...

    async def give_up(self, account: str) -> None:
        """Stop acting for an account in good order, and release its lease."""
        ...


class Allotment:
    """Keeps this engine's accounts to its share, and every account in somebody's hands."""

    def __init__(self, world: World, seats: Seats) -> None:
        self._store = world.store
        self._clock = world.clock
        self._settings: EngineSettings = world.settings
        self._seats = seats
        self._may_renew = world.may_renew
        self._free_since: dict[str, int] = {}
        self._kept: set[str] = set()
        self._given: set[str] = set()
        self._hinted = Poke()
        self._turn = asyncio.Lock()

    def hint(self) -> None:
        """Have a round begin at once."""
        self._hinted.set()

    async def run(self) -> None:
        """Go round and round, until cancelled."""
        while True:
            await self._hinted.wait(self._clock, self._settings.share_ms / 1000)
            try:
                await self.round()
            except StoreError as error:
                log.warning("accounts are not shared at the moment: %s", error.message)

    async def round(self) -> None:
        """Beat, and take or give up what the present shares say. Raises StoreError."""
        async with self._turn:
            accounts, leases, engines = await self._store.read(_read)
            await self._seats.settle_in(accounts, leases)
            if self._settings.lead and self._may_renew():
                found = self._plan([account.id for account in accounts], leases, engines)
                await self._beat(found.room)
                await self._act(found)

    async def _act(self, found: Round) -> None:
        room = found.room
        for account in found.overdue:
            room -= await self._take([account])
        while room > 0 and await self._take(found.free):
            room -= 1
        if not found.surplus:
            return  # who is calm takes a look at every position of every account
        calm = [account for account in self._seats.calm() if account not in self._kept]
        for account in calm[::-1][: found.surplus]:
            self._given.add(account)
            await self._seats.give_up(account)

    def _plan(
        self,
        accounts: Sequence[str],
        leases: Mapping[str, LeaseRecord],
        engines: Sequence[EngineRecord],
    ) -> Round:
        owner, mine = self._settings.owner, set(self._seats.led())
        elsewhere = {a for a, lease in leases.items() if lease.owner != owner}
        return plan(
            accounts,
            mine=mine,
            others=elsewhere,
            unfit=set(self._seats.unfit()),
            overdue=self._overdue([a for a in accounts if a not in mine and a not in elsewhere]),
            engines=[engine for engine in engines if engine.owner != owner],
        )

    async def _beat(self, room: int) -> None:
        settings, now_us = self._settings, to_us(self._clock.now())
        if not settings.shared:
            return
        ttl_us = settings.lease_ms * 1_000
        await self._store.write(
            lambda tx: tx.beat(settings.owner, ttl_us=ttl_us, room=room, now_us=now_us)
        )

    def _overdue(self, free: Sequence[str]) -> set[str]:
        """Return what has been free for so long that somebody must take it, share or not."""
        now_ms, limit_ms = self._clock.monotonic_ms(), 2 * self._settings.renew_ms
        self._free_since = {a: self._free_since.get(a, now_ms) for a in free}
        return {a for a, since in self._free_since.items() if now_ms - since >= limit_ms}

    async def _take(self, candidates: Sequence[str]) -> bool:
        settings, mine = self._settings, set(self._seats.led()) | set(self._seats.unfit())
        wanted = [account for account in candidates if account not in mine]
        if not wanted:
            return False
        claimed_ms = self._clock.monotonic_ms()
        got = await self._store.write(
            lambda tx: tx.claim_next(wanted, owner=settings.owner, ttl_us=settings.lease_ms * 1_000)
        )
        if got is None:
            return False
        account, epoch = got
        if account in self._given:
            self._kept.add(account)  # nobody else wanted it: giving it again would only hurt it
        await self._seats.lead(account, epoch, claimed_ms=claimed_ms)
        return True


def _read(
    reader: Reader,
) -> tuple[Sequence[AccountRecord], Mapping[str, LeaseRecord], Sequence[EngineRecord]]:
    leases = {lease.account: lease for lease in reader.live_leases()}
    return reader.accounts(), leases, reader.live_engines()
