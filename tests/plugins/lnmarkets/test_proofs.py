"""What is read to prove that something happened, or did not: whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.links import account_client
from tests.plugins.lnmarkets.server import Script

from axisor.errors import VenueAnswerInvalid
from axisor.intents import CrossOrder
from axisor.model import Side
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_server.domain.witness import Baseline, judge
from axisor_server.engine.reconcile import gather

ISO, X = "/v3/futures/isolated", "/v3/futures/cross"
ID = answers.TRADE_ID


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


async def test_a_client_id_is_looked_for_everywhere(venue: Script, account: LnMarketsAccount):
    mine = {"clientId": "mine"}
    venue.on(f"GET {ISO}/trades/running", [{**answers.RUNNING, **mine}])
    venue.on(f"GET {ISO}/trades/open", [{**answers.OPEN, **mine}, answers.OPEN])
    venue.on(f"GET {ISO}/trades/closed", answers.page({**answers.CLOSED, **mine}))
    venue.on(f"GET {ISO}/trades/canceled", answers.page({**answers.CANCELED, **mine}))
    venue.on(f"GET {X}/orders/open", [{**answers.CROSS_OPEN, **mine}])
    venue.on(f"GET {X}/orders/filled", answers.page({**answers.CROSS_FILLED, **mine}))

    found = await account.find_order("mine")

    kinds = [type(item).__name__ for item in found]
    assert kinds == ["Position", "Order", "ClosedPosition", "Order", "Order", "Order"]


async def test_an_unreadable_list_proves_no_absence(venue: Script, account: LnMarketsAccount):
    venue.on(f"GET {ISO}/trades/running", [{"id": "bad"}])

    with pytest.raises(VenueAnswerInvalid):
        await account.find_order("mine")


async def test_transfers_stop_at_the_last_one_seen(venue: Script, account: LnMarketsAccount):
    rows = [{"id": f"t{n}", "amount": n, "time": "2026-10-01T12:00:00Z"} for n in (3, 2, 1)]
    venue.on(f"GET {X}/transfers", answers.page(*rows, cursor="more"))

    transfers = await account.transfers(after="t1")

    assert [transfer.id for transfer in transfers] == ["t3", "t2"]


async def test_a_ledger_without_the_row_it_held_is_not_whole(
    venue: Script, account: LnMarketsAccount
):
    rows = [{"id": f"t{n}", "amount": n, "time": "2026-10-01T12:00:00Z"} for n in (3, 2)]
    for page in (answers.page(*rows), answers.page()):
        venue.on(f"GET {X}/transfers", page)

        with pytest.raises(VenueAnswerInvalid, match="not whole"):
            await account.transfers(after="t1")


LEDGERS = {
    "a page without its cursor": [{"data": []}],
    "a circle": [answers.page(cursor="a")],
    "an unreadable row": [
        answers.page({"id": "t9", "amount": "5", "time": "2026-10-01T12:00:00Z"})
    ],
    "rows out of order": [
        answers.page(
            {"id": "t1", "amount": 1, "time": "2026-10-01T12:00:00Z"},
            {"id": "t2", "amount": 1, "time": "2026-10-01T12:00:01Z"},
        )
    ],
    "a cursor that is a number": [{"data": [], "nextCursor": 5}],
}


@pytest.mark.parametrize("name", LEDGERS)
async def test_a_ledger_that_cannot_be_walked_proves_nothing(
    venue: Script, account: LnMarketsAccount, name: str
):
    venue.on(f"GET {X}/transfers", *LEDGERS[name])

    with pytest.raises(VenueAnswerInvalid):
        await account.transfers(after=None)


async def test_a_fee_that_moved_to_the_next_page_is_paid_once(
    venue: Script, account: LnMarketsAccount
):
    fees = [
        {"time": f"2026-10-01T0{n}:00:00Z", "settlementId": f"b{n}", "tradeId": ID, "fee": 100}
        for n in (3, 2, 1)
    ]
    first, second = answers.page(*fees[:2], cursor="c"), answers.page(*fees[1:])
    venue.on(f"GET {ISO}/funding-fees", first, second)

    paid = await account.funding_paid(ID)

    assert [fee.settlement for fee in paid] == ["b3", "b2", "b1"]


@pytest.mark.parametrize("path", ["trades/open", "trades/running", "trades/closed"])
async def test_an_order_whose_client_id_is_not_told_is_not_absent(
    venue: Script, account: LnMarketsAccount, path: str
):
    rows = {"open": answers.OPEN, "running": answers.RUNNING, "closed": answers.CLOSED}
    row = {**rows[path.split("/")[1]]}
    del row["clientId"]
    venue.on(f"GET {ISO}/{path}", answers.page(row) if "closed" in path else [row])

    with pytest.raises(VenueAnswerInvalid, match="cannot be told"):
        await account.find_order("mine")


async def test_an_order_is_looked_for_in_the_order_of_its_life(
    venue: Script, account: LnMarketsAccount
):
    await account.find_order("mine")

    paths = [seen.path.removeprefix("/v3/futures/") for seen in venue.seen[1:]]
    running = paths.index("isolated/trades/running")
    assert set(paths[:running]) == {"isolated/trades/open", "cross/orders/open"}
    assert set(paths[running + 1 :]) == {
        "isolated/trades/closed",
        "isolated/trades/canceled",
        "cross/orders/filled",
    }


async def test_done_orders_are_looked_for_on_more_than_the_first_page(
    venue: Script, account: LnMarketsAccount
):
    mine = {**answers.CROSS_FILLED, "id": "x", "clientId": "mine"}
    venue.on(
        f"GET {X}/orders/filled", answers.page(answers.CROSS_FILLED, cursor="c"), answers.page(mine)
    )

    found = await account.find_order("mine")

    assert [item.id for item in found] == ["x"]
    assert venue.calls(f"{X}/orders/filled")[1].query == "limit=1000&cursor=c"


async def test_two_orders_with_one_client_id_are_both_told_and_settle_nothing(
    venue: Script, account: LnMarketsAccount
):
    twins = [{**answers.CROSS_FILLED, "id": id, "clientId": "mine"} for id in ("x", "y")]
    venue.on(f"GET {X}/orders/filled", answers.page(*twins))
    action = CrossOrder(side=Side.BUY, quantity=1_000, client_id="mine")

    evidence = await gather(
        account, action, Baseline(), state_of=account.read, market_us=0, final=True
    )
    verdict = judge(action, Baseline(), evidence, fenced=True)

    assert evidence.found is not None
    assert [item.id for item in evidence.found] == ["x", "y"]
    assert (verdict.state, verdict.message) == (None, "Several orders carry the same client id.")
