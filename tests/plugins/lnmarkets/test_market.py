"""Prices over real connections: by stream, by REST while it is silent, again after a break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import START, HandClock, JumpingClock
from tests.plugins.lnmarkets.links import SEED
from tests.plugins.lnmarkets.server import Script, answer
from tests.plugins.lnmarkets.stream_server import Stage, staged

from axisor.errors import VenueAnswerInvalid, VenueRateLimited, VenueUnavailable
from axisor.model import Tick
from axisor.ports import Lane
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.backoff import MOST_S, STEADY_MS, Backoff
from axisor_lnmarkets.limiter import Limiter, Rate
from axisor_lnmarkets.market import LnMarketsFeed
from axisor_lnmarkets.models.stream import BUCKETS, INDEX, LAST_PRICE
from axisor_lnmarkets.ticking import Return

MS = 1_790_856_000_000
REST = "GET /v3/futures/ticker"


class Watched:
    """A feed whose clock the test moves, and the ticks that it has brought."""

    def __init__(self, feed: LnMarketsFeed, clock: HandClock) -> None:
        self.feed = feed
        self.clock = clock
        self.ticks: list[Tick] = []

    async def read(self) -> None:
        ticks = self.feed.ticks()
        assert isinstance(ticks, AsyncIterator)
        async for tick in ticks:
            self.ticks.append(tick)

    async def until(self, count: int, *, step_ms: int = 0) -> Tick:
        """Wait for the so-many-th tick, moving the clock on meanwhile if a step is given."""
        async with asyncio.timeout(60):
            while len(self.ticks) < count:
                await self.clock.move_to(self.clock.ms + step_ms)
                await asyncio.sleep(0.001 if step_ms else 0)
        return self.ticks[count - 1]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Serve a stream."""
    async with staged() as serving:
        yield serving


@pytest.fixture
async def watched(venue: Script, stage: Stage) -> AsyncIterator[Watched]:
    """Read a feed in the background, of a venue whose ticker is the published example."""
    venue.on(REST, answers.TICKER)
    clock = HandClock()
    # The public rate has its own tests; here it would only make the clock run.
    limiter = Limiter(clock)
    address = Address(venue.url, stage.url)
    feed = LnMarketsFeed(address, clock=clock, public=limiter, rng=Random(SEED))
    watching = Watched(feed, clock)
    reading = asyncio.ensure_future(watching.read())
    yield watching
    await feed.aclose()
    await reading


def last(ms: int, price: float) -> dict[str, Any]:
    return {"time": MS + ms, "lastPrice": price}


def ticker(ms: int, price: float) -> dict[str, Any]:
    time = START + timedelta(milliseconds=ms)
    stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**answers.TICKER, "time": stamp, "lastPrice": price}


async def test_a_picture_comes_from_rest_before_the_stream_is_believed(
    watched: Watched, stage: Stage
):
    first = await watched.until(1)
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    second = await watched.until(2)

    assert (first.source, first.last, first.bid) == ("rest", Decimal(100_000), Decimal(99_995))
    assert (second.source, second.last, second.bid) == ("stream", Decimal(101_000), Decimal(99_995))
    assert second.time == START + timedelta(seconds=1)


async def test_each_topic_moves_the_tick(watched: Watched, stage: Stage):
    await watched.until(1)
    await stage.subscribed()
    bucket = {"minSize": 0, "maxSize": 10, "bidPrice": 99_000.5, "askPrice": 99_001}
    await stage.push(BUCKETS, {"time": MS + 500, "buckets": [bucket]})
    await stage.push(INDEX, {"time": MS + 600, "index": 99_500})

    tick = await watched.until(3)

    assert (tick.bid, tick.index) == (Decimal("99000.5"), Decimal(99_500))


async def test_late_and_repeated_pushes_make_no_tick(watched: Watched, stage: Stage):
    await watched.until(1)
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    await stage.push(LAST_PRICE, last(999, 50_000))
    await stage.push(LAST_PRICE, last(1_001, 102_000))

    await watched.until(3)

    assert [tick.last for tick in watched.ticks] == [100_000, 101_000, 102_000]


async def test_rest_is_read_while_the_stream_is_silent(
    watched: Watched, venue: Script, stage: Stage
):
    await watched.until(1)
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    await watched.until(2)
    before = len(venue.seen)
    venue.on(REST, ticker(9_000, 98_000))

    tick = await watched.until(3, step_ms=500)

    assert (tick.source, tick.last) == ("rest", Decimal(98_000))
    assert watched.clock.ms >= 5_000
    assert len(venue.seen) == before + 1


