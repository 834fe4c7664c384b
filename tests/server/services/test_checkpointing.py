"""Checkpoints of real stores: when they are taken, what they say, and who keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.support import records
from tests.support.checkpoints import compare

from axisor.events import NoticeGiven
from axisor_server.adapters.memory import MemoryStore, VirtualClock
from axisor_server.adapters.signing import SigningKey, is_genuine
from axisor_server.domain.checkpoints import Checkpoint, check_signed
from axisor_server.domain.journal import Entry
from axisor_server.domain.merkle import root_of
from axisor_server.ports import Transaction
from axisor_server.services.checkpointing import Checkpoints, Often

STREAM = "accounts/a"
KEY = SigningKey(bytes(range(32)))


class Shelf:
    """Keeps checkpoints, or refuses to while it is full."""

    def __init__(self) -> None:
        self.kept: list[Checkpoint] = []
        self.full = False

    async def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept += checkpoints


class Bench:
    """A store, a clock, a shelf, and what was said to the owner."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        self.shelf = Shelf()
        self.said: list[NoticeGiven] = []
        self.checkpoints = self.taker()

    def taker(self) -> Checkpoints:
        async def tell(notice: NoticeGiven) -> None:
            self.said.append(notice)

        return Checkpoints(
            self.store,
            self.clock,
            KEY,
            keeper=self.shelf,
            tell=tell,
            often=Often(entries=10, every_s=60),
        )

    async def add(self, count: int, stream: str = STREAM) -> None:
        notices = [records.notice(f"{number}") for number in range(count)]
        await self.store.write(records.appending(*notices, stream=stream))

    async def journal(self, stream: str = STREAM) -> Sequence[Entry]:
        return await self.store.read(lambda view: view.entries(stream, after=0, limit=10_000))


@pytest.fixture
async def bench():
    found = Bench()
    await found.store.open()
    yield found
    await found.store.close()


async def test_a_checkpoint_says_what_the_journal_is(bench: Bench):
    await bench.add(10)

    await bench.checkpoints.look()

    (found,) = bench.shelf.kept
    entries = await bench.journal()
    assert (found.stream, found.sequence) == (STREAM, 10)
    assert found.hash == entries[-1].hash
    assert found.root == root_of([entry.hash for entry in entries])
    check_signed(found, lambda key, text, sign: is_genuine(KEY.public, key, text, sign))


async def test_checkpoints_come_by_entries_and_by_time(bench: Bench):
    await bench.add(1)
    await bench.checkpoints.look()  # the first: there was none for longer than a minute
    await bench.add(10)
    await bench.checkpoints.look()
    await bench.add(1)
    await bench.checkpoints.look()
    assert [found.sequence for found in bench.shelf.kept] == [1, 11]

    await bench.clock.advance(60)
    await bench.checkpoints.look()
    await bench.checkpoints.look()

    assert [found.sequence for found in bench.shelf.kept] == [1, 11, 12]


async def test_every_journal_has_its_own(bench: Bench):
    await bench.add(12, "platform")
    await bench.add(11)

    await bench.checkpoints.look()

    assert {(found.stream, found.sequence) for found in bench.shelf.kept} == {
        ("platform", 12),
        (STREAM, 11),
    }


async def test_a_later_checkpoint_continues_the_tree_of_the_one_before(bench: Bench):
    for count in (10, 13, 1_200, 10):
        await bench.add(count)
        await bench.checkpoints.look()

    entries = await bench.journal()
    assert [found.sequence for found in bench.shelf.kept] == [10, 23, 1_223, 1_233]
    assert compare(entries, bench.shelf.kept, stream=STREAM).frontier.size == 1_233


async def test_of_two_cores_one_takes_a_checkpoint(bench: Bench):
    await bench.add(10)
    other = bench.taker()

    await bench.checkpoints.look()
    await other.look()

    assert len(bench.shelf.kept) == 1


async def test_a_broken_journal_is_said_once_and_signed_never(bench: Bench):
    await bench.add(10)

    def unit(tx: Transaction) -> None:
        head = tx.head("platform")
        first, *rest = records.entries(head, *[records.notice()] * 12, stream="platform")
        # A store takes what continues its head; the bytes below a hash are for verifying.
        tx.append(head, [replace(first, payload=b"{}"), *rest], epoch=None)

    await bench.store.write(unit)

    await bench.checkpoints.look()
    await bench.checkpoints.look()

    assert [found.stream for found in bench.shelf.kept] == [STREAM]
    assert [(notice.code, notice.data) for notice in bench.said] == [
        ("journal_corrupt", {"stream": "platform"})
    ]


async def test_what_the_keeper_does_not_take_is_kept_for_it_and_said_once(bench: Bench):
    bench.shelf.full = True
    for count in (10, 10):
        await bench.add(count)
        await bench.checkpoints.look()
    assert [notice.code for notice in bench.said] == ["checkpoints_not_kept"]

    bench.shelf.full = False
    await bench.checkpoints.look()

    assert [found.sequence for found in bench.shelf.kept] == [10, 20]


async def test_a_checkpoint_of_nothing_new_is_none(bench: Bench):
    assert await bench.checkpoints.take(STREAM) is None
    await bench.add(1)
    assert await bench.checkpoints.take(STREAM) is not None
    assert await bench.checkpoints.take(STREAM) is None


async def test_a_checkpoint_that_another_core_takes_meanwhile_is_not_taken_again(bench: Bench):
    await bench.add(10)
    first, second = bench.taker(), bench.taker()

    outcomes = await asyncio.gather(first.take(STREAM), second.take(STREAM), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Checkpoint", "Conflict"]
    await bench.checkpoints.look()
    assert bench.shelf.kept == []  # whoever took it hands it over
