"""What only PostgreSQL does: several writers at once, broken connections, locked rows."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from tests.support import records
from tests.support.postgres import DatabaseClock, clocked_dsn
from tests.support.records import appending, entries, notice

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database import postgres_store
from axisor_server.adapters.database.postgres import PostgresDialect
from axisor_server.adapters.database.store import DatabaseStore
from axisor_server.domain.journal import Entry, Head, verify
from axisor_server.ports import Conflict, Store, Transaction


def append(head: Head, new: Sequence[Entry], transaction: Transaction) -> None:
    transaction.append(head, new, epoch=None)


@pytest.mark.postgres
async def test_two_writers_racing_leave_one_gapless_chain(postgres_dsn: str):
    one, two = postgres_store(postgres_dsn), postgres_store(postgres_dsn)
    await asyncio.gather(one.open(), two.open())
    head = Head()
    won = {one: 0, two: 0}

    for number in range(30):
        new = entries(head, notice(f"{number}"))
        unit = partial(append, head, new)
        results = await asyncio.gather(*(s.write(unit) for s in won), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
        for store, result in zip(won, results, strict=True):
            won[store] += not isinstance(result, Conflict)
        head = await one.read(lambda r: r.head("accounts/a"))

    found = await two.read(lambda r: r.entries("accounts/a", after=0, limit=99))
    assert verify(Head(), found) == head
    assert head.sequence == sum(won.values()) == 30
    await asyncio.gather(one.close(), two.close())


@pytest.mark.postgres
async def test_two_claimers_racing_get_one_lease(postgres_dsn: str):
    clock = DatabaseClock()
    dsn = clocked_dsn(postgres_dsn, clock)
    one, two = postgres_store(dsn), postgres_store(dsn)
    await asyncio.gather(one.open(), two.open())

    def claim(owner: str) -> Callable[[Transaction], int | None]:
        return lambda t: t.claim_lease("a", owner=owner, ttl_us=10)

    for number in range(20):
        clock.set(number * 20)
        epochs = await asyncio.gather(one.write(claim("one")), two.write(claim("two")))
        assert set(epochs) == {None, number + 1}
    await asyncio.gather(one.close(), two.close())


@pytest.mark.postgres
async def test_the_server_s_own_clock_ends_leases(postgres_dsn: str):
    store = postgres_store(postgres_dsn)
    await store.open()

    await store.write(lambda t: t.claim_lease("a", owner="one", ttl_us=60_000_000))

    lease = await store.read(lambda r: r.lease("a"))
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert lease is not None
    assert row is not None
    assert 0 < lease.until_us / 1e6 - row[0] <= 60
    assert await store.read(lambda r: r.live_leases()) == (lease,)
    await store.close()


@pytest.mark.postgres
async def test_many_takers_share_accounts_without_taking_one_twice(postgres_dsn: str):
    stores = [postgres_store(postgres_dsn) for _ in range(3)]
    for store in stores:
        await store.open()
    ids = [f"a{number}" for number in range(20)]

    def add(transaction: Transaction) -> None:
        for created, id in enumerate(ids):
            transaction.put_account(records.account(id, created_us=created), revision=None)

    await stores[0].write(add)

    async def take(store: Store, owner: str) -> set[str]:
        mine: set[str] = set()
        while True:
            rest = [id for id in ids if id not in mine]
            got = await store.write(
                lambda t: t.claim_next(rest, owner=owner, ttl_us=60_000_000)  # noqa: B023
            )
            if got is None:
                return mine
            mine.add(got[0])

    found = await asyncio.gather(*(take(s, f"e{n}") for n, s in enumerate(stores)))

    assert sorted(id for mine in found for id in mine) == sorted(ids)
    leases = await stores[0].read(lambda r: r.live_leases())
    assert {lease.account: (lease.owner, lease.epoch) for lease in leases} == {
        id: (f"e{number}", 1) for number, mine in enumerate(found) for id in mine
    }
    for store in stores:
        await store.close()


@pytest.mark.postgres
async def test_who_marks_a_request_sent_keeps_the_lease_from_others_until_then(
    postgres_dsn: str,
):
    clock = DatabaseClock()
    dsn = clocked_dsn(postgres_dsn, clock)
    one, two = postgres_store(dsn), postgres_store(dsn)
    await asyncio.gather(one.open(), two.open())
    epoch = await one.write(lambda t: t.claim_lease("a", owner="one", ttl_us=10))
    assert epoch is not None
    held, order = threading.Event(), list[str]()
    go_on = threading.Event()

    def sending(transaction: Transaction) -> None:
        transaction.hold_lease("a", epoch=epoch)
        held.set()
        assert go_on.wait(20)
        order.append("sent")

    def taking(transaction: Transaction) -> int | None:
        got = transaction.claim_lease("a", owner="two", ttl_us=10)
        order.append("taken")
        return got

    sent = asyncio.ensure_future(one.write(sending))
    await asyncio.to_thread(held.wait, 20)
    clock.set(11)
    taken = asyncio.ensure_future(two.write(taking))
    await wait_for_a_lock(dsn)
    go_on.set()

    await asyncio.gather(sent, taken)

    assert order[0] == "sent"
    assert taken.result() == 2
    await asyncio.gather(one.close(), two.close())


async def wait_for_a_lock(dsn: str) -> None:
    """Wait until a session of the server waits for a row that another has locked."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with asyncio.timeout(60), await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.set_autocommit(True)
        while True:
            row = await (await connection.execute(query)).fetchone()
            if row is not None and row[0]:
                return
            await asyncio.sleep(0.02)


