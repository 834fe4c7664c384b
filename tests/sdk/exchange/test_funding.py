"""Funding: who pays, out of what, and when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from axisor.exchange import Closed, CrossFilled, CrossFunded, Funded, Rules, next_funding
from tests.sdk.exchange.venue import BUY, MARKET, NOON, SELL, Venue

FOUR_PM = NOON + timedelta(hours=4)


def test_funding_is_paid_out_of_the_margin():
    venue = Venue()
    trade = venue.open()

    (funded,) = venue.until(FOUR_PM, 100_000)

    assert isinstance(funded, Funded)
    assert (funded.fee.fee, funded.fee.trade_id, funded.fee.time) == (100, trade.id, FOUR_PM)
    assert (funded.trade.margin, funded.trade.liquidation) == (99_900, D("90917.5"))
    assert funded.trade.leverage.quantize(D("0.01")) == D("10.01")
    assert funded.trade.sum_funding_fees == 100
    assert venue.balance == 897_900


@pytest.mark.parametrize(("side", "rate"), [(SELL, "0.0001"), (BUY, "-0.0001")])
def test_funding_received_joins_the_balance(side, rate: str):
    venue = Venue(rate=rate)
    trade = venue.open(side)
    before = venue.balance

    (funded,) = venue.until(FOUR_PM, 100_000)

    assert isinstance(funded, Funded)
    assert funded.fee.fee == -100
    assert (funded.trade.margin, funded.trade.liquidation) == (trade.margin, trade.liquidation)
    assert venue.balance == before + 100


def test_a_payment_that_lifts_leverage_too_far_closes_the_trade():
    venue = Venue()
    venue.open(leverage=100)

    funded, closed = venue.until(FOUR_PM, 100_000)

    assert isinstance(funded, Funded)
    assert isinstance(closed, Closed)
    assert (closed.by, closed.trade.pl, closed.trade.margin) == ("funding", 0, 9_900)


def test_a_payment_above_the_margin_takes_no_more_than_the_margin():
    venue = Venue(rate="0.5")
    venue.open()

    funded, closed = venue.until(FOUR_PM, 100_000)

    assert (funded.fee.fee, closed.trade.margin, closed.trade.pl) == (100_000, 0, 0)
    assert venue.balance == 897_900 + closed.payout
    assert closed.payout == 100


def test_settlements_passed_on_the_way_use_the_former_price():
    venue = Venue()
    venue.open()

    happened = venue.until(NOON + timedelta(hours=13), 95_000)

    assert [h.fee.time.hour for h in happened] == [16, 0]
    assert [s.fixing_price for s in venue.market.settlements] == [D(100_000), D(100_000)]


def test_liquidation_comes_before_funding_at_the_same_print():
    venue = Venue()
    venue.open()

    (closed,) = venue.until(FOUR_PM, 90_909)

    assert isinstance(closed, Closed)
    assert closed.by == "liquidation"


def test_funding_can_be_switched_off():
    venue = Venue(rules=Rules(funding=False))
    venue.open()

    assert venue.until(FOUR_PM, 100_000) == []


def test_the_cross_position_pays_from_its_wallet():
    venue = Venue()
    cross = venue.account.cross
    cross.deposit(venue.now, 500_000)
    cross.set_leverage(venue.now, 10)
    cross.order(venue.now, venue.quote, type=MARKET, side=BUY, quantity=1000)

    (funded,) = venue.until(FOUR_PM, 100_000)

    assert isinstance(funded, CrossFunded)
    assert (funded.fee.fee, funded.fee.trade_id) == (100, None)
    assert (funded.position.margin, funded.position.funding_fees) == (498_900, 100)


def test_the_cross_position_is_closed_when_its_free_margin_cannot_pay():
    venue = Venue(rate="0.3")
    cross = venue.account.cross
    cross.deposit(venue.now, 400_000)
    cross.set_leverage(venue.now, 10)
    cross.order(venue.now, venue.quote, type=MARKET, side=BUY, quantity=1000)

    funded, closed = venue.until(FOUR_PM, 100_000)

    assert isinstance(funded, CrossFunded)
    assert isinstance(closed, CrossFilled)
    assert closed.position.quantity == 0
    assert closed.position.margin == 400_000 - 1_000 - 300_000 - 1_000


@pytest.mark.parametrize(
    ("after", "hour"), [((0, 0), 8), ((7, 59), 8), ((8, 0), 16), ((16, 0), 0), ((23, 59), 0)]
)
def test_funding_times_are_every_eight_hours(after: tuple[int, int], hour: int):
    time = datetime(2026, 10, 1, *after, tzinfo=UTC)

    found = next_funding(time)

    assert found.hour == hour
    assert timedelta(0) < found - time <= timedelta(hours=8)
