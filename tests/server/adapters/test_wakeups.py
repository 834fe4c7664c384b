"""Hints between replicas, in memory and over Redis; and the clocks and ids beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from redis.asyncio import Redis
from tests.support.redis import RedisServer

from axisor_server.adapters.memory import MemoryWakeups, SeededIds, VirtualClock
from axisor_server.adapters.memory.clock import START
from axisor_server.adapters.notify import PostgresWakeups
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.adapters.wakeups import RedisWakeups, decode, encode
from axisor_server.ports import Wakeups

KINDS = [
    "memory",
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=KINDS)
async def wakeups(request: pytest.FixtureRequest) -> AsyncIterator[Wakeups]:
    made: Wakeups
    if request.param == "memory":
        made = MemoryWakeups()
    elif request.param == "postgres":
        made = PostgresWakeups(request.getfixturevalue("postgres_dsn"), SystemClock())
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        made = RedisWakeups(server.url, SystemClock())
    yield made
    await made.close()


async def heard(wakeups: Wakeups, listener: AsyncIterator[tuple[str, int]], sequence: int) -> None:
    """Publish until the hint arrives: one lost before the subscription stands is allowed."""
    async with asyncio.timeout(60):
        fetch = asyncio.ensure_future(anext(listener))
        while not fetch.done():
            await wakeups.publish("accounts/a", sequence)
            await asyncio.wait([fetch], timeout=0.05)
        assert fetch.result() == ("accounts/a", sequence)


async def test_every_listener_hears_a_hint(wakeups: Wakeups):
    listeners = [wakeups.listen(), wakeups.listen()]

    for listener in listeners:
        await heard(wakeups, listener, 7)


async def test_closing_ends_the_listeners(wakeups: Wakeups):
    listener = wakeups.listen()

    await wakeups.close()

    async with asyncio.timeout(60):
        assert [hint async for hint in listener] == []
        assert [hint async for hint in wakeups.listen()] == []


async def test_hints_of_one_journal_are_merged():
    wakeups = MemoryWakeups()
    listener = wakeups.listen()
    for sequence in (3, 9, 5):
        await wakeups.publish("accounts/a", sequence)
    await wakeups.publish("accounts/b", 1)
    await wakeups.close()

    assert [hint async for hint in listener] == [("accounts/a", 9), ("accounts/b", 1)]


@pytest.mark.redis
async def test_losing_redis_raises_nowhere_and_hints_come_back(redis_server: RedisServer):
    wakeups = RedisWakeups(redis_server.url, SystemClock())
    listener = wakeups.listen()
    await heard(wakeups, listener, 1)

    redis_server.stop()
    for sequence in range(2, 5):
        await wakeups.publish("accounts/a", sequence)
    redis_server.start()

    await heard(wakeups, listener, 9)
    await wakeups.close()


@pytest.mark.redis
async def test_a_flushed_redis_carries_hints_on(redis_server: RedisServer):
    wakeups = RedisWakeups(redis_server.url, SystemClock())
    listener = wakeups.listen()
    await heard(wakeups, listener, 1)

    async with Redis.from_url(redis_server.url) as other:
        await other.flushall()

    await heard(wakeups, listener, 2)
    await wakeups.close()


@pytest.mark.postgres
async def test_a_broken_line_to_the_database_raises_nowhere_and_hints_come_back(
    postgres_dsn: str,
):
    wakeups = PostgresWakeups(postgres_dsn, SystemClock())
    listener = wakeups.listen()
    await heard(wakeups, listener, 1)

    with psycopg.connect(postgres_dsn, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    await wakeups.publish("accounts/a", 2)

    await heard(wakeups, listener, 9)
    await wakeups.close()


async def test_a_database_that_never_was_raises_nowhere(tmp_path):
    wakeups = PostgresWakeups(f"host={tmp_path} dbname=none user=none", SystemClock())

    await wakeups.publish("accounts/a", 1)
    wakeups.listen()

    await wakeups.close()


async def test_a_redis_that_never_was_raises_nowhere(tmp_path):
    wakeups = RedisWakeups(f"unix://{tmp_path}/none", SystemClock())

    await wakeups.publish("accounts/a", 1)
    wakeups.listen()

    await wakeups.close()


@pytest.mark.parametrize("message", [None, b"", b"7", b"x accounts/a", b"-1 a", b"9" * 30 + b" a"])
def test_what_is_no_hint_is_ignored(message: bytes | None):
    assert decode(message) is None
    assert decode(encode("accounts/a", 7)) == ("accounts/a", 7)


# ---------------------------------------------------------------- clocks and ids


async def test_sleepers_wake_in_order_at_their_own_time():
    clock = VirtualClock()
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, *waits: float) -> None:
        for wait in waits:
            await clock.sleep(wait)
            woken.append((name, clock.monotonic_ms()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("a", 2, 1))
        group.create_task(sleeper("b", 1, 1))
        group.create_task(sleeper("c", 2))
        await clock.advance(5)

    assert woken == [("b", 1000), ("a", 2000), ("c", 2000), ("b", 2000), ("a", 3000)]
    assert clock.now() == START + timedelta(seconds=5)


async def test_stepping_the_wall_leaves_monotonic_time_alone():
    clock = VirtualClock()
    await clock.advance(3)

    clock.set(START - timedelta(hours=1))

    assert clock.monotonic_ms() == 3000
    assert clock.now() == START - timedelta(hours=1)


async def test_ids_rise_even_when_the_clock_goes_back():
    clock = VirtualClock()
    ids = SeededIds(clock, seed=21)
    made = [ids.new() for _ in range(200)]
    clock.set(START - timedelta(days=1))
    made += [ids.new() for _ in range(200)]
    clock.set(START + timedelta(seconds=1))
    made += [ids.new() for _ in range(200)]

    assert made == sorted(set(made))
    assert {(UUID(id).version, UUID(id).variant) for id in made} == {(7, "specified in RFC 4122")}
    assert SeededIds(VirtualClock(), seed=21).new() == made[0]


def test_system_ids_rise_and_tokens_differ():
    ids = SystemIds()

    made = [ids.new() for _ in range(1000)]

    assert made == sorted(set(made))
    assert len({ids.token() for _ in range(10)}) == 10
    assert len(ids.token()) == 43
    assert SystemClock().now().utcoffset() == timedelta()
