"""Keeps rates: in this process alone, or in Redis with the other cores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from msgspec.structs import replace

from axisor.ports import Clock
from axisor_server.domain.rates import Charge, decide

MOST_KEYS = 100_000
TIMEOUT_S = 0.25
STRICT_AFTER_MS = 60_000
STRICT_WAIT_US = 60_000_000
RETRY_MS = 1_000
PREFIX = "axisor:rate:"

SCRIPT = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wait, at, after = 0, 0, {}
for i, key in ipairs(KEYS) do
  local step, burst, cost = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
  local paid = tonumber(redis.call('GET', key) or '0')
  after[i] = math.max(paid, now) + step * math.min(cost, burst)
  local own = after[i] - now - step * burst
  if own > wait then wait, at = own, i end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    local kept = math.ceil((after[i] - now) / 1000) + 1
    redis.call('SET', key, string.format('%.0f', after[i]), 'PX', kept)
  end
end
return {string.format('%.0f', wait), at}
"""
"""Takes from all keys or from none; the same arithmetic as `decide`, by the server's clock."""

log = structlog.get_logger(__name__)


def _failures() -> tuple[type[Exception], ...]:
    """Return what a lost Redis raises; only who has one loads its client."""
    from redis.exceptions import RedisError

    return (RedisError, OSError, TimeoutError)


class LocalLimiter:
    """The Limiter port in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paid: dict[str, int] = {}

    async def take(self, charges: Sequence[Charge]) -> tuple[int, str]:
        """Take from all keys, or from none and return how long to wait and which key says so."""
        return self.take_now(charges)

    def take_now(self, charges: Sequence[Charge]) -> tuple[int, str]:
        """Take without waiting for anything."""
        now_us = self._clock.monotonic_ms() * 1_000
        wait, of = 0, ""
        after: dict[str, int] = {}
        for charge in charges:
            paid, own = decide(self._paid.get(charge.key, 0), now_us, charge.rate, charge.cost)
            after[charge.key] = paid
            if own > wait:
                wait, of = own, charge.key
        if not wait:
            self._paid.update(after)
            if len(self._paid) > MOST_KEYS:
                self._forget(now_us)
        return wait, of

    async def aclose(self) -> None:
        """Let go of nothing: there is nothing to let go of."""

    def _forget(self, now_us: int) -> None:
        self._paid = {key: paid for key, paid in self._paid.items() if paid > now_us}
        if len(self._paid) > MOST_KEYS:
            # Whoever owes most stays: those who were almost paid off lose the least by it.
            kept = sorted(self._paid.items(), key=lambda item: item[1])[MOST_KEYS // 2 :]
            self._paid = dict(kept)


class RedisLimiter:
    """The Limiter port in Redis. Without it each core keeps its share of every rate by itself."""

    def __init__(self, url: str, clock: Clock, *, cores: int) -> None:
        """Take among how many cores a rate is shared out while Redis is away."""
        from redis.asyncio import Redis

        self._redis: Redis = Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
        )
        self._script: Any = self._redis.register_script(SCRIPT)
        self._clock = clock
        self._cores = cores
        self._local = LocalLimiter(clock)
        self._down_ms: int | None = None
        self._again_ms = 0

    async def take(self, charges: Sequence[Charge]) -> tuple[int, str]:
        """Take from all keys, or from none and return how long to wait and which key says so."""
        now_ms = self._clock.monotonic_ms()
        if self._down_ms is None or now_ms >= self._again_ms:
            try:
                answer = await self._ask(charges)
            except _failures() as error:
                self._lost(now_ms, error)
            else:
                self._found()
                return answer
        return self._alone(charges, now_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        with suppress(*_failures()):  # a connection that is gone needs no goodbye
            await self._redis.aclose()

    async def _ask(self, charges: Sequence[Charge]) -> tuple[int, str]:
        keys = [f"{PREFIX}{charge.key}" for charge in charges]
        figures = [
            figure
            for charge in charges
            for figure in (charge.rate.step_us, charge.rate.burst, charge.cost)
        ]
        async with asyncio.timeout(TIMEOUT_S):
            wait, at = await self._script(keys=keys, args=figures)
        return int(wait), charges[int(at) - 1].key if int(at) else ""

    def _alone(self, charges: Sequence[Charge], now_ms: int) -> tuple[int, str]:
        down_ms = now_ms if self._down_ms is None else self._down_ms
        if now_ms - down_ms >= STRICT_AFTER_MS:
            strict = next((charge.key for charge in charges if charge.strict), None)
            if strict is not None:
                return STRICT_WAIT_US, strict
        parts = [replace(charge, rate=charge.rate.shared(self._cores)) for charge in charges]
        return self._local.take_now(parts)

    def _lost(self, now_ms: int, error: Exception) -> None:
        self._again_ms = now_ms + RETRY_MS
        if self._down_ms is None:
            self._down_ms = now_ms
            log.warning("rates are kept by each core alone", error=type(error).__name__)

    def _found(self) -> None:
        if self._down_ms is not None:
            self._down_ms = None
            log.info("rates are kept in common again")
