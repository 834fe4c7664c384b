"""Limiters alone and in a real Redis: all keys or none, and a share each while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.redis import RedisServer, redis_server

from axisor_server.adapters import limiters
from axisor_server.adapters.limiters import LocalLimiter, RedisLimiter
from axisor_server.adapters.memory import VirtualClock
from axisor_server.domain.rates import Charge, Rate

__all__ = ["redis_server"]

HOUR = Rate(1, 3_600, 3)
"""Three at once and then one an hour: time does not matter within a test."""


async def through(limiter: LocalLimiter | RedisLimiter, *charges: Charge, asked: int = 20) -> int:
    """Return how many of so many calls are let through."""
    waits = [(await limiter.take(charges))[0] for _ in range(asked)]
    return waits.count(0)


async def test_a_burst_passes_and_then_time_decides():
    clock = VirtualClock()
    limiter = LocalLimiter(clock)

    assert await through(limiter, Charge("a", HOUR)) == 3
    wait, key = await limiter.take([Charge("a", HOUR)])
    assert (wait, key) == (3_600_000_000, "a")
    await clock.advance(3_600)
    assert await through(limiter, Charge("a", HOUR)) == 1
    assert await through(limiter, Charge("b", HOUR)) == 3


async def test_what_one_key_refuses_costs_the_others_nothing():
    limiter = LocalLimiter(VirtualClock())
    await through(limiter, Charge("small", HOUR))

    assert (await limiter.take([Charge("large", HOUR), Charge("small", HOUR)]))[1] == "small"

    assert await through(limiter, Charge("large", HOUR)) == 3


async def test_memory_is_bounded_and_who_owes_most_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limiters, "MOST_KEYS", 100)
    limiter = LocalLimiter(VirtualClock())
    await through(limiter, Charge("flood", HOUR))

    for number in range(1_000):
        await limiter.take([Charge(f"address/{number}", HOUR)])

    assert len(limiter._paid) <= 100
    assert (await limiter.take([Charge("flood", HOUR)]))[0] > 0


@pytest.fixture
async def pair(redis_server: RedisServer) -> AsyncIterator[tuple[RedisLimiter, RedisLimiter]]:
    """Return the limiters of two cores that share a Redis."""
    made = [RedisLimiter(redis_server.url, VirtualClock(), cores=3) for _ in range(2)]
    yield made[0], made[1]
    for each in made:
        await each.aclose()


async def test_cores_share_a_rate_through_redis(pair: tuple[RedisLimiter, RedisLimiter]):
    one, other = pair
    charge = Charge("shared", HOUR)

    found = await asyncio.gather(through(one, charge), through(other, charge))

    assert sum(found) == 3
    wait, key = await one.take([charge])
    assert key == "shared"
    assert 3_590_000_000 < wait <= 3_600_000_000


async def test_redis_takes_from_all_keys_or_none(pair: tuple[RedisLimiter, RedisLimiter]):
    one, other = pair
    await through(one, Charge("small", HOUR))

    assert (await other.take([Charge("large", HOUR), Charge("small", HOUR)]))[1] == "small"

    assert await through(one, Charge("large", HOUR)) == 3


async def test_without_redis_each_core_keeps_its_share_and_is_never_open(
    redis_server: RedisServer, pair: tuple[RedisLimiter, RedisLimiter]
):
    rate = Rate(1, 3_600, 6)
    redis_server.stop()

    assert [await through(each, Charge("away", rate)) for each in pair] == [2, 2]


async def test_signing_in_is_refused_once_redis_was_away_for_a_minute(redis_server: RedisServer):
    clock = VirtualClock()
    limiter = RedisLimiter(redis_server.url, clock, cores=1)
    sign_in, read = Charge("sign_in", HOUR, strict=True), Charge("read", HOUR)
    try:
        assert await limiter.take([sign_in]) == (0, "")
        redis_server.stop()
        assert await limiter.take([sign_in]) == (0, "")
        await clock.advance(59)
        assert await limiter.take([sign_in]) == (0, "")
        await clock.advance(1)
        assert await limiter.take([sign_in, read]) == (60_000_000, "sign_in")
        assert await limiter.take([read]) == (0, "")

        redis_server.start()
        await clock.advance(1)
        assert await limiter.take([sign_in]) == (0, "")
    finally:
        await limiter.aclose()
