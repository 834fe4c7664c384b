"""One picture of the market out of many messages, in whatever order they come."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.lnmarkets import answers

from axisor.errors import VenueAnswerInvalid
from axisor_lnmarkets.models.general import Ticker
from axisor_lnmarkets.models.stream import BUCKETS, FUNDING, INDEX, LAST_PRICE, TICKER
from axisor_lnmarkets.picture import Picture
from axisor_lnmarkets.stream import Push
from axisor_lnmarkets.wire import decode, parse

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
MS = 1_790_856_000_000


def push(topic: str, **data: Any) -> Push:
    return Push(topic, parse(json.dumps(data)))


def last(ms: int, price: float) -> Push:
    return push(LAST_PRICE, time=MS + ms, lastPrice=price)


def buckets(ms: int, bid: float, ask: float) -> Push:
    bucket = {"minSize": 0, "maxSize": 100000, "bidPrice": bid, "askPrice": ask}
    return push(BUCKETS, time=MS + ms, buckets=[bucket])


def rest(**changed: Any) -> Ticker:
    return decode(Ticker, json.dumps({**answers.TICKER, **changed}), what="ticker")


def test_a_picture_without_executable_prices_is_no_tick():
    picture = Picture()
    picture.apply(last(0, 100_000))

    assert picture.tick(received=NOW, source="stream") is None


def test_topics_are_put_together():
    picture = Picture()
    picture.apply(last(1, 100_000))
    picture.apply(buckets(2, 99_999.5, 100_000.5))
    picture.apply(push(INDEX, time=MS + 3, index=100_012.5))
    picture.apply(push(FUNDING, pair="btc_usd", current={"rate": 0.0001, "time": MS + 9}))

    tick = picture.tick(received=NOW, source="stream")

    assert tick is not None
    assert (tick.last, tick.bid, tick.ask) == (
        Decimal(100_000),
        Decimal("99999.5"),
        Decimal("100000.5"),
    )
    assert (tick.index, tick.funding_rate) == (Decimal("100012.5"), Decimal("0.0001"))
    assert tick.time == NOW + timedelta(milliseconds=3)


def test_a_ticker_push_may_lack_what_is_not_known():
    picture = Picture()
    picture.apply(buckets(0, 1, 2))
    fields: dict[str, Any] = {"lastPrice": None, "index": None}

    assert not picture.apply(push(TICKER, time=MS, funding={"rate": None, "time": None}, **fields))
    assert picture.apply(push(TICKER, time=MS + 1, lastPrice=5, index=6, funding={"rate": 1}))
    tick = picture.tick(received=NOW, source="stream")
    assert tick is not None
    assert (tick.last, tick.index, tick.funding_rate) == (Decimal(5), Decimal(6), Decimal(1))


def test_what_is_late_or_twice_changes_nothing():
    picture = Picture()
    picture.apply(buckets(0, 1, 2))

    assert picture.apply(last(10, 100_000))
    assert not picture.apply(last(10, 100_000))
    assert not picture.apply(last(9, 50_000))
    assert picture.apply(last(11, 100_000))
    tick = picture.tick(received=NOW, source="stream")
    assert tick is not None
    assert tick.last == 100_000


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1))
def test_in_any_order_the_newest_price_stands(messages):
    picture = Picture()
    picture.apply(buckets(0, 1, 2))
    for ms, price in messages:
        picture.apply(last(ms, price))

    tick = picture.tick(received=NOW, source="stream")

    newest = max(ms for ms, _ in messages)
    assert tick is not None
    assert tick.last in {price for ms, price in messages if ms == newest}


def test_a_rest_ticker_is_a_whole_picture():
    picture = Picture()

    assert picture.apply_rest(rest())
    assert not picture.apply_rest(rest())
    tick = picture.tick(received=NOW, source="rest")
    assert tick is not None
    assert (len(tick.buckets), tick.last) == (2, Decimal(100_000))


def test_a_rest_ticker_older_than_the_stream_changes_no_price():
    picture = Picture()
    picture.apply(last(5_000, 99_000))
    picture.apply_rest(rest())

    tick = picture.tick(received=NOW, source="stream")

    assert tick is not None
    assert tick.last == 99_000


def test_executable_prices_that_stand_still_are_noticed():
    picture = Picture()
    assert picture.buckets_behind() == timedelta(0)
    picture.apply(buckets(0, 1, 2))

    picture.apply(last(20_000, 5))

    assert picture.buckets_behind() == timedelta(seconds=20)


@pytest.mark.parametrize(
    "bad",
    [
        last(0, 0),
        last(0, -5),
        last(-(10**14), 5),
        push(LAST_PRICE, time="now", lastPrice=5),
        push(LAST_PRICE, lastPrice=5),
        push(INDEX, time=MS, index="5"),
        buckets(0, 2, 1),
        push(BUCKETS, time=MS, buckets=None),
    ],
)
def test_a_price_without_sense_is_an_error(bad):
    with pytest.raises(VenueAnswerInvalid):
        Picture().apply(bad)


def test_a_topic_nobody_asked_for_is_no_news():
    assert not Picture().apply(push("announcements", id="x"))
