"""The venue's answers as the nouns that every venue shares."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.plugins.lnmarkets.answers import (
    ACCOUNT,
    CANCELED,
    CLOSED,
    CROSS_FILLED,
    CROSS_OPEN,
    FLAT,
    OPEN,
    RUNNING,
    TICKER,
)
from tests.plugins.lnmarkets.answers import CROSS as CROSS_ANSWER

from axisor.errors import VenueAnswerInvalid
from axisor.model import CROSS, Bucket, CrossWallet, MarginMode, OrderState, OrderType, Side
from axisor_lnmarkets import convert
from axisor_lnmarkets.models.account import Account
from axisor_lnmarkets.models.futures import CrossOrder, CrossPosition, Trade
from axisor_lnmarkets.models.general import Candle, Ticker
from axisor_lnmarkets.wire import decode

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def read(kind: type[Any], value: dict[str, Any], **changed: Any) -> Any:
    return decode(kind, json.dumps({**value, **changed}), what="test")


def test_a_running_trade_is_a_position():
    position = convert.position_of(read(Trade, RUNNING))

    assert position.side is Side.BUY
    assert (position.quantity, position.margin, position.pl) == (1000, 100_000, 9_901)
    assert (position.entry, position.liquidation) == (Decimal(100_000), Decimal(90_909))
    assert (position.stoploss, position.takeprofit) == (Decimal(95_000), None)
    assert position.stoploss_trailing is None
    assert (position.entry_price, position.entry_margin) == (Decimal(100_000), 100_000)
    assert type(position.entry) is Decimal


def test_a_trade_that_does_not_run_is_no_position():
    with pytest.raises(VenueAnswerInvalid):
        convert.position_of(read(Trade, OPEN))


@pytest.mark.parametrize(
    ("answer", "state"), [(OPEN, OrderState.OPEN), (CANCELED, OrderState.CANCELED)]
)
def test_a_limit_trade_is_an_order_until_it_runs(answer, state):
    order = convert.order_of(read(Trade, answer))

    assert (order.type, order.state) == (OrderType.LIMIT, state)
    assert (order.margin, order.leverage, order.client_id) == (10, Decimal(100), "test-client-id")
    assert (order.settled_at is None) == (state is OrderState.OPEN)


def test_a_trade_that_runs_was_a_filled_order():
    assert convert.order_of(read(Trade, RUNNING)).state is OrderState.FILLED


@pytest.mark.parametrize(
    ("changed", "end"),
    [
        ({}, "closed"),
        ({"exitPrice": None}, "unknown"),
        ({"exitPrice": 90909, "pl": -100000}, "liquidated"),
        ({"exitPrice": 90000, "pl": -99000, "stoploss": 0}, "liquidated"),
        ({"exitPrice": 95000, "pl": -5263}, "stopped"),
        ({"exitPrice": 94990, "pl": -5263}, "stopped"),
        ({"exitPrice": 110000, "takeprofit": 110000}, "taken"),
        ({"side": "sell", "stoploss": 105000, "liquidation": 111111, "pl": -5}, "stopped"),
        (
            {"side": "sell", "stoploss": 0, "takeprofit": 90000, "exitPrice": 89990}
            | {"liquidation": 111111},
            "taken",
        ),
        ({"side": "sell", "liquidation": 111111, "exitPrice": 111111}, "liquidated"),
    ],
)
def test_how_a_position_ended_is_told_from_where(changed, end):
    closed = convert.closed_of(read(Trade, CLOSED, **changed))

    assert closed.end == end


def test_a_closed_trade_keeps_its_figures():
    closed = convert.closed_of(read(Trade, CLOSED))

    assert (closed.exit_price, closed.pl, closed.fee) == (Decimal(110_000), 90_909, 909)
    assert closed.closed_at == datetime(2026, 10, 1, 13, tzinfo=UTC)


def test_a_trade_that_runs_has_no_end():
    with pytest.raises(VenueAnswerInvalid):
        convert.closed_of(read(Trade, RUNNING))


def test_a_short_cross_position_has_a_positive_quantity():
    answer = read(CrossPosition, CROSS_ANSWER, quantity=-1000, liquidation=199402)

    position = convert.cross_position_of(answer)

    assert position is not None
    assert (position.id, position.side, position.quantity) == (CROSS, Side.SELL, 1000)
    assert position.margin_mode is MarginMode.CROSS
    assert (position.margin, position.running_margin) == (499_000, 100_000)


def test_a_flat_cross_position_is_none_and_its_wallet_stays():
    answer = read(CrossPosition, FLAT)

    assert convert.cross_position_of(answer) is None
    assert convert.wallet_of(answer) == CrossWallet(margin=499_000, leverage=10)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(CROSS_OPEN, OrderState.OPEN), (CROSS_FILLED, OrderState.FILLED)],
)
def test_a_cross_order_has_no_margin_of_its_own(answer, state):
    order = convert.cross_order_of(read(CrossOrder, answer))

    assert (order.state, order.margin, order.margin_mode) == (state, None, MarginMode.CROSS)


def test_a_liquidation_of_the_cross_position_is_told():
    order = read(CrossOrder, CROSS_FILLED, type="liquidation")

    closed = convert.cross_closed_of(order, read(CrossPosition, FLAT, totalPl=-5))

    assert (closed.id, closed.end, closed.pl) == (CROSS, "liquidated", -5)
    assert convert.cross_order_of(order).type is OrderType.MARKET


def test_a_ticker_is_a_tick_with_its_buckets():
    tick = convert.tick_of(read(Ticker, TICKER), received=NOON, source="rest")

    assert (tick.last, tick.bid, tick.ask) == (Decimal(100_000), Decimal(99_995), Decimal(100_005))
    assert tick.buckets[1] == Bucket(100_000, 500_000, Decimal(99_990), Decimal(100_010))
    assert tick.bid_for(200_000) == Decimal(99_990)
    assert (tick.funding_rate, tick.source) == (Decimal("0.0001"), "rest")


def test_buckets_are_put_in_order():
    prices = list(reversed(TICKER["prices"]))

    tick = convert.tick_of(read(Ticker, TICKER, prices=prices), received=NOON, source="rest")

    assert [bucket.max_size for bucket in tick.buckets] == [100_000, 500_000]


def test_a_market_whose_ask_is_below_its_bid_is_refused():
    prices = [{"minSize": 0, "maxSize": 1, "askPrice": 1, "bidPrice": 2}]

    with pytest.raises(VenueAnswerInvalid, match="below the bid"):
        convert.tick_of(read(Ticker, TICKER, prices=prices), received=NOON, source="rest")


def test_an_account_without_prices_has_no_bid():
    tick = convert.tick_of(read(Ticker, TICKER, prices=[]), received=NOON, source="rest")

    assert (tick.bid, tick.ask) == (None, None)


def test_a_balance_keeps_cents():
    balance = convert.balance_of(read(Account, ACCOUNT))

    assert (balance.free, balance.synthetic_usd) == (897_900, Decimal("199.95"))


def test_a_candle_that_contradicts_itself_is_refused():
    row = {"time": "2026-10-01T12:00:00Z", "open": 5, "high": 4, "low": 3, "close": 4, "volume": 0}

    with pytest.raises(VenueAnswerInvalid):
        convert.candle_of(read(Candle, row))
    assert convert.candle_of(read(Candle, row, high=5.5)).high == Decimal("5.5")
