"""An account: what it reads, and that each action is sent once and never guessed at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.links import account_client
from tests.plugins.lnmarkets.server import HANG_UP, Script, answer

from axisor.errors import (
    FieldInvalid,
    NotSupported,
    VenueUnavailable,
)
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import CROSS, CrossWallet, MarginMode, OrderState, OrderType, Side
from axisor.ports import Confirmed, Lane, Refused, Unknown
from axisor_lnmarkets.account import LnMarketsAccount

ISO, X = "/v3/futures/isolated", "/v3/futures/cross"
ID = answers.TRADE_ID
STAMP = 1_790_856_000_000


@pytest.fixture
async def account(venue: Script) -> AsyncIterator[LnMarketsAccount]:
    """Return an account at a venue with one position, one order and a cross position."""
    venue.on("GET /v3/time", answers.TIME)
    venue.on("GET /v3/account", answers.ACCOUNT)
    venue.on(f"GET {ISO}/trades/running", [answers.RUNNING])
    venue.on(f"GET {ISO}/trades/open", [answers.OPEN])
    venue.on(f"GET {ISO}/trades/closed", answers.page())
    venue.on(f"GET {ISO}/trades/canceled", answers.page())
    venue.on(f"GET {X}/position", answers.CROSS)
    venue.on(f"GET {X}/orders/open", [answers.CROSS_OPEN])
    venue.on(f"GET {X}/orders/filled", answers.page())
    client = account_client(venue.url)
    yield client
    await client.aclose()


async def test_a_read_brings_everything(account: LnMarketsAccount):
    state = await account.read()

    assert state.balance.free == 897_900
    assert [position.id for position in state.positions] == [ID, CROSS]
    assert [order.id for order in state.orders] == [answers.OPEN["id"], "91c4"]
    assert state.cross == CrossWallet(margin=499_000, leverage=10)
    assert (state.unreadable, state.read_at is not None) == ((), True)


async def test_a_flat_cross_position_is_no_position(venue: Script, account: LnMarketsAccount):
    venue.on(f"GET {X}/position", answers.FLAT)

    state = await account.read(lane=Lane.GUARD)

    assert [position.id for position in state.positions] == [ID]


async def test_unreadable_positions_hide_no_others(venue: Script, account: LnMarketsAccount):
    venue.on(
        f"GET {ISO}/trades/running",
        [
            {**answers.RUNNING, "id": "bad", "liquidation": 0},
            answers.RUNNING,
            {**answers.OPEN, "id": "misplaced"},
        ],
    )
    venue.on(f"GET {X}/position", {**answers.CROSS, "margin": "much"})

    state = await account.read()

    assert [position.id for position in state.positions] == [ID]
    assert state.unreadable == ("bad", "misplaced", CROSS)


async def test_a_read_that_fails_in_part_fails(venue: Script, account: LnMarketsAccount):
    venue.on(f"GET {ISO}/trades/open", answer(b"", 502))

    with pytest.raises(VenueUnavailable):
        await account.read()


async def test_a_part_that_was_one_request_too_many_is_asked_for_again(
    venue: Script, account: LnMarketsAccount
):
    crowded = answer({"code": "TOO_MANY_REQUESTS"}, 429)
    venue.on(f"GET {X}/position", crowded, answer(answers.CROSS))

    state = await account.read()

    assert [position.id for position in state.positions] == [ID, CROSS]
    assert [len(venue.calls(f"{X}/{part}")) for part in ("position", "orders/open")] == [2, 1]


async def test_a_venue_that_does_not_answer_is_asked_for_one_thing_only(
    venue: Script, account: LnMarketsAccount
):
    venue.on("GET /v3/account", answer(b"", 503), answer(b"", 503), answer(answers.ACCOUNT))
    with pytest.raises(VenueUnavailable):
        await account.read()
    before = len(venue.seen)

    with pytest.raises(VenueUnavailable):
        await account.read()
    asked = [request.path for request in venue.seen[before:]]
    state = await account.read()

    assert asked == ["/v3/account"]
    assert state.balance.free == 897_900
    assert [position.id for position in state.positions] == [ID, CROSS]


async def test_the_venues_clock_is_known_before_the_first_signature(
    venue: Script, account: LnMarketsAccount
):
    venue.on("GET /v3/time", {"time": "2026-10-01T13:00:00.000Z"})

    await account.read()

    assert venue.seen[0].path == "/v3/time"
    stamps = [int(r.headers["lnm-access-timestamp"]) for r in venue.calls("/v3/account")]
    assert stamps[0] >= STAMP + 3_600_000


CLOSED_FLAT = {**answers.CROSS_FILLED, "side": "sell"}
ACTIONS: list[tuple[Any, str, str, Any]] = [
    (
        OpenPosition(side=Side.BUY, leverage=10, quantity=1000),
        f"POST {ISO}/trade",
        '{"type":"market","side":"buy","leverage":10,"quantity":1000}',
        answers.RUNNING,
    ),
    (
        OpenPosition(
            side=Side.BUY,
            leverage=Decimal(100),
            quantity=1,
            type=OrderType.LIMIT,
            price=Decimal(100_000),
            client_id="test-client-id",
        ),
        f"POST {ISO}/trade",
        '{"type":"limit","side":"buy","leverage":100,"quantity":1,"price":100000,'
        '"clientId":"test-client-id"}',
        answers.OPEN,
    ),
    (
        AddMargin(position=ID, amount=5),
        f"POST {ISO}/trade/add-margin",
        f'{{"id":"{ID}","amount":5}}',
        answers.RUNNING,
    ),
    (
        CashIn(position=ID, amount=5),
        f"POST {ISO}/trade/cash-in",
        f'{{"id":"{ID}","amount":5}}',
        answers.RUNNING,
    ),
    (ClosePosition(position=ID), f"POST {ISO}/trade/close", f'{{"id":"{ID}"}}', answers.CLOSED),
    (ClosePosition(position=CROSS), f"POST {X}/position/close", "", CLOSED_FLAT),
    (
        SetStop(position=ID, price=Decimal(95_000)),
        f"PUT {ISO}/trade/stoploss",
        f'{{"id":"{ID}","value":95000,"mode":"fixed"}}',
        answers.RUNNING,
    ),
    (
        SetStop(position=ID, price=None),
        f"DELETE {ISO}/trade/stoploss?id={ID}",
        "",
        {**answers.RUNNING, "stoploss": 0},
    ),
    (
        SetTakeProfit(position=ID, price=Decimal("120000.5")),
        f"PUT {ISO}/trade/takeprofit",
        f'{{"id":"{ID}","value":120000.5}}',
        {**answers.RUNNING, "takeprofit": 120000.5},
    ),
    (
        SetTakeProfit(position=ID, price=None),
        f"DELETE {ISO}/trade/takeprofit?id={ID}",
        "",
        answers.RUNNING,
    ),
    (
        CancelOrder(order=answers.OPEN["id"]),
        f"POST {ISO}/trade/cancel",
        f'{{"id":"{answers.OPEN["id"]}"}}',
        answers.CANCELED,
    ),
    (
        CancelOrder(order="91c4", margin_mode=MarginMode.CROSS),
        f"POST {X}/order/cancel",
        '{"id":"91c4"}',
        answers.CROSS_CANCELED,
    ),
    (CancelAllOrders(), f"POST {ISO}/trades/cancel-all", "", [answers.CANCELED]),
    (CancelAllOrders(margin_mode=MarginMode.CROSS), f"POST {X}/orders/cancel-all", "", []),
    (
        CrossOrder(side=Side.BUY, quantity=100, type=OrderType.LIMIT, price=Decimal(95_000)),
        f"POST {X}/order",
        '{"type":"limit","side":"buy","quantity":100,"price":95000}',
        answers.CROSS_OPEN,
    ),
    (DepositCross(amount=5), f"POST {X}/deposit", '{"amount":5}', answers.CROSS),
    (WithdrawCross(amount=5), f"POST {X}/withdraw", '{"amount":5}', answers.FLAT),
    (SetCrossLeverage(leverage=10), f"PUT {X}/leverage", '{"leverage":10}', answers.CROSS),
]


@pytest.mark.parametrize(("action", "target", "body", "said"), ACTIONS, ids=[a[1] for a in ACTIONS])
async def test_an_action_is_its_one_call_and_confirmed(
    venue: Script, account: LnMarketsAccount, action, target, body, said
):
    venue.on(target.split("?")[0], said)

    result = await account.send(action, signed_at_ms=STAMP)

    assert isinstance(result, Confirmed)
    (request,) = venue.seen
    assert f"{request.method} {request.target}" == target
    assert request.body.decode() == body
    assert request.headers["lnm-access-timestamp"] == str(STAMP)


async def test_a_confirmation_carries_what_the_venue_says(venue: Script, account: LnMarketsAccount):
    venue.on(f"POST {ISO}/trade/close", answers.CLOSED)
    venue.on(f"POST {ISO}/trade/cancel", answers.CANCELED)
    venue.on(f"POST {ISO}/trade/add-margin", answers.RUNNING)

    closed = await account.send(ClosePosition(position=ID), signed_at_ms=STAMP)
    canceled = await account.send(CancelOrder(order=answers.OPEN["id"]), signed_at_ms=STAMP)
    added = await account.send(AddMargin(position=ID, amount=1), signed_at_ms=STAMP)

    assert isinstance(closed, Confirmed)
    assert closed.closed is not None
    assert closed.closed.pl == 90_909
    assert isinstance(canceled, Confirmed)
    assert canceled.order is not None
    assert canceled.order.state is OrderState.CANCELED
    assert isinstance(added, Confirmed)
    assert added.position is not None
    assert added.position.margin == 100_000


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (AddMargin(position=CROSS, amount=1), NotSupported),
        (CashIn(position=CROSS, amount=1), NotSupported),
        (SetStop(position=CROSS, price=None), NotSupported),
        (SetTakeProfit(position=CROSS, price=None), NotSupported),
        (OpenPosition(side=Side.BUY, leverage=1), FieldInvalid),
        (OpenPosition(side=Side.BUY, leverage=Decimal(1) / 3, quantity=1), FieldInvalid),
        (CrossOrder(side=Side.BUY, quantity=1, type=OrderType.LIMIT), FieldInvalid),
    ],
)
async def test_what_the_venue_does_not_offer_is_refused_unsent(
    venue: Script, account: LnMarketsAccount, action, error
):
    result = await account.send(action, signed_at_ms=STAMP)

    assert isinstance(result, Refused)
    assert isinstance(result.error, error)
    assert venue.seen == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (HANG_UP, Unknown),
        (answer(b"", 502), Unknown),
        (answer(b"{}"), Unknown),
        (answer({**answers.RUNNING, "id": "other"}), Unknown),
        (answer({"code": "BAD_REQUEST"}, 400), Refused),
        (answer({"code": "UNAUTHORIZED"}, 401), Refused),
        (answer({"code": "TOO_MANY_REQUESTS"}, 429), Refused),
    ],
)
async def test_a_send_never_raises_and_never_repeats(
    venue: Script, account: LnMarketsAccount, reply, kind
):
    venue.on(f"POST {ISO}/trade/add-margin", reply)

    result = await account.send(AddMargin(position=ID, amount=1), signed_at_ms=STAMP)

    assert isinstance(result, kind)
    assert len(venue.seen) == 1


async def test_how_a_position_ended_is_found_on_any_page(venue: Script, account: LnMarketsAccount):
    old = {**answers.CLOSED, "id": "old", "exitPrice": 90909, "pl": -100000}
    venue.on(
        f"GET {ISO}/trades/closed", answers.page(answers.CLOSED, cursor="c"), answers.page(old)
    )

    closed = await account.closed_position("old")

    assert closed is not None
    assert closed.end == "liquidated"
    assert venue.calls(f"{ISO}/trades/closed")[1].query == "cursor=c"


async def test_a_position_that_runs_has_not_ended(account: LnMarketsAccount):
    assert await account.closed_position(ID) is None
    assert await account.closed_position(CROSS) is None


async def test_a_position_nobody_lists_has_not_ended_yet(account: LnMarketsAccount):
    assert await account.closed_position("nowhere") is None


async def test_a_cross_position_ended_with_its_last_order(venue: Script, account: LnMarketsAccount):
    venue.on(f"GET {X}/position", answers.FLAT)
    last = {**answers.CROSS_FILLED, "type": "liquidation"}
    venue.on(f"GET {X}/orders/filled", answers.page(last))

    closed = await account.closed_position(CROSS)

    assert closed is not None
    assert (closed.end, closed.exit_price) == ("liquidated", Decimal(100_000))


async def test_funding_is_that_of_the_position(venue: Script, account: LnMarketsAccount):
    fee = {"time": "2026-10-01T08:00:00Z", "settlementId": "b1", "tradeId": ID, "fee": 100}
    venue.on(f"GET {ISO}/funding-fees", answers.page(fee, {**fee, "tradeId": "other"}))
    venue.on(f"GET {X}/funding-fees", answers.page({**fee, "tradeId": None, "fee": -7}))

    isolated = await account.funding_paid(ID)
    cross = await account.funding_paid(CROSS)

    assert [(f.position, f.fee, f.settlement) for f in isolated] == [(ID, 100, "b1")]
    assert [(f.position, f.fee) for f in cross] == [(CROSS, -7)]


async def test_a_warm_connection_is_used_for_the_next_call(
    venue: Script, account: LnMarketsAccount
):
    venue.on(f"POST {ISO}/trade/add-margin", answers.RUNNING)
    await account.warm()
    assert account.budget().waiting == 0

    await account.send(AddMargin(position=ID, amount=1), signed_at_ms=STAMP)

    assert venue.connections == 1
