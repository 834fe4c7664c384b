"""Malformed answers through the whole client: what is bad is named, and hides nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import Struct
from tests.plugins.lnmarkets import answers, malformed
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.links import SEED, account_client, rest_client
from tests.plugins.lnmarkets.malformed import Way
from tests.plugins.lnmarkets.server import Script, answer

from axisor import maths
from axisor.errors import VenueAnswerInvalid, VenueError
from axisor.intents import AddMargin, CrossOrder
from axisor.model import CROSS, Position, Side
from axisor.ports import Confirmed, Unknown
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.convert import CALMER
from axisor_lnmarkets.models import account, futures, general, stream
from axisor_lnmarkets.models.stream import BUCKETS, FUNDING, INDEX, LAST_PRICE, TICKER
from axisor_lnmarkets.picture import Picture
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.stream import Push, read_message
from axisor_lnmarkets.wire import parse

ISO, X = "/v3/futures/isolated", "/v3/futures/cross"
ID = answers.TRADE_ID
STAMP = 1_790_856_000_000
START = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
async def client(venue: Script) -> AsyncIterator[LnMarketsAccount]:
    """Return an account at a venue with one position, one order and a cross position."""
    venue.on("GET /v3/time", answers.TIME)
    venue.on("GET /v3/account", answers.ACCOUNT)
    venue.on(f"GET {ISO}/trades/running", [answers.RUNNING])
    venue.on(f"GET {ISO}/trades/open", [answers.OPEN])
    venue.on(f"GET {X}/position", answers.CROSS)
    venue.on(f"GET {X}/orders/open", [answers.CROSS_OPEN])
    found = account_client(venue.url)
    yield found
    await found.aclose()


def fields(model: type[Struct], sample: Any) -> list[Any]:
    names = dict.fromkeys(way.field for way in malformed.ways(model, sample))
    return [pytest.param(name, id=name) for name in names]


def ways(model: type[Struct], sample: Any, field: str) -> list[Way]:
    return [way for way in malformed.ways(model, sample) if way.field == field]


def rows(model: type[Struct], sample: Any, field: str) -> list[str]:
    """Return rows wrong in one field, each with a name of its own, which are JSON all the same."""
    found = []
    for n, way in enumerate(ways(model, sample, field)):
        text = way.text({**sample, "id": f"wrong-{n}"})
        try:
            parse(text)
        except VenueAnswerInvalid:
            continue
        found.append(text)
    return found


def listed(rows: list[str]) -> bytes:
    return answer(f"[{','.join(rows)}]".encode())


def is_not_calmer(position: Position) -> bool:
    """Return whether a liquidation is no farther than the margin carries it."""
    reckoned = maths.liquidation(position.side, position.quantity, position.entry, position.margin)
    beyond = position.side.sign * (reckoned - position.liquidation)
    return beyond <= CALMER * position.entry


@pytest.mark.parametrize("field", fields(futures.Trade, answers.RUNNING))
async def test_wrong_positions_are_named_and_the_good_one_is_read(
    venue: Script, client: LnMarketsAccount, field: str
):
    wrong = rows(futures.Trade, answers.RUNNING, field)
    venue.on(f"GET {ISO}/trades/running", listed([*wrong, json.dumps(answers.RUNNING)]))

    state = await client.read()

    isolated = [p for p in state.positions if p.id != CROSS]
    assert isolated[-1].id == ID
    assert len(isolated) + len(state.unreadable) == len(wrong) + 1
    assert all(is_not_calmer(position) for position in isolated)
    assert len(state.orders) == 2


@pytest.mark.parametrize("field", fields(futures.CrossPosition, answers.CROSS))
async def test_a_wrong_cross_position_is_unreadable_and_hides_no_other(
    venue: Script, client: LnMarketsAccount, field: str
):
    for way in ways(futures.CrossPosition, answers.CROSS, field):
        venue.on(f"GET {X}/position", answer(way.text(answers.CROSS).encode()))

        state = await client.read()

        cross = state.position(CROSS)
        assert state.position(ID) is not None
        if cross is None and field != "quantity":
            assert state.unreadable == (CROSS,), way
        assert cross is None or is_not_calmer(cross), way


@pytest.mark.parametrize("field", fields(futures.CrossOrder, answers.CROSS_OPEN))
async def test_wrong_orders_are_named(venue: Script, client: LnMarketsAccount, field: str):
    wrong = rows(futures.CrossOrder, answers.CROSS_OPEN, field)
    venue.on(f"GET {X}/orders/open", listed([*wrong, json.dumps(answers.CROSS_OPEN)]))

    state = await client.read()

    assert len(state.orders) - 1 + len(state.unreadable) == len(wrong) + 1
    assert state.position(ID) is not None


@pytest.mark.parametrize("field", fields(account.Account, answers.ACCOUNT))
async def test_a_wrong_balance_is_an_error_never_a_default(
    venue: Script, client: LnMarketsAccount, field: str
):
    for way in ways(account.Account, answers.ACCOUNT, field):
        text = way.text(answers.ACCOUNT)
        venue.on("GET /v3/account", answer(text.encode()))
        try:
            state = await client.read()
        except VenueAnswerInvalid:
            continue
        assert state.balance.free == json.loads(text)["balance"], way


@pytest.mark.parametrize("field", fields(general.Ticker, answers.TICKER))
async def test_a_wrong_ticker_is_an_error_or_exact(venue: Script, rest: Rest, field: str):
    for way in ways(general.Ticker, answers.TICKER, field):
        text = way.text(answers.TICKER)
        venue.on("GET /v3/futures/ticker", answer(text.encode()))
        picture = Picture()
        try:
            picture.apply_rest(await rest.general.ticker())
        except VenueAnswerInvalid:
            continue
        tick = picture.tick(received=START, source="rest")
        sent = parse(text)
        assert tick is not None
        assert (tick.last, tick.index) == (sent["lastPrice"], sent["index"]), way
        for bucket, said in zip(tick.buckets, sent["prices"], strict=True):
            assert (bucket.bid, bucket.ask) == (said.get("bidPrice"), said.get("askPrice")), way


@pytest.mark.parametrize("field", fields(futures.Trade, answers.RUNNING))
async def test_a_wrong_answer_to_a_change_is_unknown_never_refused(
    venue: Script, client: LnMarketsAccount, field: str
):
    for way in ways(futures.Trade, answers.RUNNING, field):
        venue.on(f"POST {ISO}/trade/add-margin", answer(way.text(answers.RUNNING).encode()))

        result = await client.send(AddMargin(position=ID, amount=5), signed_at_ms=STAMP)

        assert isinstance(result, Unknown | Confirmed), way
        if isinstance(result, Confirmed):
            assert result.venue_id == ID
            assert result.position is not None
            assert is_not_calmer(result.position), way


@pytest.mark.parametrize("field", fields(futures.CrossOrder, answers.CROSS_FILLED))
async def test_a_wrong_answer_to_an_order_is_unknown_never_refused(
    venue: Script, client: LnMarketsAccount, field: str
):
    action = CrossOrder(side=Side.BUY, quantity=1_000, client_id="mine")
    sample = {**answers.CROSS_FILLED, "clientId": "mine"}
    for way in ways(futures.CrossOrder, sample, field):
        venue.on(f"POST {X}/order", answer(way.text(sample).encode()))

        result = await client.send(action, signed_at_ms=STAMP)

        assert isinstance(result, Unknown | Confirmed), way
        if isinstance(result, Confirmed):
            assert result.order is not None
            assert (result.order.quantity, result.order.client_id) == (1_000, "mine"), way


PUSHES: dict[str, tuple[type[Struct], Any]] = {
    TICKER: (
        stream.TickerPush,
        {"time": STAMP, "lastPrice": 5, "index": 5, "funding": {"rate": 0.1, "time": STAMP}},
    ),
    LAST_PRICE: (stream.LastPricePush, {"time": STAMP, "lastPrice": 5}),
    INDEX: (stream.IndexPush, {"time": STAMP, "index": 5}),
    BUCKETS: (
        stream.BucketsPush,
        {"time": STAMP, "buckets": [{"minSize": 0, "maxSize": 9, "bidPrice": 4, "askPrice": 5}]},
    ),
    FUNDING: (stream.FundingPush, {"current": {"rate": 0.1, "time": STAMP}}),
}


@pytest.mark.parametrize(
    ("topic", "field"),
    [
        pytest.param(topic, case.values[0], id=f"{topic.split('/')[-1]}-{case.id}")
        for topic, (model, sample) in PUSHES.items()
        for case in fields(model, sample)
    ],
)
def test_a_wrong_push_is_an_error_or_exact_and_invents_no_price(topic: str, field: str):
    model, sample = PUSHES[topic]
    for way in ways(model, sample, field):
        text = way.text(sample)
        picture = Picture()
        try:
            picture.apply(Push(topic, parse(text)))
        except VenueAnswerInvalid:
            continue
        picture.apply(Push(LAST_PRICE, {"time": STAMP + 1, "lastPrice": 7}))
        picture.apply(Push(BUCKETS, {"time": STAMP + 1, "buckets": []}))
        tick = picture.tick(received=START, source="stream")
        sent = parse(text)
        assert tick is None or tick.last in (7, sent.get("lastPrice")), way
        assert tick is None or tick.index in (None, sent.get("index")), way


ENVELOPES = {
    "answer": {"jsonrpc": "2.0", "id": "a", "result": {"x": 1}},
    "error": {"id": "a", "error": {"code": -32602, "message": "m", "data": {"code": "X"}}},
    "push": {"method": "subscription", "params": {"topic": LAST_PRICE, "data": {}}},
}
RAW = (*malformed.ALWAYS, *malformed.NUMBERS, '"' + "x" * 10_000 + '"')


def places(value: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, inner in value.items():
        found.append((*prefix, name))
        found += places(inner, (*prefix, name)) if isinstance(inner, dict) else []
    return found


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        pytest.param(kind, path, id=f"{kind}-{'.'.join(path)}")
        for kind, message in ENVELOPES.items()
        for path in places(message)
    ],
)
def test_a_wrong_frame_is_a_message_or_an_error(kind: str, path: tuple[str, ...]):
    for raw in (None, *RAW):
        text = Way(stream.Hello, path, raw).text(ENVELOPES[kind])
        try:
            message = read_message(text)
        except VenueAnswerInvalid:
            continue
        assert message.method is None or isinstance(message.method, str)
        assert message.id is None or isinstance(message.id, str)


async def test_one_absurd_stamp_does_not_end_all_prices(venue: Script):
    rest = rest_client(venue.url)
    picture = Picture()
    far = {**answers.TICKER, "time": "2199-01-01T00:00:00.000Z"}
    venue.on("GET /v3/futures/ticker", far, answers.TICKER)

    picture.apply_rest(await rest.general.ticker())
    later = Picture()  # as after each break of the stream
    news = later.apply_rest(await rest.general.ticker())

    assert news
    await rest.transport.aclose()


@pytest.mark.parametrize("status", [404, 405, 410])
@pytest.mark.parametrize("path", [f"{ISO}/trades/running", f"{ISO}/trades/open", "/v3/account"])
async def test_an_endpoint_that_is_gone_is_an_error_never_an_empty_list(
    venue: Script, client: LnMarketsAccount, path: str, status: int
):
    body = b"Not found" if status == 404 else {"code": "GONE", "message": "gone"}
    venue.on(f"GET {path}", answer(body, status))

    with pytest.raises(VenueError) as caught:
        await client.read()

    assert isinstance(caught.value, VenueAnswerInvalid)
    assert caught.value.metadata["endpoint"] == path


async def test_a_cross_position_that_is_gone_is_unreadable_and_the_rest_is_guarded(
    venue: Script, client: LnMarketsAccount
):
    venue.on(f"GET {X}/position", answer({"code": "GONE"}, 410))

    state = await client.read()

    assert state.unreadable == (CROSS,)
    assert state.position(ID) is not None


async def test_a_history_that_is_gone_hides_no_position(venue: Script, client: LnMarketsAccount):
    venue.on(f"GET {ISO}/trades/closed", answer(b"Not found", 404))

    assert await client.closed_position("over") is None
    with pytest.raises(VenueAnswerInvalid):
        await client.find_order("mine")


@pytest.mark.parametrize("said", [60, 90_000_000, 400 * 86_400])
async def test_a_liquidation_too_good_to_be_true_is_not_believed(
    venue: Script, client: LnMarketsAccount, said: int
):
    side = "buy" if said < 90_000 else "sell"
    row = {**answers.RUNNING, "side": side, "liquidation": said, "stoploss": 0}
    venue.on(f"GET {ISO}/trades/running", [row])

    state = await client.read()

    assert state.position(ID) is None
    assert ID in state.unreadable


def test_the_clock_of_the_tests_has_not_moved():
    assert JumpingClock().now() - START == timedelta(0)
    assert SEED > 0
