"""What the core's journal says of a change is written with the change, or neither is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.recording import Recording

from axisor.errors import StoreUnavailable
from axisor.identity import AccessGranted, AccessRevoked
from axisor.model import Role
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.journal import Head, decode_payload, verify
from axisor_server.ports import Conflict, Transaction
from axisor_server.services.principals import owner
from axisor_server.services.recording import TRIES, Say

GRANT = AccessGranted(person="people/p", account="accounts/a", role=Role.VIEWER)


class Bench:
    """A recorder with what it stands on."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        self.recorder = Recording(self.store, self.clock)

    async def journal(self) -> list[object]:
        """Return what the journal of the core holds, after checking its chain."""
        entries = await self.store.read(lambda view: view.entries("platform", after=0, limit=100))
        verify(Head(), entries)
        return [decode_payload(entry.payload) for entry in entries]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Open a bench."""
    made = Bench()
    await made.store.open()
    yield made
    await made.store.close()


async def test_a_change_and_its_entry_are_one_unit(bench: Bench) -> None:
    def unit(tx: Transaction, say: Say) -> str:
        tx.put_meta("k", "v")
        say(GRANT)
        return "done"

    assert await bench.recorder.write(unit, by=owner()) == "done"

    assert await bench.store.read(lambda view: view.meta("k")) == "v"
    assert [type(payload) for payload in await bench.journal()] == [AccessGranted]


async def test_an_entry_names_who_did_it(bench: Bench) -> None:
    await bench.recorder.write(lambda tx, say: say(GRANT), by=owner())

    assert [payload.principal for payload in await bench.journal()] == ["owner"]  # type: ignore[attr-defined]


async def test_a_change_that_fails_leaves_no_entry(bench: Bench) -> None:
    def unit(tx: Transaction, say: Say) -> None:
        say(GRANT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bench.recorder.write(unit, by=owner())

    assert await bench.journal() == []
    assert bench.recorder.told == []


async def test_several_entries_of_a_unit_are_chained_and_told_once(bench: Bench) -> None:
    def unit(tx: Transaction, say: Say) -> None:
        say(GRANT)
        say(AccessRevoked(person="people/p", account="accounts/a"))

    await bench.recorder.write(unit, by=owner())
    await bench.recorder.write(lambda tx, say: say(GRANT), by=owner())

    assert len(await bench.journal()) == 3
    assert [entry.sequence for entry in bench.recorder.told] == [1, 2, 3]


async def test_a_unit_runs_again_when_another_core_wrote_first(bench: Bench) -> None:
    tries: list[int] = []

    def unit(tx: Transaction, say: Say) -> int:
        tries.append(1)
        say(GRANT)
        if len(tries) < 3:
            raise Conflict("another core was first")
        return len(tries)

    assert await bench.recorder.write(unit, by=owner()) == 3
    assert len(await bench.journal()) == 1
    assert len(bench.recorder.told) == 1


async def test_a_journal_that_others_write_without_pause_is_given_up(bench: Bench) -> None:
    tries: list[int] = []

    def unit(tx: Transaction, say: Say) -> None:
        tries.append(1)
        raise Conflict("another core was first")

    with pytest.raises(StoreUnavailable):
        await bench.recorder.write(unit, by=owner())

    assert len(tries) == TRIES


async def test_an_entry_within_ones_own_unit_continues_the_chain(bench: Bench) -> None:
    first = await bench.store.write(lambda tx: bench.recorder.append(tx, GRANT, by=owner()))
    bench.recorder.published((first,))

    assert [entry.sequence for entry in bench.recorder.told] == [1]
    assert len(await bench.journal()) == 1
