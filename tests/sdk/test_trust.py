"""A price decides only while it is fresh, undisputed and young."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from axisor.model import FeedQuality, Side, Tick
from axisor.strategy import View
from axisor.trust import closing_price, usable_tick

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TICK = Tick(NOW, NOW, Decimal(100), Decimal(99), Decimal(101))
VIEW = View(now=NOW, tick=TICK, price_age_ms=30_000)


def test_a_price_of_thirty_seconds_may_still_be_used():
    assert usable_tick(VIEW) is TICK


@pytest.mark.parametrize(
    "view",
    [
        replace(VIEW, tick=None),
        replace(VIEW, price_age_ms=None),
        replace(VIEW, price_age_ms=30_001),
        *(replace(VIEW, quality=q) for q in FeedQuality if q is not FeedQuality.FRESH),
    ],
)
def test_a_price_that_is_doubtful_is_none(view: View):
    assert usable_tick(view) is None
    assert closing_price(view, Side.BUY, 1) is None


def test_a_position_is_judged_by_the_worse_price():
    assert closing_price(VIEW, Side.BUY, 1) == 99
    assert closing_price(VIEW, Side.SELL, 1) == 101
    assert closing_price(replace(VIEW, tick=replace(TICK, bid=None)), Side.BUY, 1) is None
