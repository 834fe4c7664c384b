"""Isolated trades: the published examples to the sat, and what a print does to a trade."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from axisor.exchange import Closed, Filled, Quote, Rules, Trailed
from axisor.model import Bucket
from tests.sdk.exchange.venue import BUY, NOON, SELL, Venue


def test_full_cycle_from_opening_to_closing():
    venue = Venue(balance=1_000_000)

    trade = venue.open()
    opened = (trade.margin, trade.opening_fee, trade.maintenance_margin, venue.balance)
    venue.move(110_000)
    closed = venue.account.isolated.close(venue.now, venue.quote, trade.id)

    assert opened == (100_000, 1_000, 1_100, 897_900)
    assert (closed.pl, closed.closing_fee, closed.exit_price) == (90_909, 909, D(110_000))
    assert closed.closed
    assert not closed.running
    assert venue.balance == 1_089_000


def test_a_waiting_limit_trade_reserves_margin_and_both_fees():
    venue = Venue(101_000, balance=1_000_000)

    trade = venue.limit(100_000, quantity=1, leverage=100)

    assert (trade.margin, trade.maintenance_margin, trade.liquidation) == (10, 2, D(99_010))
    assert (trade.opening_fee, trade.entry_price, trade.entry_margin) == (0, D(100_000), 10)
    assert trade.open
    assert venue.balance == 1_000_000 - 12


def test_the_reserve_of_the_sixty_dollar_example():
    venue = Venue(60_000)

    trade = venue.open(quantity=60, leverage=10)

    assert (trade.margin, trade.opening_fee, trade.maintenance_margin) == (10_000, 100, 109)


def test_a_margin_buys_whole_dollars_and_stays_as_given():
    venue = Venue("97531.5")

    trade = venue.open(quantity=None, margin=10_000, leverage=7)

    assert (trade.quantity, trade.margin) == (68, 10_000)


def test_margin_added_moves_liquidation_away():
    venue = Venue()
    trade = venue.open()

    changed = venue.account.isolated.add_margin(venue.now, trade.id, 50_000)

    assert changed.margin == 150_000
    assert changed.leverage.quantize(D("0.0001")) == D("6.6667")
    assert changed.liquidation == D("86956.5")
    assert venue.balance == 897_900 - 50_000


def test_profit_cashed_in_moves_the_entry():
    venue = Venue()
    trade = venue.open()
    venue.move(110_000)

    changed = venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 40_000)

    assert (changed.price, changed.margin) == (D("104166.5"), 100_000)
    assert changed.leverage == D("9.600015360025")
    assert changed.liquidation == D("94339.5")
    assert changed.marked(D(110_000)).pl == 50_911
    assert changed.entry_price == D(100_000)
    assert (changed.sum_cash_in_pl, changed.sum_cash_in_margin) == (40_000, 0)
    assert venue.balance == 897_900 + 40_000


def test_more_than_the_profit_cashed_in_takes_the_rest_from_the_margin():
    venue = Venue()
    trade = venue.open()
    venue.move(110_000)

    changed = venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 100_000)

    assert (changed.price, changed.margin) == (D(110_000), 90_909)
    assert changed.leverage.quantize(D("1e-5")) == D("10.00001")
    assert changed.liquidation == D(100_000)
    assert (changed.sum_cash_in_pl, changed.sum_cash_in_margin) == (90_909, 9_091)


def test_cashing_in_at_a_loss_takes_margin_only():
    venue = Venue()
    trade = venue.open(leverage=5)
    venue.move(99_000)

    changed = venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 50_000)

    assert (changed.price, changed.margin) == (D(100_000), 150_000)
    assert (changed.sum_cash_in_pl, changed.sum_cash_in_margin) == (0, 50_000)


def test_profit_of_a_short_is_cashed_in_downwards():
    venue = Venue()
    trade = venue.open(SELL)
    venue.move(90_000)

    changed = venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 40_000)

    # 1 / (1/100,000 + 40,000/(S·1000)) = 96,153.85
    assert (changed.price, changed.margin) == (D(96_154), 100_000)


def test_a_stop_beyond_the_new_liquidation_is_cleared_by_cashing_in():
    venue = Venue()
    trade = venue.open(stoploss=D(92_000))
    venue.move(110_000)

    changed = venue.account.isolated.cash_in(venue.now, venue.quote, trade.id, 40_000)

    assert changed.stoploss == 0


@pytest.mark.parametrize(
    ("side", "price", "before"), [(BUY, "90909", "90909.5"), (SELL, "111111", "111110.5")]
)
def test_touching_the_liquidation_price_takes_the_whole_margin(side, price: str, before: str):
    venue = Venue()
    trade = venue.open(side)
    left = venue.balance

    assert venue.move(before) == []
    (closed,) = venue.move(price)

    assert isinstance(closed, Closed)
    assert (closed.by, closed.trade.pl, closed.payout) == ("liquidation", -100_000, 0)
    assert closed.trade.exit_price == trade.liquidation
    assert venue.balance == left


def test_a_gap_beyond_liquidation_costs_no_more_than_margin_and_reserve():
    venue = Venue()
    venue.open()

    venue.move(50_000)

    assert venue.balance == 1_000_000 - 102_100
    assert venue.account.isolated.running() == ()


def test_a_lower_fee_tier_gets_the_rest_of_the_reserve_back_at_liquidation():
    venue = Venue(rules=Rules(fee_tier=3))
    venue.open()

    (closed,) = venue.move(90_909)

    # Reserve 2,100; fees 600 and floor(659.9…) at 0.06 %.
    assert isinstance(closed, Closed)
    assert closed.payout == 2_100 - 600 - 660
    assert venue.balance == 897_900 + 840


def test_without_fees_nothing_is_reserved():
    venue = Venue(rules=Rules(fee_tier=None))

    trade = venue.open()
    venue.account.isolated.close(venue.now, venue.quote, trade.id)

    assert trade.maintenance_margin == 0
    assert venue.balance == 1_000_000


def test_a_cheaper_tier_is_earned_by_the_volume_of_thirty_days():
    venue = Venue(balance=10**9)
    trade = venue.open(quantity=250_000)
    tiers = [venue.account.fee_tier(NOON + timedelta(days=days)) for days in (0, 29, 30)]

    closed = venue.account.isolated.close(venue.now, venue.quote, trade.id)

    assert tiers == [1, 1, 0]
    assert closed.closing_fee == 200_000


def test_executable_liquidation_looks_at_the_bid():
    bid = Quote(NOON + timedelta(seconds=1), D(91_000), D(90_900), D(91_000))
    on_last, on_bid = Venue(), Venue(rules=Rules(liquidate_on="executable"))
    on_last.open()
    on_bid.open()

    assert on_last.account.on_quote(bid) == ()
    assert len(on_bid.account.on_quote(bid)) == 1


def test_orders_execute_at_the_price_of_their_size():
    buckets = (
        Bucket(0, 100_000, D(99_995), D(100_005)),
        Bucket(100_000, 500_000, D(99_990), D(100_010)),
    )
    quote = Quote(NOON, D(100_000), D(99_995), D(100_005), buckets)
    venue = Venue(balance=10**10)
    venue.market.advance(quote)

    small, large = venue.open(), venue.open(quantity=400_000)
    short = venue.open(SELL)
    closed = venue.account.isolated.close(venue.now, venue.quote, small.id)

    assert (small.price, large.price, short.price) == (D(100_005), D(100_010), D(99_995))
    assert closed.exit_price == D(99_995)


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    ("price", "walk", "filled_by"),
    [
        ("99000", ["99500", "99000.5", "99000"], 3),
        ("99000", ["99500", "98000"], 2),
        ("101000", ["100500", "101000"], 2),
        ("101000", ["99000", "102000"], 2),
        ("100000", ["100000"], 1),
    ],
)
def test_a_limit_fills_when_its_price_is_met_from_its_side(side, price: str, walk, filled_by: int):
    venue = Venue()
    trade = venue.limit(price, side)

    early = venue.move(*walk[: filled_by - 1])
    (filled,) = venue.move(*walk[filled_by - 1 :])

    assert early == []
    assert isinstance(filled, Filled)
    assert (filled.trade.id, filled.trade.price, filled.trade.running) == (trade.id, D(price), True)
    assert filled.trade.opening_fee > 0


def test_a_sell_limit_below_the_market_is_not_marketable_on_arrival():
    venue = Venue()

    trade = venue.limit(70_000, SELL)

    assert venue.move(100_000, 71_000) == []
    assert venue.account.isolated.open() == (trade,)


def test_a_canceled_limit_gives_everything_back():
    venue = Venue()
    trade = venue.limit(90_000)
    other = venue.limit(91_000)

    canceled = venue.account.isolated.cancel(venue.now, trade.id)
    rest = venue.account.isolated.cancel_all(venue.now)

    assert (canceled.canceled, canceled.open, canceled.filled_at) == (True, False, None)
    assert canceled.closed_at == venue.now
    assert [t.id for t in rest] == [other.id]
    assert venue.balance == 1_000_000


# ---------------------------------------------------------------- stops


@pytest.mark.parametrize(
    ("side", "stop", "target"), [(BUY, 95_000, 120_000), (SELL, 105_000, 80_000)]
)
def test_a_stop_and_a_target_close_at_the_market(side, stop: int, target: int):
    stopped, taken = Venue(), Venue()
    stopped.open(side, stoploss=D(stop), takeprofit=D(target))
    taken.open(side, stoploss=D(stop), takeprofit=D(target))

    (first,) = stopped.move(stop - side.sign)
    (second,) = taken.move(target)

    assert isinstance(first, Closed)
    assert (first.by, first.trade.exit_price) == ("stoploss", D(stop - side.sign))
    assert isinstance(second, Closed)
    assert (second.by, second.trade.exit_price) == ("takeprofit", D(target))


def test_liquidation_comes_before_a_stop_at_the_same_print():
    venue = Venue()
    venue.open(stoploss=D(91_000))

    (closed,) = venue.move(90_000)

    assert isinstance(closed, Closed)
    assert closed.by == "liquidation"


def test_a_trailing_stop_follows_the_best_price_only():
    venue = Venue()
    trade = venue.open(stoploss=D("0.01"), stoploss_mode="trailing")

    risen = venue.move(101_000)
    fallen = venue.move(100_500)
    (closed,) = venue.move("99990")

    assert trade.stoploss == D(99_000)
    assert trade.stoploss_trailing_distance == D("0.01")
    assert [type(h) for h in risen] == [Trailed]
    assert risen[0].trade.stoploss == D(99_990)
    assert fallen == []
    assert isinstance(closed, Closed)
    assert (closed.by, closed.trade.exit_price) == ("stoploss", D(99_990))


def test_a_trailing_stop_of_a_short_follows_downwards():
    venue = Venue()
    trade = venue.open(SELL, stoploss=D("0.01"), stoploss_mode="trailing")

    venue.move(99_000, 99_500)

    assert trade.stoploss == D(101_000)
    assert venue.running(trade.id).stoploss == D(99_990)


def test_a_stop_is_changed_and_removed():
    venue = Venue()
    trade = venue.open()
    isolated = venue.account.isolated

    fixed = isolated.set_stoploss(venue.now, venue.quote, trade.id, D(95_000))
    trailing = isolated.set_stoploss(venue.now, venue.quote, trade.id, D("0.02"), "trailing")
    none = isolated.set_stoploss(venue.now, venue.quote, trade.id, D(0))
    target = isolated.set_takeprofit(venue.now, venue.quote, trade.id, D(101_000))
    no_target = isolated.set_takeprofit(venue.now, venue.quote, trade.id, D(0))

    assert (fixed.stoploss, fixed.stoploss_trailing_distance) == (D(95_000), D(0))
    assert (trailing.stoploss, trailing.stoploss_trailing_distance) == (D(98_000), D("0.02"))
    assert (none.stoploss, none.stoploss_trailing_distance) == (D(0), D(0))
    assert (target.takeprofit, no_target.takeprofit) == (D(101_000), D(0))


# ---------------------------------------------------------------- the demo


def test_the_worked_example_of_the_guard():
    venue = Venue(balance=2_000_000)
    guarded, twin = venue.open(quantity=2500, leverage=25), venue.open(quantity=2500, leverage=25)

    venue.move(98_100)
    saved = venue.account.isolated.add_margin(venue.now, guarded.id, 82_541)
    (closed,) = venue.move(96_150)
    venue.move(95_200, 99_400)

    assert (guarded.margin, guarded.liquidation) == (100_000, D(96_154))
    assert (saved.margin, saved.liquidation) == (182_541, D(93_195))
    assert isinstance(closed, Closed)
    assert (closed.trade.id, closed.trade.pl) == (twin.id, -100_000)
    assert venue.account.isolated.running(venue.quote)[0].pl == -15_091
