"""The market: order of accounts, its ledger, its bounds and its written form."""

from datetime import timedelta
from decimal import Decimal as D

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.exchange import Closed, Happening, Market, NewTrade, Quote, seeded_ids
from axisor.exchange.scenarios import walk
from tests.sdk.exchange.venue import BUY, LIMIT, MARKET, NOON, SELL, Venue


def test_accounts_are_served_in_the_order_they_were_opened():
    venue = Venue()
    second = venue.market.open_account("b", 1_000_000)
    order = NewTrade(type=MARKET, side=BUY, leverage=10, quantity=1000)
    second.isolated.new_trade(venue.now, venue.quote, order)
    venue.open()

    events = venue.market.advance(Quote.at(D(90_000), NOON + timedelta(seconds=1)))

    assert [(event.account, type(event.happening)) for event in events] == [
        ("a", Closed),
        ("b", Closed),
    ]


def test_the_ledger_tells_what_each_request_moved():
    venue = Venue()
    trade = venue.open()
    venue.account.isolated.add_margin(venue.now, trade.id, 50_000)
    venue.move(110_000)
    venue.account.isolated.close(venue.now, venue.quote, trade.id)

    opened, added, closed = venue.account.ledger

    assert (opened.request, opened.margin_delta, opened.balance_delta) == (
        "new_trade",
        100_000,
        -102_100,
    )
    assert (added.request, added.margin_delta, added.balance_delta, added.margin) == (
        "add_margin",
        50_000,
        -50_000,
        150_000,
    )
    assert added.fields == {"amount": "50000"}
    assert (closed.request, closed.margin_delta, closed.balance) == (
        "close",
        -150_000,
        venue.balance,
    )
    assert {row.target for row in venue.account.ledger} == {trade.id}


def test_a_trade_is_written_with_the_names_of_the_venue():
    venue = Venue()
    trade = venue.open(client_id="mine")

    written = msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(trade))

    assert " ".join(sorted(written)) == (
        "canceled clientId closed closedAt closingFee createdAt entryMargin entryPrice exitPrice "
        "filledAt id leverage liquidation maintenanceMargin margin open openingFee pl price "
        "quantity running side stoploss stoplossTrailingDistance sumCashInMargin sumCashInPl "
        "sumFundingFees takeprofit type"
    )
    assert (written["leverage"], written["price"], written["clientId"]) == (10, 100_000, "mine")


def test_bounds_are_the_nearest_prices_that_matter():
    venue = Venue()
    idle = venue.account.bounds()
    venue.open(BUY)
    venue.open(SELL, stoploss=D(105_000))
    venue.limit(99_000)

    assert idle == (D(0), D("Infinity"))
    assert venue.account.bounds() == (D(99_000), D(105_000))


def test_the_state_is_what_a_venue_would_report():
    venue = Venue()
    trade = venue.open(stoploss=D(95_000))
    waiting = venue.limit(99_000)
    venue.move(101_000)

    state = venue.account.state(venue.now, venue.quote)

    position = state.position(trade.id)
    assert position is not None
    assert (position.pl, position.margin, position.stoploss) == (9_901, 100_000, D(95_000))
    assert position.takeprofit is None
    assert [order.id for order in state.orders] == [waiting.id]
    assert (state.balance.free, state.read_at) == (venue.balance, venue.now)


def test_ids_follow_the_seed():
    first, second, other = seeded_ids(1), seeded_ids(1), seeded_ids(2)

    assert [first() for _ in range(3)] == [second() for _ in range(3)]
    assert other() != seeded_ids(1)()
    assert seeded_ids(1, 3)() == first()


def test_the_market_tells_its_next_funding():
    quote = Quote.at(D(100_000), NOON)
    market = Market(quote, seeded_ids(1), lambda time: D(time.hour) / 1000)

    assert market.funding_time == NOON.replace(hour=16)
    assert market.funding_rate == D("0.016")


def test_a_new_trade_is_read_from_the_venues_json():
    text = b'{"type":"limit","side":"sell","leverage":2.5,"margin":9,"price":1.5,"clientId":"x"}'

    order = msgspec.json.decode(text, type=NewTrade)

    assert (order.side, order.leverage, order.price, order.client_id) == (
        SELL,
        D("2.5"),
        D("1.5"),
        "x",
    )


@given(st.integers(0, 10**6))
@settings(max_examples=100, deadline=None, print_blob=True)
def test_a_walk_may_skip_every_print_within_the_bounds(seed: int):
    patient, hasty = crowded(), crowded()
    skipped = 0

    seen: list[Happening] = []
    told: list[Happening] = []
    for quote in walk(seed, steps=400, step=200).quotes(NOON):
        seen += patient.account.react(quote)
        low, high = hasty.account.bounds()
        if low < quote.last < high:
            skipped += 1
        else:
            told += hasty.account.on_quote(quote)

    assert told == seen
    assert patient.account.snapshot() == hasty.account.snapshot()
    assert skipped > 0


def crowded() -> Venue:
    """Return a venue whose account has something waiting on every side."""
    venue = Venue(balance=10**8)
    venue.open(BUY, leverage=50, takeprofit=D(101_500))
    venue.open(SELL, leverage=60, stoploss=D(101_000))
    venue.open(BUY, stoploss=D("0.005"), stoploss_mode="trailing")
    venue.open(SELL, stoploss=D("0.01"), stoploss_mode="trailing")
    venue.limit(99_000, BUY, leverage=90)
    venue.limit(100_700, SELL, takeprofit=D(98_500))
    cross = venue.account.cross
    cross.deposit(venue.now, 200_000)
    cross.set_leverage(venue.now, 50)
    cross.order(venue.now, venue.quote, type=MARKET, side=BUY, quantity=5_000)
    cross.order(venue.now, venue.quote, type=LIMIT, side=SELL, quantity=7_000, price=D(100_900))
    return venue
