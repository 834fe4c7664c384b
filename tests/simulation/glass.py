"""What cores do while the database is away from them: their disks, and the judgement of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from axisor.intents import Action, ClosePosition, SetStop
from axisor_server.adapters.memory import MemoryEmergencyLog
from axisor_server.domain.emergency import Deed, Ended, Left, key_of
from axisor_server.domain.intent import decode_action, encode_action

ALLOWED = (SetStop, ClosePosition)


class Done(Struct, frozen=True):
    """A deed of an outage: when, on whose disk, and in which outage of that disk's account."""

    at: float
    disk: str
    outage: int
    deed: Left


class Disks:
    """The emergency log of each replica; a kill leaves it as it is."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.done: list[Done] = []
        self._now = now
        self._logs: dict[str, MemoryEmergencyLog] = {}
        self._outages: Counter[tuple[str, str]] = Counter()

    def door(self, replica: str) -> EmergencyDoor:
        """Return the log of a replica, as one life of it has it."""
        return EmergencyDoor(self, replica, self._logs.setdefault(replica, MemoryEmergencyLog()))

    def wrote(self, replica: str, deed: Left) -> None:
        """Note a deed that is on a disk now, before its request leaves."""
        outage = self._outages[replica, deed.account]
        self.done.append(Done(self._now(), replica, outage, deed))

    def retired(self, replica: str, account: str) -> None:
        """Note that an outage is over and in the journal."""
        self._outages[replica, account] += 1

    def find(self, account: str, action: Action, signed_us: int) -> Left | None:
        """Return the deed that a request belongs to."""
        coded = encode_action(action)
        return next(
            (
                one.deed
                for one in reversed(self.done)
                if (one.deed.account, one.deed.signed_us) == (account, signed_us)
                and bytes(one.deed.action) == coded
            ),
            None,
        )


class EmergencyDoor:
    """The EmergencyLog port of one process; it is inert once the process is dead."""

    def __init__(self, disks: Disks, replica: str, log: MemoryEmergencyLog) -> None:
        self.dead = False
        self._disks = disks
        self._replica = replica
        self._log = log

    def _must_live(self) -> None:
        if self.dead:
            raise asyncio.CancelledError

    async def append(self, deed: Deed) -> None:
        """Write a deed down."""
        self._must_live()
        await self._log.append(deed)
        if isinstance(deed, Left):
            self._disks.wrote(self._replica, deed)
        await asyncio.sleep(0)
        self._must_live()

    async def deeds(self, account: str) -> Sequence[Left | Ended]:
        """Return what an account's journal may not have yet."""
        self._must_live()
        return await self._log.deeds(account)

    async def retire(self, account: str, *, now_us: int) -> None:
        """Put the log away once the journal has it."""
        self._must_live()
        await self._log.retire(account, now_us=now_us)
        self._disks.retired(self._replica, account)


def judge(done: Sequence[Done]) -> Iterator[tuple[str, str]]:
    """Only what may happen twice without harm is done, and each such thing once in an outage."""
    asked: Counter[tuple[object, ...]] = Counter()
    for one in done:
        action = decode_action(bytes(one.deed.action))
        if not isinstance(action, ALLOWED):
            yield "glass", f"{one.deed.id} is a {one.deed.kind}, which no outage excuses"
        asked[one.disk, one.deed.account, one.outage, key_of(action)] += 1
    for key, times in asked.items():
        if times > 1:
            yield "glass", f"{key} was done {times} times in one outage"
