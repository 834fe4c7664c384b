"""A store that is taken back to an older copy of itself, as a restore does it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from axisor.events import (
    RestoreReconciled,
)
from axisor_server.adapters.memory import MemoryStore
from axisor_server.adapters.memory.tables import Table
from axisor_server.domain.backups import EPOCH_STEP, RESTORED, Restored
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import LeaseRecord
from axisor_server.ports import Transaction
from axisor_server.services.replay.player import replay
from tests.support.core import ACCOUNT, STRATEGIES, STREAM, Bench

BACKUP = "0190f5a0-0000-7000-8000-0000000000b1"
AMOUNT = 82_541
WINDOW_S = 30
SLACK_S = 10


class Archive:
    """A copy of a store as it was, which can take the store's place."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._us = to_us(bench.clock.now())
        self._tables = copied(bench.store)

    async def restore(self) -> None:
        """Put the copy in the store's place, marked as a restore marks it."""
        store = MemoryStore(self._bench.database_us)
        for name, rows in self._tables.items():
            held = getattr(store._tables, name)
            (held if name == "journals" else held.rows).update(rows)
        await store.open()
        await store.write(self._mark)
        self._bench.store = store

    def _mark(self, tx: Transaction) -> None:
        lease = tx.lease(ACCOUNT)
        tables = tx._tables  # type: ignore[attr-defined]  # as the restore writes rows of its own
        if lease is not None:
            raised = LeaseRecord(
                account=ACCOUNT, owner="", epoch=lease.epoch + EPOCH_STEP, until_us=0
            )
            tables.leases.put(ACCOUNT, raised)
        for run in tx.runs():
            tables.runs.put(run.id, msgspec.structs.replace(run, step=run.step + EPOCH_STEP))
        restored = Restored(
            backup=BACKUP,
            backup_us=self._us,
            time_us=to_us(self._bench.clock.now()),
            heads={STREAM: tx.head(STREAM).sequence},
        )
        tx.put_meta(RESTORED, msgspec.json.encode(restored).decode())


def copied(store: MemoryStore) -> dict[str, dict[object, object]]:
    """Return every row of a store."""
    tables = store._tables
    found: dict[str, dict[object, object]] = {
        name: dict(table.rows) for name, table in vars(tables).items() if isinstance(table, Table)
    }
    found["journals"] = {stream: list(entries) for stream, entries in tables.journals.items()}
    return found


@pytest.fixture(name="bench")
async def restored_bench() -> AsyncIterator[Bench]:
    """Return a bench; at the end its journal, over the restore, is decided again and compared."""
    bench = Bench()
    await bench.add_account()
    yield bench
    entries = await bench.store.read(lambda r: r.entries(STREAM, after=0, limit=100_000))
    assert replay(entries, STRATEGIES).divergence is None


async def reconciled(bench: Bench) -> RestoreReconciled:
    """Return what was found out after the one restore."""
    (found,) = await bench.payloads(RestoreReconciled)
    return found


async def settle(bench: Bench, seconds: float = WINDOW_S + SLACK_S) -> None:
    """Let time pass until what was sent is dead."""
    for _ in range(int(seconds * 2)):
        await bench.clock.advance(0.5)
