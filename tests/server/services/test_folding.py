"""Folds are kept near the ends of journals, and a start that uses one knows what it would have."""

from __future__ import annotations

import asyncio

import pytest
from tests.support import records
from tests.support.core import ACCOUNT, STRATEGIES, Bench

from axisor.intents import DepositCross
from axisor_server.adapters.memory import MemoryStore, VirtualClock
from axisor_server.domain.journal import to_us
from axisor_server.engine.projecting import KIND, PAGE, Projection, kept, project_all
from axisor_server.engine.recovery import Boot, load
from axisor_server.ports import Reader
from axisor_server.services.folding import LOOK_S, Folds

STREAM = "accounts/a"


async def reached(store: MemoryStore, stream: str = STREAM) -> int:
    return await store.read(lambda view: kept(view, stream).told.sequence)


async def add(store: MemoryStore, count: int, stream: str = STREAM) -> None:
    notices = [records.notice(f"{number}") for number in range(count)]
    await store.write(records.appending(*notices, stream=stream))


@pytest.fixture
async def store():
    found = MemoryStore()
    await found.open()
    yield found
    await found.close()


async def test_a_fold_is_kept_once_its_journal_grew_far_enough(store: MemoryStore) -> None:
    folds = Folds(store, VirtualClock(), entries=10)
    await add(store, 9)
    await folds.look()
    assert await reached(store) == 0

    await add(store, 1)
    await folds.look()
    assert await reached(store) == 10

    await add(store, 9)
    await folds.look()
    assert await reached(store) == 10

    await add(store, 2)
    await folds.look()
    assert await reached(store) == 21


async def test_a_long_journal_is_folded_page_by_page_to_its_end(store: MemoryStore) -> None:
    await add(store, 2 * PAGE + 3)

    await Folds(store, VirtualClock(), entries=10).look()

    assert await reached(store) == 2 * PAGE + 3


async def test_the_journal_of_the_core_has_no_fold(store: MemoryStore) -> None:
    await add(store, 20, "platform")

    await Folds(store, VirtualClock(), entries=10).look()

    assert await store.read(lambda view: view.document(KIND, "platform")) is None


async def test_two_cores_keep_one_fold(store: MemoryStore) -> None:
    one, other = (Folds(store, VirtualClock(), entries=10) for _ in range(2))
    await add(store, 10)

    await asyncio.gather(one.look(), other.look())
    await add(store, 10)
    await other.look()

    assert await reached(store) == 20


async def test_it_is_looked_after_as_long_as_the_core_runs(store: MemoryStore) -> None:
    clock = VirtualClock()
    running = asyncio.create_task(Folds(store, clock, entries=10).run())
    await clock.advance(0)
    await add(store, 10)

    await clock.advance(LOOK_S)

    assert await reached(store) == 10
    running.cancel()


async def test_a_start_from_a_fold_knows_what_one_from_the_beginning_knows() -> None:
    bench = Bench()
    await bench.add_account()
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100", seconds=5)
    folds = Folds(bench.store, bench.clock, entries=5)
    await folds.look()
    await bench.command(engine, DepositCross(amount=1_000))
    await engine.stop(0)

    def booted(view: Reader) -> Boot:
        account = view.account(ACCOUNT)
        assert account is not None
        now_us = to_us(bench.clock.now())
        return load(view, account, strategies=STRATEGIES, now_us=now_us, verify_tail=3)

    stream = f"accounts/{ACCOUNT}"
    told = await bench.store.read(lambda view: kept(view, stream).told)
    whole = await bench.store.read(lambda view: project_all(view, stream, Projection()))
    assert 0 < told.sequence < whole.sequence
    begun = await bench.store.read(booted)
    present = await bench.store.read(lambda view: view.document(KIND, stream))
    assert present is not None
    await bench.store.write(lambda tx: tx.delete_document(KIND, stream))

    assert await bench.store.read(booted) == begun