async def test_a_stream_that_breaks_is_opened_again_with_a_new_picture(
    watched: Watched, venue: Script, stage: Stage
):
    await watched.until(1)
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    await watched.until(2)
    venue.on(REST, ticker(2_000, 97_000))
    await stage.drop()

    tick = await watched.until(3, step_ms=100)
    async with asyncio.timeout(60):
        while stage.methods().count("subscribe") < 2:
            await watched.clock.move_to(watched.clock.ms + 100)
            await asyncio.sleep(0.001)
    await stage.push(LAST_PRICE, last(3_000, 96_000))
    after = await watched.until(4)

    assert (tick.source, tick.last) == ("rest", Decimal(97_000))
    assert (after.source, after.last, stage.connections) == ("stream", Decimal(96_000), 2)


async def test_a_stream_that_talks_nonsense_is_opened_again(watched: Watched, stage: Stage):
    await watched.until(1)
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 0))

    async with asyncio.timeout(60):
        while stage.connections < 2:
            await watched.clock.move_to(watched.clock.ms + 100)
            await asyncio.sleep(0.001)

    assert all(tick.last > 0 for tick in watched.ticks)


async def test_the_stream_is_believed_alone_once_it_is_whole(
    watched: Watched, venue: Script, stage: Stage
):
    venue.on(REST, answer(b"", 502))
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    bucket = {"minSize": 0, "maxSize": 10, "bidPrice": 100_999, "askPrice": 101_001}
    await stage.push(BUCKETS, {"time": MS + 1_001, "buckets": [bucket]})

    tick = await watched.until(1, step_ms=10)

    assert (tick.source, tick.last, tick.bid) == ("stream", Decimal(101_000), Decimal(100_999))


async def test_without_a_stream_rest_brings_the_ticks(venue: Script):
    venue.on(REST, ticker(0, 1), ticker(1_000, 2), ticker(2_000, 3))
    clock = JumpingClock()
    address = Address(venue.url, venue.url.replace("http", "ws") + "/v1")
    feed = LnMarketsFeed(address, clock=clock, public=Limiter(clock), rng=Random(SEED))
    found = []

    async with asyncio.timeout(60), aclosing(feed.ticks()) as ticks:
        async for tick in ticks:
            found.append((tick.source, tick.last))
            if len(found) == 3:
                break
    await feed.aclose()

    assert found == [("rest", Decimal(1)), ("rest", Decimal(2)), ("rest", Decimal(3))]


async def test_a_closed_feed_has_no_ticks(venue: Script, stage: Stage):
    clock = HandClock()
    address = Address(venue.url, stage.url)
    feed = LnMarketsFeed(address, clock=clock, public=Limiter(clock), rng=Random(SEED))
    await feed.aclose()

    assert [tick async for tick in feed.ticks()] == []


@pytest.fixture
async def feed(venue: Script) -> AsyncIterator[LnMarketsFeed]:
    """Return a feed for its single reads."""
    clock = JumpingClock()
    address = Address(venue.url, "ws://127.0.0.1:1/v1")
    reading = LnMarketsFeed(address, clock=clock, public=Limiter(clock), rng=Random(SEED))
    yield reading
    await reading.aclose()


async def test_a_ticker_is_a_tick(venue: Script, feed: LnMarketsFeed):
    venue.on(REST, answers.TICKER)

    tick = await feed.ticker()

    assert (tick.source, tick.last, tick.ask) == ("rest", Decimal(100_000), Decimal(100_005))


async def test_a_ticker_without_a_price_is_an_error(venue: Script, feed: LnMarketsFeed):
    venue.on(REST, {**answers.TICKER, "lastPrice": 0})

    with pytest.raises(VenueAnswerInvalid):
        await feed.ticker()


def candle(minute: int) -> dict[str, Any]:
    time = f"2026-10-01T12:{minute:02d}:00.000Z"
    return {"time": time, "open": 5, "high": 6, "low": 4, "close": 5, "volume": 1}


