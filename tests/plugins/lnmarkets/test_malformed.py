"""Whatever the venue answers: what is wrong is refused by name, what is read is what was sent.

The cases come from the models, so that a new field is covered when it appears; a field that may be
absent must say here why its absence makes no guard calmer.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct
from tests.plugins.lnmarkets import answers, malformed
from tests.plugins.lnmarkets.malformed import Way, is_faithful, models, numbers, optional, told

from axisor.errors import VenueAnswerInvalid
from axisor_lnmarkets.models import account, futures, general, stream
from axisor_lnmarkets.wire import decode

TIME = "2026-10-01T08:00:00.000Z"
MS = 1_790_856_000_000
BUCKET = answers.TICKER["prices"][0]
LEADER = {"username": "u", "pl": -5, "direction": 1}
FUNDING = {"rate": 0.0001, "time": MS}

SAMPLES: dict[type[Struct], dict[str, Any]] = {
    account.Account: answers.ACCOUNT,
    account.Address: {"address": "bc1p", "createdAt": TIME},
    account.LightningDepositRequest: {"depositId": "d", "paymentRequest": "ln"},
    account.LightningPayment: {"id": "x", "amount": 10, "maxFees": 1, "paymentHash": "9f"},
    account.OnChainPayment: {
        "id": "x",
        "amount": 10,
        "address": "bc1p",
        "createdAt": TIME,
        "status": "pending",
    },
    account.LightningDeposit: {
        "id": "x",
        "createdAt": TIME,
        "amount": 10,
        "paymentHash": "9f",
        "settledAt": TIME,
        "comment": "c",
    },
    account.OnChainDeposit: {
        "id": "x",
        "createdAt": TIME,
        "amount": 10,
        "txId": "t",
        "status": "MEMPOOL",
        "confirmations": 1,
        "blockHeight": 900_000,
    },
    account.LightningWithdrawal: {
        "id": "x",
        "createdAt": TIME,
        "amount": 10,
        "fee": 1,
        "paymentHash": "9f",
        "status": "failed",
        "destination": "02",
    },
    account.OnChainWithdrawal: {
        "id": "x",
        "createdAt": TIME,
        "address": "bc1p",
        "amount": 10,
        "status": "pending",
        "fee": 1,
        "txId": "t",
    },
    account.Notification: {
        "id": "x",
        "createdAt": TIME,
        "message": "m",
        "read": False,
        "type": "t",
        "event": "e",
        "data": {},
    },
    account.Swap: {
        "id": "x",
        "inAmount": 1,
        "inAsset": "BTC",
        "outAmount": 1.5,
        "outAsset": "USD",
        "createdAt": TIME,
    },
    futures.Trade: {**answers.RUNNING, "clientId": "mine"},
    futures.IsolatedFunding: {"time": TIME, "settlementId": "b", "tradeId": "a", "fee": 100},
    futures.CrossOrder: {**answers.CROSS_FILLED, "clientId": "mine"},
    futures.CrossPosition: answers.CROSS,
    futures.CrossTransfer: {"id": "t", "amount": -5, "time": TIME},
    futures.CrossFunding: {"time": TIME, "settlementId": "b", "fee": -7},
    general.ServerTime: answers.TIME,
    general.Bucket: BUCKET,
    general.PriceChange: answers.TICKER["priceChange24h"],
    general.Ticker: answers.TICKER,
    general.Leader: LEADER,
    general.Leaderboard: {
        "daily": [LEADER],
        "weekly": [LEADER],
        "monthly": [LEADER],
        "all-time": [LEADER],
    },
    general.Candle: {"time": TIME, "open": 5, "high": 6, "low": 4, "close": 5, "volume": 1},
    general.FundingSettlement: {"id": "s", "time": TIME, "fundingRate": 0.1, "fixingPrice": 5},
    general.BestPrice: {"askPrice": 6, "bidPrice": 5},
    stream.Hello: {"version": "1"},
    stream.StreamTime: {"time": MS},
    stream.Authenticated: {"authenticated": True, "permissions": ["account:read"]},
    stream.WhoAmI: {"userId": "u", "permissions": ["account:read"]},
    stream.Subscribed: {"subscribed": ["t"]},
    stream.Unsubscribed: {"unsubscribed": ["t"]},
    stream.FundingNow: FUNDING,
    stream.TickerPush: {"time": MS, "lastPrice": 5, "index": 5, "funding": FUNDING},
    stream.LastPricePush: {"time": MS, "lastPrice": 5},
    stream.IndexPush: {"time": MS, "index": 5},
    stream.BucketsPush: {"time": MS, "buckets": [BUCKET]},
    stream.FundingPush: {"current": FUNDING},
    stream.AccountHint: {"event": "closed"},
}

SHOWN = "shown to the owner and used for nothing else"
EXECUTABLE = "without it the position is DEGRADED, never guarded by a guess"
KEPT = "the last one known goes on being used, and grows old"
UNTOLD = "unknown stays unknown: nothing can be concluded from it"
ABSENT: dict[type[Struct], dict[str, str]] = {
    account.Account: {"email": SHOWN, "linkingPublicKey": SHOWN},
    account.Address: {"createdAt": SHOWN},
    account.LightningDeposit: {"settledAt": SHOWN, "comment": SHOWN},
    account.OnChainDeposit: {"blockHeight": SHOWN},
    account.LightningWithdrawal: {"destination": SHOWN},
    account.OnChainWithdrawal: {"fee": SHOWN, "txId": SHOWN},
    account.Notification: dict.fromkeys(("message", "read", "type", "event", "data"), SHOWN),
    account.Swap: {"createdAt": SHOWN},
    futures.Trade: {
        "stoplossTrailingDistance": "no trailing stop is the less protected of the two",
        "entryPrice": SHOWN,
        "entryMargin": "without it the counter of all margin added is unknown",
        "exitPrice": "how it ended is then unknown",
        "filledAt": SHOWN,
        "closedAt": SHOWN,
        "clientId": UNTOLD,
    },
    futures.CrossOrder: {"filledAt": SHOWN, "canceledAt": SHOWN, "clientId": UNTOLD},
    futures.CrossPosition: {
        "initialMargin": "nothing reads it",
        "entryPrice": "refused unless flat",
        "liquidation": "refused unless flat",
    },
    general.Bucket: {"askPrice": EXECUTABLE, "bidPrice": EXECUTABLE},
    general.Ticker: {"priceChange24h": SHOWN, "exchangesWeights": SHOWN},
    stream.Authenticated: {"permissions": "whether the key can withdraw is then unknown"},
    stream.WhoAmI: {"permissions": SHOWN},
    stream.FundingNow: {"rate": KEPT, "time": KEPT},
    stream.TickerPush: {"lastPrice": KEPT, "index": KEPT, "funding": KEPT},
    stream.AccountHint: {"event": "any hint has the account read anew"},
}

SIGNED = {
    "amount",
    "deltaPl",
    "direction",
    "fee",
    "fundingFees",
    "fundingRate",
    "maintenanceMargin",
    "pl",
    "quantity",
    "rate",
    "ratio",
    "sumFundingFees",
    "totalPl",
    "tradingFees",
}
"""Fields in which a number below zero means something."""

PRICES = {
    "askPrice",
    "bidPrice",
    "close",
    "entryPrice",
    "exitPrice",
    "fixingPrice",
    "high",
    "index",
    "lastPrice",
    "leverage",
    "liquidation",
    "low",
    "open",
    "price",
}
"""Fields in which 0 means nothing."""

CASES = [
    pytest.param(model, field, id=f"{model.__name__}.{field}")
    for model in SAMPLES
    for field in dict.fromkeys(way.field for way in malformed.ways(model, SAMPLES[model]))
]


def ways(model: type[Struct], field: str) -> list[Way]:
    return [way for way in malformed.ways(model, SAMPLES[model]) if way.field == field]


def test_every_model_has_a_sample_that_reads():
    assert set(models()) == set(SAMPLES)
    for model, sample in SAMPLES.items():
        decode(model, json.dumps(sample), what="sample")


def test_every_field_that_may_be_absent_says_why_that_calms_nobody():
    may = {model: optional(model) for model in models() if optional(model)}

    assert may == {model: set(fields) for model, fields in ABSENT.items()}


def test_there_are_many_fields_and_many_more_ways():
    assert len(CASES) >= 150
    assert sum(len(list(malformed.ways(*pair))) for pair in SAMPLES.items()) >= 2_500


@pytest.mark.parametrize(("model", "field"), CASES)
def test_a_wrong_field_is_refused_or_read_as_it_was_sent(model: type[Struct], field: str):
    for way in ways(model, field):
        try:
            value = decode(model, way.text(SAMPLES[model]), what="answer")
        except VenueAnswerInvalid:
            continue
        read = told(value, way.path)
        if way.raw in (None, "null"):
            assert field.rsplit(".", maxsplit=1)[-1] in ABSENT[way.model], way
            assert read in (None, (), {}, UNSET, 0, "changed"), way
            continue
        assert is_faithful(read, way.raw), (way, read)
        _check_number(field.rsplit(".", maxsplit=1)[-1], read, way)


def _check_number(name: str, read: object, way: Way) -> None:
    if isinstance(read, bool) or not isinstance(read, int | Decimal):
        return
    assert -(10**16) <= read <= 10**16, way
    assert read >= 0 or name in SIGNED, way
    assert read > 0 or name not in PRICES, way


@pytest.mark.parametrize("model", SAMPLES, ids=lambda model: model.__name__)
def test_a_field_nobody_knows_changes_nothing(model: type[Struct]):
    plain = decode(model, json.dumps(SAMPLES[model]), what="answer")
    more = {**SAMPLES[model], "brandNew": {"a": [1, None]}, "Margin": 5}

    assert decode(model, json.dumps(more), what="answer") == plain


@pytest.mark.parametrize("model", SAMPLES, ids=lambda model: model.__name__)
@pytest.mark.parametrize("raw", ["null", "5", '"text"', "[]", "{}", "true", "NaN", ""])
def test_an_answer_of_another_shape_is_refused(model: type[Struct], raw: str):
    if raw == "{}" and not any(f not in optional(model) for f in SAMPLES[model]):
        return  # nothing of it is needed
    with pytest.raises(VenueAnswerInvalid):
        decode(model, raw, what="answer")


NUMBER = st.one_of(
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["1e308", "-1e308", "1e-308", "0.1", "0.30000000000000004", "-0"]),
).map(str)


@given(st.sampled_from(CASES), NUMBER)
def test_no_number_is_ever_a_float(case, raw):
    model, field = case.values
    way = ways(model, field)[0]._replace(raw=raw)
    try:
        value = decode(model, way.text(SAMPLES[model]), what="answer")
    except VenueAnswerInvalid:
        return

    assert not any(isinstance(number, float) for number in numbers(value))
