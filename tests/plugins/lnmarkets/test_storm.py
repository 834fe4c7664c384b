"""A hundred broken streams in virtual time: never beyond a limit, always a new picture."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import HandClock
from tests.plugins.lnmarkets.links import SEED, credentials
from tests.plugins.lnmarkets.server import Script
from tests.plugins.lnmarkets.stream_server import Stage, staged

from axisor.model import Tick
from axisor.ports import Lane
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.limiter import PUBLIC, Limiter
from axisor_lnmarkets.market import LnMarketsFeed
from axisor_lnmarkets.models.stream import ISOLATED_TRADES, LAST_PRICE

DROPS = 100
MS = 1_790_856_000_000


@pytest.fixture
async def stages() -> AsyncIterator[tuple[Stage, Stage]]:
    """Serve a stream for prices and one for the account."""
    async with staged() as market, staged() as private:
        yield market, private


def most_within(times: list[int], window_ms: int) -> int:
    """Return how many lie in the fullest window."""
    return max(sum(start <= at < start + window_ms for at in times) for start in times)


class Storm:
    """A feed and an account that live on, and a clock that moves when nobody has work."""

    def __init__(self, venue: Script, market: Stage, private: Stage) -> None:
        self.clock = HandClock()
        self.public = Limiter(self.clock, PUBLIC)
        self.feed = LnMarketsFeed(
            Address(venue.url, market.url), clock=self.clock, public=self.public, rng=Random(SEED)
        )
        self.account = LnMarketsAccount(
            Address(venue.url, private.url),
            credentials(),
            clock=self.clock,
            public=self.public,
            rng=Random(SEED + 1),
        )
        self.ticks: list[Tick] = []
        self.readings = 0

    async def watch(self) -> None:
        async with aclosing(self.feed.ticks()) as ticks:
            async for tick in ticks:
                self.ticks.append(tick)

    async def observe(self) -> None:
        async for _ in self.account.changes():
            await self.account.read(lane=Lane.RECONCILE)
            self.readings += 1

    async def until(self, done: Callable[[], bool], *, stride_ms: int = 0) -> None:
        """Let time pass until something is done, in long strides once the waits are long."""
        async with asyncio.timeout(30):
            while not done():
                await asyncio.sleep(0.001)
                if not done() and (due := self.clock.next_ms) is not None:
                    await self.clock.move_to(max(due, self.clock.ms + stride_ms))


def note_grants(monkeypatch: pytest.MonkeyPatch, clock: HandClock) -> dict[Limiter, list[int]]:
    """Note when each limiter lets a request go."""
    grants: dict[Limiter, list[int]] = defaultdict(list)
    acquire = Limiter.acquire

    async def noted(self: Limiter, lane: Lane, **how: Any) -> None:
        await acquire(self, lane, **how)
        grants[self].append(clock.ms)

    monkeypatch.setattr(Limiter, "acquire", noted)
    return grants


async def test_a_storm_of_broken_streams_keeps_to_every_limit(
    venue: Script, stages: tuple[Stage, Stage], monkeypatch: pytest.MonkeyPatch
):
    market, private = stages
    venue.on("GET /v3/time", answers.TIME)
    venue.on("GET /v3/futures/ticker", answers.TICKER)
    venue.on("GET /v3/account", answers.ACCOUNT)
    venue.on("GET /v3/futures/isolated/trades/running", [answers.RUNNING])
    venue.on("GET /v3/futures/isolated/trades/open", [])
    venue.on("GET /v3/futures/cross/position", answers.FLAT)
    venue.on("GET /v3/futures/cross/orders/open", [])
    storm = Storm(venue, market, private)
    grants = note_grants(monkeypatch, storm.clock)
    opened: list[int] = []
    work = [asyncio.ensure_future(storm.watch()), asyncio.ensure_future(storm.observe())]

    for n in range(1, DROPS + 1):
        await storm.until(
            lambda n=n: (
                market.methods().count("subscribe") >= n  # type: ignore[misc]
                and private.methods().count("subscribe") >= n
            ),
            stride_ms=0 if n <= 15 else 5_000,
        )
        opened.append(storm.clock.ms)
        await market.push(LAST_PRICE, {"time": MS + n, "lastPrice": 100_000 + n})
        await private.push(ISOLATED_TRADES, {"event": "filled"})
        await market.drop()
        await private.drop()
    before = storm.readings
    await storm.until(lambda: storm.readings > before)
    await storm.feed.aclose()
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await storm.account.aclose()

    public = grants.pop(storm.public)
    signed = grants.pop(storm.account._limiter)
    assert most_within(public, 1_000) <= 1
    assert most_within(signed, 1_000) <= 5
    assert all(most_within(sent, 1_000) <= 10 for sent in grants.values())
    assert len(grants) >= 2 * DROPS, "each socket has a limiter of its own"
    # Waits grow though each connection brought a push: far fewer than 500 connections an hour.
    hour = [at for at in opened if at >= opened[-1] - 3_600_000]
    assert len(hour) <= 250
    assert storm.readings >= DROPS // 2, "each connection has the account read anew"
    assert all(later.time >= tick.time for tick, later in pairwise(storm.ticks))