async def test_candles_of_many_pages_come_oldest_first(venue: Script, feed: LnMarketsFeed):
    venue.on(
        "GET /v3/futures/candles",
        answers.page(candle(4), candle(3), cursor="c"),
        answers.page(candle(3), candle(2), candle(1), cursor="d"),
    )

    candles = await feed.candles(START, START + timedelta(minutes=5), limit=3)

    assert [c.time.minute for c in candles] == [2, 3, 4]
    assert venue.seen[0].query == (
        "from=2026-10-01T12%3A00%3A00.000Z&to=2026-10-01T12%3A05%3A00.000Z&limit=3&range=1m"
    )


async def test_no_candles_are_asked_for_where_none_are_wanted(venue: Script, feed: LnMarketsFeed):
    assert await feed.candles(START, START, limit=0) == ()
    assert venue.seen == []


async def test_one_quick_sample_tells_the_venues_clock(venue: Script, feed: LnMarketsFeed):
    venue.on("GET /v3/time", {"time": "2026-10-01T12:00:30.000Z"})

    offset = await feed.clock_offset()

    assert len(venue.seen) == 1
    # The test's clock moves only while the limiter waits, so that the sample takes no time.
    assert offset.uncertainty_ms == 1
    assert 28_000 <= offset.offset_ms <= 30_000


async def test_a_clock_that_does_not_answer_is_an_error(venue: Script, feed: LnMarketsFeed):
    venue.on("GET /v3/time", answer(b"", 500))

    with pytest.raises(VenueUnavailable):
        await feed.clock_offset()


async def test_nobody_waits_longer_for_a_venue_that_answers_again():
    clock = HandClock()
    back = Return(clock)
    back.failed(VenueUnavailable("away"))
    waiting = asyncio.ensure_future(back.within(30))
    await asyncio.sleep(0)
    await clock.move_to(1_000)

    back.heard()
    await asyncio.wait_for(waiting, 60)

    assert clock.ms == 1_000


async def test_a_venue_that_wants_fewer_requests_is_back_too():
    back = Return(HandClock())
    back.failed(VenueUnavailable("away"))
    waiting = asyncio.ensure_future(back.within(30))
    await asyncio.sleep(0)

    back.failed(VenueRateLimited("too many"))

    await asyncio.wait_for(waiting, 60)


async def test_a_venue_that_comes_and_goes_is_not_connected_to_each_time():
    clock = HandClock()
    back = Return(clock)
    done = []
    for _ in range(2):
        back.failed(VenueUnavailable("away"))
        waiting = asyncio.ensure_future(back.within(30))
        for act in (clock.move_to, clock.move_to):
            await asyncio.sleep(0)
            await act(clock.ms + 100)
            back.heard()
        await asyncio.sleep(0)
        done.append(waiting.done())

    await clock.move_to(clock.ms + 30_000)

    assert done == [True, False]
    assert waiting.done()


async def test_pushes_do_not_wait_for_a_picture_that_the_rate_limit_holds_back(
    venue: Script, stage: Stage
):
    venue.on(REST, answers.TICKER)
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0, per_ms=60_000))
    await limiter.acquire(Lane.GUARD)
    feed = LnMarketsFeed(
        Address(venue.url, stage.url), clock=clock, public=limiter, rng=Random(SEED)
    )
    watching = Watched(feed, clock)
    reading = asyncio.ensure_future(watching.read())
    await stage.subscribed()
    await stage.push(LAST_PRICE, last(1_000, 101_000))
    bucket = {"minSize": 0, "maxSize": 10, "bidPrice": 100_999, "askPrice": 101_001}
    await stage.push(BUCKETS, {"time": MS + 1_001, "buckets": [bucket]})

    tick = await watching.until(1, step_ms=10)

    assert (tick.source, tick.last, clock.ms < 5_000) == ("stream", Decimal(101_000), True)
    await feed.aclose()
    await reading


def test_waits_grow_to_a_bound_and_begin_anew_after_a_steady_connection():
    clock = JumpingClock()
    backoff = Backoff(Random(SEED), clock)

    waits = [backoff.next_s() for _ in range(20)]
    backoff.good()
    clock.ms += STEADY_MS

    assert all(0.25 <= wait <= MOST_S for wait in waits)
    assert waits[3] > waits[0]
    assert min(waits[10:]) >= MOST_S / 2
    assert backoff.next_s() <= 0.5


def test_a_connection_that_breaks_soon_after_a_push_does_not_count_as_good():
    clock = JumpingClock()
    backoff = Backoff(Random(SEED), clock)
    for _ in range(10):
        backoff.good()
        clock.ms += STEADY_MS - 1
        wait = backoff.next_s()

    assert wait >= MOST_S / 2
