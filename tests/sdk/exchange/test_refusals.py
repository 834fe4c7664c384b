"""Every refusal names its reason and leaves the market as it was, to the byte."""

import pickle
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from axisor.errors import FieldInvalid
from axisor.exchange import Market, NewTrade, Quote, Rejected, Rules
from tests.sdk.exchange.venue import BUY, LIMIT, MARKET, NOON, SELL, Venue


def order(**changes) -> NewTrade:
    return replace(NewTrade(type=MARKET, side=BUY, leverage=10, quantity=1000), **changes)


def limit(price: str, **changes) -> NewTrade:
    return order(type=LIMIT, price=D(price), **changes)


TRADES = {
    "leverage below one": (order(leverage=D("0.5")), "Leverage"),
    "leverage above a hundred": (order(leverage=101), "Leverage"),
    "leverage not a number": (order(leverage=D("nan")), "Leverage"),
    "quantity and margin": (order(margin=5), "exactly one"),
    "neither quantity nor margin": (order(quantity=None), "exactly one"),
    "no dollars": (order(quantity=0), "Quantity"),
    "too many dollars": (order(quantity=500_001), "Quantity"),
    "a margin below one dollar": (order(quantity=None, margin=1), "Quantity"),
    "no margin": (order(quantity=None, margin=0), "Margin"),
    "a price on a market order": (order(price=D(1)), "has no price"),
    "no price on a limit order": (order(type=LIMIT), "needs a price"),
    "a price off the step": (limit("100000.25"), "multiple of 0.5"),
    "a price below one": (limit("0.5"), "multiple of 0.5"),
    "a price too high": (limit("100000000.5"), "multiple of 0.5"),
    "a price not a number": (limit("nan"), "multiple of 0.5"),
    "more than the balance": (order(quantity=100_000), "Balance too low"),
    "an empty client id": (order(client_id=""), "Client id"),
    "a long client id": (order(client_id="x" * 65), "Client id"),
    "a stop above a long": (order(stoploss=D(100_000)), "reached at once"),
    "a stop beyond liquidation": (order(stoploss=D(90_000)), "beyond the liquidation"),
    "a stop off the step": (order(stoploss=D("95000.1")), "multiple of 0.5"),
    "a stop below zero": (order(stoploss=D(-1)), "multiple of 0.5"),
    "a stop below a short": (order(side=SELL, stoploss=D(99_000)), "reached at once"),
    "a target below a long": (order(takeprofit=D(100_000)), "reached at once"),
    "a target above a short": (order(side=SELL, takeprofit=D(101_000)), "reached at once"),
    "a target below a limit long": (limit("90000", takeprofit=D(89_000)), "reached at once"),
    "a trailing distance too small": (
        order(stoploss=D("0.0001"), stoploss_mode="trailing"),
        "Trailing distance",
    ),
    "a trailing distance beyond liquidation": (
        order(stoploss=D("0.5"), stoploss_mode="trailing"),
        "beyond the liquidation",
    ),
}


@pytest.mark.parametrize("case", TRADES)
def test_a_new_trade_is_refused_and_nothing_changes(case: str):
    asked, reason = TRADES[case]
    venue = Venue()
    before = venue.market.snapshot()

    with pytest.raises(Rejected, match=reason) as refused:
        venue.account.isolated.new_trade(venue.now, venue.quote, asked)

    assert (refused.value.code, refused.value.status) == ("BAD_REQUEST", 400)
    assert venue.market.snapshot() == before


Request = Callable[[Venue, str, str], object]

