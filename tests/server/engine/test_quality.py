"""A price or a clock that may be wrong is not acted on, and is said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from axisor.errors import StalePrice
from axisor.events import IntentReviewRefused, Standing
from axisor.intents import AddMargin, OpenPosition
from axisor.model import FeedQuality, Side
from tests.support.core import ACCOUNT, Bench
from tests.support.standing import codes, standing, ticking

OPEN = OpenPosition(side=Side.BUY, leverage=Decimal(5), quantity=100)


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


@pytest.fixture
async def engine(bench):
    engine = bench.engine()
    await bench.up(engine)
    yield engine
    await engine.stop(1)


async def test_a_price_older_than_15_s_degrades_an_account_with_a_position_above_50x(bench, engine):
    bench.long(quantity=2_500, leverage=80)
    await bench.move("100000", seconds=3)

    await bench.clock.advance(14)
    assert "price_late" in codes(engine)
    await ticking(bench, 15)

    assert standing(engine) is Standing.ACTIVE


async def test_a_position_at_50x_waits_for_30_s(bench, engine):
    bench.long(quantity=2_500, leverage=50)
    await bench.move("100000", seconds=3)

    await bench.clock.advance(20)

    assert standing(engine) is Standing.ACTIVE


async def test_disputed_prices_hold_what_runs_add_and_a_clients_own_rescue_stays(bench, engine):
    position = bench.long()
    await bench.clock.advance(3)
    await bench.run(engine, "greedy")
    bench.venue.answers = Decimal(95_000)
    await ticking(bench, 25)
    assert engine.view(ACCOUNT).quality is FeedQuality.DISPUTED
    before = len(bench.venue.effects)

    await ticking(bench, 5)
    opened = await bench.command(engine, OPEN)
    added = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert isinstance(opened, StalePrice)
    assert not isinstance(added, Exception)
    assert len(bench.venue.effects) == before + 1
    assert "STALE_PRICE" in {r.reason for r in await bench.payloads(IntentReviewRefused)}
    assert "price_disputed" in codes(engine)
    bench.venue.answers = None
    await ticking(bench, 30)
    assert engine.view(ACCOUNT).quality is FeedQuality.FRESH
    assert standing(engine) is Standing.ACTIVE


async def test_a_feed_whose_answers_fail_five_times_degrades(bench, engine):
    bench.venue.feed_down = True

    await ticking(bench, 40)
    assert "feed_failing" in codes(engine)
    bench.venue.feed_down = False
    await ticking(bench, 30)

    assert "feed_failing" not in codes(engine)


async def test_an_uncertain_clock_degrades_and_nothing_is_signed(bench):
    position = bench.long()
    bench.venue.uncertainty_ms = 1_500
    engine = bench.engine()
    await bench.up(engine)
    await ticking(bench, 2)

    refused = await bench.command(engine, AddMargin(position=position, amount=1_000))

    assert codes(engine) == ["clock_uncertain"]
    assert getattr(refused, "reason", "") == "VENUE_UNAVAILABLE"
    assert bench.venue.sent == []
    await engine.stop(1)
