"""A core follows its ring by itself: it wraps anew, says what changed, and nothing stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.recording import Recording
from tests.support.sealed import ACCOUNTS, PEOPLE, SECRETS, Sealed

from axisor.errors import StoreUnavailable
from axisor.identity import VaultKeysChanged
from axisor_server.adapters.memory import MemoryStore, VirtualClock
from axisor_server.adapters.vault import AesVault
from axisor_server.domain.journal import decode_payload
from axisor_server.services.custody import AGAIN_S, LOOK_S, Custody

OLD, NEW = b"o" * 32, b"n" * 32
ROWS = len(ACCOUNTS) + len(PEOPLE) + len(SECRETS) + 1


class Turning(AesVault):
    """A vault whose ring changes when it is looked at next."""

    __slots__ = ("coming",)

    def __init__(self, *keys: bytes) -> None:
        super().__init__(*keys)
        self.coming: tuple[bytes, ...] = ()

    def refresh(self) -> None:
        """Take up the ring that comes."""
        if self.coming:
            super().__init__(*self.coming)
            self.coming = ()


class Bench:
    """A core's custody over a filled store, in virtual time."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        self.ring = Turning(OLD)
        self.sealed = Sealed(self.store, self.ring, self.clock)
        self.recorder = Recording(self.store, self.clock)
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start a core's custody."""
        custody = Custody(
            store=self.store, ring=self.ring, clock=self.clock, recorder=self.recorder, batch=3
        )
        self.tasks.append(asyncio.create_task(custody.watch()))

    async def needs(self) -> list[int]:
        """Return how many records need each key of the ring."""
        found = await Custody(store=self.store, ring=self.ring, clock=self.clock).reports()
        return [each.records for each in found]

    async def told(self) -> list[object]:
        """Return what the core's journal says."""
        entries = await self.store.read(lambda view: view.entries("platform", after=0, limit=100))
        return [decode_payload(entry.payload) for entry in entries]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Open a bench and end its tasks."""
    made = Bench()
    await made.store.open()
    await made.sealed.fill(made.ring)
    made.start()
    await made.clock.advance(LOOK_S)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)
    await made.store.close()


async def test_a_new_key_is_taken_up_wrapped_by_and_told_within_seconds(bench: Bench) -> None:
    bench.ring.coming = (NEW, OLD)

    await bench.clock.advance(2 * LOOK_S)

    assert await bench.needs() == [ROWS, 0]
    await bench.sealed.check(AesVault(NEW))
    seals, opens = (key.id for key in bench.ring.standing())
    assert await bench.told() == [VaultKeysChanged(seals=seals, opens=opens, principal="core")]


async def test_a_ring_that_stays_is_told_once_and_never_at_first(bench: Bench) -> None:
    await bench.clock.advance(5 * LOOK_S)
    assert await bench.told() == []

    bench.ring.coming = (NEW, OLD)
    await bench.clock.advance(5 * LOOK_S)
    bench.start()
    await bench.clock.advance(5 * LOOK_S)

    assert len(await bench.told()) == 1


async def test_a_record_that_another_core_sealed_late_is_wrapped_within_the_hour(
    bench: Bench,
) -> None:
    bench.ring.coming = (NEW, OLD)
    await bench.clock.advance(2 * LOOK_S)
    late = AesVault(OLD).seal(b"late", purpose="exchange key", bound=("account-0", "signet"))
    await bench.store.write(lambda tx: tx.put_sealed("account-0", late))

    await bench.clock.advance(AGAIN_S + LOOK_S)

    assert await bench.needs() == [ROWS, 0]


async def test_a_database_that_is_away_does_not_end_the_watch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(unit: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "write", away)
        bench.ring.coming = (NEW, OLD)
        await bench.clock.advance(3 * LOOK_S)
        assert await bench.needs() == [0, ROWS]

    await bench.clock.advance(2 * LOOK_S)

    assert await bench.needs() == [ROWS, 0]