REQUESTS: dict[str, tuple[Request, str]] = {
    "close an unknown trade": (lambda v, r, w: v.account.isolated.close(v.now, v.quote, "x"), "NO"),
    "close a waiting trade": (lambda v, r, w: v.account.isolated.close(v.now, v.quote, w), ""),
    "cancel a running trade": (lambda v, r, w: v.account.isolated.cancel(v.now, r), ""),
    "add to a waiting trade": (lambda v, r, w: v.account.isolated.add_margin(v.now, w, 1), ""),
    "add nothing": (lambda v, r, w: v.account.isolated.add_margin(v.now, r, 0), ""),
    "add more than there is": (
        lambda v, r, w: v.account.isolated.add_margin(v.now, r, 10**9),
        "",
    ),
    "add beyond leverage one": (
        lambda v, r, w: v.account.isolated.add_margin(v.now, r, 900_001),
        "",
    ),
    "cash in nothing": (lambda v, r, w: v.account.isolated.cash_in(v.now, v.quote, r, 0), ""),
    "cash in all": (lambda v, r, w: v.account.isolated.cash_in(v.now, v.quote, r, 100_000), ""),
    "cash in beyond leverage": (
        lambda v, r, w: v.account.isolated.cash_in(v.now, v.quote, r, 95_000),
        "",
    ),
    "the same stop again": (
        lambda v, r, w: v.account.isolated.set_stoploss(v.now, v.quote, r, D(95_000)),
        "",
    ),
    "the same target again": (
        lambda v, r, w: v.account.isolated.set_takeprofit(v.now, v.quote, r, D(110_000)),
        "",
    ),
    "a stop above the market": (
        lambda v, r, w: v.account.isolated.set_stoploss(v.now, v.quote, r, D(100_500)),
        "",
    ),
    "a stop above the target": (
        lambda v, r, w: v.account.isolated.set_stoploss(v.now, v.quote, w, D(130_000)),
        "",
    ),
    "remove a stop that is not there": (
        lambda v, r, w: v.account.isolated.set_stoploss(v.now, v.quote, w, D(0)),
        "",
    ),
    "a cross order without a wallet": (
        lambda v, r, w: v.account.cross.order(v.now, v.quote, type=MARKET, side=BUY, quantity=1),
        "",
    ),
    "a cross limit order without a price": (
        lambda v, r, w: v.account.cross.order(v.now, v.quote, type=LIMIT, side=BUY, quantity=1),
        "",
    ),
    "a cross order too large": (
        lambda v, r, w: v.account.cross.order(
            v.now, v.quote, type=MARKET, side=BUY, quantity=500_001
        ),
        "",
    ),
    "close a flat cross position": (
        lambda v, r, w: v.account.cross.close_position(v.now, v.quote),
        "",
    ),
    "cancel an unknown cross order": (lambda v, r, w: v.account.cross.cancel(v.now, "x"), "NO"),
    "cross leverage of zero": (lambda v, r, w: v.account.cross.set_leverage(v.now, 0), ""),
    "deposit nothing": (lambda v, r, w: v.account.cross.deposit(v.now, 0), ""),
    "deposit too much": (lambda v, r, w: v.account.cross.deposit(v.now, 10**9), ""),
    "withdraw from an empty wallet": (
        lambda v, r, w: v.account.cross.withdraw(v.now, v.quote, 1),
        "",
    ),
    "swap parts of a sat": (
        lambda v, r, w: v.account.wallet.swap(v.now, v.quote, D("0.5"), "BTC"),
        "",
    ),
    "swap dollars there are not": (
        lambda v, r, w: v.account.wallet.swap(v.now, v.quote, D(1), "USD"),
        "",
    ),
    "swap nothing": (lambda v, r, w: v.account.wallet.swap(v.now, v.quote, D(0), "BTC"), ""),
    "swap too little": (
        lambda v, r, w: v.account.wallet.swap(v.now, v.quote, D(1), "BTC"),
        "",
    ),
    "pay no invoice": (lambda v, r, w: v.account.wallet.withdraw_lightning(v.now, "x"), ""),
    "pay a dear invoice": (
        lambda v, r, w: v.account.wallet.withdraw_lightning(v.now, "lnbc20m1pqqqqqq"),
        "",
    ),
    "pay no address": (
        lambda v, r, w: v.account.wallet.withdraw_on_chain(v.now, "nowhere", 1_000),
        "",
    ),
    "settle an unknown deposit": (
        lambda v, r, w: v.account.wallet.settle_deposit(v.now, "x"),
        "NO",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_is_refused_and_nothing_changes(case: str):
    ask, found = REQUESTS[case]
    venue = Venue(balance=1_300_000)
    running = venue.open(stoploss=D(95_000), takeprofit=D(110_000)).id
    waiting = venue.limit(101_000, takeprofit=D(120_000)).id
    before = venue.market.snapshot()

    with pytest.raises(Rejected) as refused:
        ask(venue, running, waiting)

    assert refused.value.code == ("NOT_FOUND" if found else "BAD_REQUEST")
    assert venue.market.snapshot() == before


def test_an_order_without_a_price_to_execute_at_is_refused():
    venue = Venue()
    venue.market.advance(Quote(NOON, D(100_000), None, None))

    with pytest.raises(Rejected) as refused:
        venue.open()

    assert refused.value.status == 503


def test_the_trade_too_many_is_refused():
    venue = Venue(rules=Rules(max_trades=2))
    venue.open(quantity=1)
    venue.limit(90_000, quantity=1)

    with pytest.raises(Rejected, match="At most 2"):
        venue.open(quantity=1)


def test_exposure_beyond_the_limit_is_refused():
    venue = Venue(rules=Rules(max_exposure=1_500))
    venue.open(quantity=1_000)

    with pytest.raises(Rejected, match="Exposure"):
        venue.open(quantity=501, leverage=100)


def test_exposure_counts_the_cross_position():
    venue = Venue(rules=Rules(max_exposure=1_500))
    venue.open(quantity=1_000)
    cross = venue.account.cross
    cross.deposit(venue.now, 800_000)

    with pytest.raises(Rejected, match="Exposure"):
        cross.order(venue.now, venue.quote, type=MARKET, side=BUY, quantity=501)


def test_cash_taken_until_the_market_is_beyond_liquidation_is_refused():
    venue = Venue()
    trade = venue.open(leverage=10)
    venue.move(95_000)

    with pytest.raises(Rejected, match="liquidated"):
        venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 60_000)


def test_an_account_is_opened_once():
    venue = Venue()

    with pytest.raises(Rejected):
        venue.market.open_account("a")


def test_time_does_not_go_back():
    venue = Venue()
    earlier = Quote.at(D(1), NOON.replace(hour=11))

    with pytest.raises(ValueError, match="go back"):
        venue.market.advance(earlier)


def test_a_restored_market_goes_on_with_the_same_ids():
    venue = Venue()
    venue.open()
    twin = Market.restore(venue.market.snapshot(), D("0.0001"))

    assert twin.ids() == venue.market.ids()
    assert twin.accounts[0].digest() == venue.account.digest()


@pytest.mark.parametrize("tier", [-1, 4])
def test_a_fee_tier_that_is_not_is_refused(tier: int):
    with pytest.raises(FieldInvalid):
        Rules(fee_tier=tier)


def test_a_refusal_survives_being_sent_between_processes():
    refusal = Rejected("NOT_FOUND", "Trade not found", 404)

    again = pickle.loads(pickle.dumps(refusal))

    assert (again.code, again.message, again.status) == ("NOT_FOUND", "Trade not found", 404)