@pytest.mark.postgres
async def test_a_broken_connection_is_opened_again(postgres_dsn: str):
    store = postgres_store(postgres_dsn)
    await store.open()
    await store.write(appending(notice()))
    await store.read(lambda r: r.head("accounts/a"))
    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    head = await store.write(appending(notice()))

    assert head.sequence == 2
    assert await store.read(lambda r: r.head("accounts/a")) == head
    await store.close()


async def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path):
    store = postgres_store(f"host={tmp_path} dbname=none user=none")

    with pytest.raises(StoreUnavailable):
        await store.open()


@pytest.mark.postgres
async def test_a_replica_that_stands_still_in_a_transaction_gives_its_locks_back(
    postgres_dsn: str,
):
    standing, other = postgres_store(postgres_dsn), postgres_store(postgres_dsn)
    await standing.open()
    await other.open()
    locked, released = threading.Event(), threading.Event()

    def stand_still(tx: Transaction) -> None:
        tx.put_meta("lease", "standing")
        assert tx.meta("lease") == "standing"
        locked.set()
        released.wait()

    stopped = asyncio.create_task(standing.write(stand_still))
    await asyncio.to_thread(locked.wait)

    await other.write(lambda tx: tx.put_meta("lease", "other"))
    released.set()
    # It is told to repeat, so that the unit runs again, on what the other has written.
    await stopped

    assert await other.read(lambda reader: reader.meta("lease")) == "standing"
    await standing.close()
    await other.close()


@pytest.mark.postgres
@pytest.mark.parametrize(("stated", "wanted"), [("", "5000"), ("&tcp_user_timeout=700", "700")])
def test_a_network_that_swallows_everything_counts_as_gone_soon(
    postgres_dsn: str, stated: str, wanted: str
):
    connection = PostgresDialect(postgres_dsn + stated).raw()

    parameters = connection.info.get_parameters()

    connection.close()
    assert parameters["tcp_user_timeout"] == wanted
    assert parameters["keepalives_idle"] == "5"


@contextmanager
def stopped(dsn: str) -> Iterator[None]:
    """Stop the server's processes that speak with us, as a host does that hangs."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    pids = [int(pid) for (pid,) in rows]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.postgres
async def test_a_server_process_that_hangs_is_left_and_nothing_is_lost_or_done_twice(
    postgres_dsn: str,
):
    await postgres_store(postgres_dsn).open()
    dialect = PostgresDialect(postgres_dsn, writing_s=0.3, reading_s=0.3)
    store = DatabaseStore(dialect, lambda: None, lambda: None)
    await store.open()
    await store.write(lambda tx: append(Head(), entries(Head(), notice("before")), tx))
    head = await store.read(lambda reader: reader.head("accounts/a"))

    with stopped(postgres_dsn):
        new = entries(head, notice("meanwhile"))
        await store.write(lambda tx: append(head, new, tx))
        found = await store.read(lambda reader: reader.entries("accounts/a", after=0, limit=9))

    assert [entry.sequence for entry in found] == [1, 2]
    assert await store.read(lambda reader: reader.head("accounts/a")) != head
    await store.close()


@pytest.mark.postgres
async def test_a_server_that_hangs_altogether_counts_as_gone(postgres_dsn: str):
    await postgres_store(postgres_dsn).open()
    dialect = PostgresDialect(postgres_dsn, writing_s=0.3, reading_s=0.3)
    store = DatabaseStore(dialect, lambda: None, lambda: None)
    await store.open()
    hung = threading.Event()

    def hang(tx: Transaction) -> None:
        with stopped(postgres_dsn):
            hung.set()
            tx.put_meta("hung", "yes")
            tx.meta("hung")

    with pytest.raises(StoreUnavailable):
        await store.write(hang)
    assert hung.is_set()
    assert await store.read(lambda reader: reader.meta("hung")) is None
    await store.close()
