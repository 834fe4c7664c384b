"""The venue's arithmetic: every published figure to the sat, and laws against an oracle."""

from decimal import Decimal
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from axisor import maths
from axisor.model import Price, Side

BUY, SELL = Side.BUY, Side.SELL
S = 100_000_000
MANY = settings(max_examples=2_000, deadline=None, print_blob=True)

sides = st.sampled_from([BUY, SELL])
prices = st.integers(2_000, 2_000_000).map(lambda half: D(half) / 2)
quantities = st.integers(1, 500_000)
leverages = st.integers(100, 10_000).map(lambda hundredth: D(hundredth) / 100)
rates = st.integers(-10_000, 10_000).map(lambda millionth: D(millionth) / 10**6)
shares = st.integers(1, 9_000).map(lambda point: D(point) / 10_000)
thresholds = st.integers(0, 10_000).map(lambda point: D(point) / 10_000)
values = st.builds(Fraction, st.integers(0, 10**16), st.integers(1, 10**9))


# ---------------------------------------------------------------- an oracle of another kind
# Written from the formulas with rational numbers and searches, sharing no code with the module.


def exact(value: Price | int) -> Fraction:
    return Fraction(value)


def floor_of(value: Fraction) -> int:
    return value.numerator // value.denominator


def nearest_half(value: Fraction) -> Fraction:
    below = Fraction(floor_of(value * 2), 2)
    return below if value - below < Fraction(1, 4) else below + Fraction(1, 2)


def profit(side: Side, quantity: int, entry: Price, price: Price) -> Fraction:
    per_dollar = 1 / exact(entry) - 1 / exact(price)
    return (per_dollar if side is BUY else -per_dollar) * quantity * S


def death(side: Side, quantity: int, entry: Price, margin: int) -> Fraction:
    share = Fraction(margin, quantity * S)
    inverse = 1 / exact(entry) + (share if side is BUY else -share)
    if inverse <= 0:
        return exact(maths.MAX_PRICE)
    return min(nearest_half(1 / inverse), exact(maths.MAX_PRICE))


# ---------------------------------------------------------------- published figures


@pytest.mark.parametrize(
    ("quantity", "price", "leverage", "margin"),
    [(1, "100000", 100, 10), (1000, "100000", 10, 100_000), (2500, "100000", 25, 100_000)],
)
def test_margin_of_a_quantity(quantity: int, price: str, leverage: int, margin: int):
    assert maths.margin_for(quantity, D(price), leverage) == margin


def test_quantity_of_a_margin():
    assert maths.quantity_for(10_000, D("97531.5"), 7) == 68


@pytest.mark.parametrize(
    ("side", "price", "sats"),
    [
        (BUY, 101_000, 9_901),
        (BUY, 110_000, 90_909),
        (BUY, 99_000, -10_101),
        (SELL, 95_000, 52_632),
        (SELL, 105_000, -47_619),
    ],
)
def test_profit_of_a_thousand_dollars_at_100000(side: Side, price: int, sats: int):
    assert maths.pl(side, 1000, D(100_000), D(price)) == sats


@pytest.mark.parametrize(
    ("side", "quantity", "entry", "leverage", "price"),
    [
        (BUY, 1, 100_000, 100, "99010"),
        (BUY, 1000, 110_000, 1, "55000"),
        (BUY, 1000, 110_000, 100, "108911"),
        (SELL, 1000, 110_000, 100, "111111"),
        (BUY, 10, 90_000, 10, "81819"),
        (BUY, 1000, 100_000, 10, "90909"),
        (SELL, 1000, 100_000, 10, "111111"),
        (BUY, 60, 60_000, 10, "54545.5"),
        (BUY, 2500, 100_000, 25, "96154"),
    ],
)
def test_liquidation_price(side: Side, quantity: int, entry: int, leverage: int, price: str):
    # The published figures are computed from the margin rounded down.
    margin = floor_of(Fraction(quantity * S, entry * leverage))

    assert maths.liquidation(side, quantity, D(entry), margin) == D(price)


def test_liquidation_is_computed_from_the_margin_the_trade_really_has():
    # A new trade's margin is rounded up, and every formula uses that one number; only for tiny
    # trades does this differ from the published figure (81,819 for these ten dollars).
    margin = maths.margin_for(10, D(90_000), 10)

    assert margin == 1_112
    assert maths.liquidation(BUY, 10, D(90_000), margin) == D(81_812)


@given(quantities, prices)
@MANY
def test_a_short_at_leverage_one_cannot_be_liquidated(quantity: int, entry: Price):
    margin = maths.margin_for(quantity, entry, 1)

    assert maths.liquidation(SELL, quantity, entry, margin) == maths.MAX_PRICE


def test_fees_of_the_full_cycle():
    assert maths.fee(1000, D(100_000), maths.FEE_RATES[0]) == 1_000
    assert maths.fee(1000, D(110_000), maths.FEE_RATES[0]) == 909
    assert maths.maintenance_margin(1000, D(100_000), D(90_909)) == 2_100
    assert maths.maintenance_margin(1, D(100_000), D(99_010)) == 2


def test_fees_are_exact_where_floats_lose_a_sat():
    assert maths.fee(10_000, D(100_000), maths.FEE_RATES[3]) == 6_000


def test_reserve_of_the_sixty_dollar_example():
    assert maths.fee(60, D(60_000), maths.MAINTENANCE_RATE) == 100
    assert maths.fee(60, D("54545.5"), maths.MAINTENANCE_RATE) == 109
    assert maths.margin_for(60, D(60_000), 10) == 10_000


@pytest.mark.parametrize(
    ("side", "quantity", "price", "rate", "sats"),
    [
        (BUY, 10_000, 60_000, "0.0001", 1_667),
        (SELL, 10_000, 60_000, "0.0001", -1_667),
        (BUY, 1000, 100_000, "0.0001", 100),
        (BUY, 1000, 100_000, "-0.0001", -100),
        (SELL, 1000, 100_000, "-0.0001", 100),
    ],
)
def test_funding(side: Side, quantity: int, price: int, rate: str, sats: int):
    assert maths.funding_fee(side, quantity, D(price), D(rate)) == sats


def test_leverage_and_liquidation_after_a_funding_payment():
    assert maths.leverage_of(1000, 99_900, D(100_000)).quantize(D("0.01")) == D("10.01")
    assert maths.liquidation(BUY, 1000, D(100_000), 99_900) == D("90917.5")


def test_leverage_and_liquidation_after_adding_margin():
    assert maths.leverage_of(1000, 150_000, D(100_000)).quantize(D("0.0001")) == D("6.6667")
    assert maths.liquidation(BUY, 1000, D(100_000), 150_000) == D("86956.5")


def test_leverage_after_cashing_in():
    # 9.600015360…, which the published 9.600016 rounds up.
    assert maths.leverage_of(1000, 100_000, D("104166.5")) == D("9.600015360025")
    assert maths.leverage_of(1000, 90_909, D(110_000)).quantize(D("1e-5")) == D("10.00001")
    assert maths.liquidation(BUY, 1000, D("104166.5"), 100_000) == D("94339.5")
    assert maths.liquidation(BUY, 1000, D(110_000), 90_909) == D(100_000)
    assert maths.pl(BUY, 1000, D("104166.5"), D(110_000)) == 50_911


@pytest.mark.parametrize(("margin", "text"), [(100_000, "10"), (1_000_000, "1"), (10_000, "100")])
def test_a_round_leverage_is_written_without_an_exponent(margin: int, text: str):
    assert str(maths.leverage_of(1000, margin, D(100_000))) == text


def test_cross_position_of_the_example():
    assert maths.cross_running_margin(1000, D(100_000), 10) == 100_000
    assert maths.cross_maintenance_margin(1000, D(100_000)) == 1_500
    assert maths.cross_liquidation(BUY, 1000, D(100_000), 500_000) == D("66733.5")
    assert maths.cross_liquidation(SELL, 1000, D(100_000), 500_000) == D(199_402)
    assert maths.cross_liquidation(BUY, 1000, D(100_000), 499_000) == D(66_778)


@pytest.mark.parametrize(
    ("leverage", "most"), [(1, 15_000_000), (50, 12_525_255), (100, 10_000_000)]
)
def test_largest_cross_position(leverage: int, most: int):
    assert maths.cross_max_quantity(leverage) == most


def test_the_guards_worked_example():
    price, entry = D(98_100), D(100_000)
    before = maths.liquidation(BUY, 2500, entry, 100_000)
    target = maths.liquidation_at_distance(BUY, price, D("0.05"))

    margin = maths.margin_for_liquidation(BUY, 2500, entry, target)

    assert before == D(96_154)
    assert maths.distance(BUY, price, before).quantize(D("0.0001")) == D("0.0198")
    assert maths.is_nearer(BUY, price, before, D("0.02"))
    assert not maths.is_nearer(BUY, D("98116.5"), before, D("0.02"))
    assert margin - 100_000 == 82_541
    assert maths.liquidation(BUY, 2500, entry, margin) == D(93_195)
    assert maths.pl(BUY, 2500, entry, D(99_400)) == -15_091
    assert maths.pl(BUY, 2500, entry, D(95_200)) == -126_050


def test_consumed_counts_from_entry_to_liquidation():
    assert maths.consumed(BUY, D(97_500), D(100_000), D(95_000)) == D("0.5")
    assert maths.consumed(SELL, D(97_500), D(100_000), D(105_000)) == D("-0.5")


def test_rounding_to_the_step_takes_a_quarter_up():
    assert maths.round_to_step(D("100.25")) == D("100.5")
    assert maths.round_to_step(D("100.24")) == D(100)
    assert maths.round_to_step(Fraction(300_001, 3)) == D(100_000) + D("0.5")
    assert maths.on_step(D("0.5"))
    assert not maths.on_step(D("0.25"))


def test_a_long_is_never_asked_to_die_below_zero():
    with pytest.raises(ValueError, match="below zero"):
        maths.margin_for_liquidation(BUY, 1, D(100_000), D(-1))


# ---------------------------------------------------------------- laws


@given(quantities, prices, leverages)
@MANY
def test_margin_is_the_least_that_buys_the_quantity(quantity: int, price: Price, leverage: D):
    margin = maths.margin_for(quantity, price, leverage)

    needed = quantity * S / exact(price) / exact(leverage)

    assert margin - 1 < needed <= margin
    assert maths.quantity_for(margin, price, leverage) >= quantity


@given(st.integers(1, 10**9), prices, leverages)
@MANY
def test_quantity_is_the_most_a_margin_buys(margin: int, price: Price, leverage: D):
    quantity = maths.quantity_for(margin, price, leverage)

    bought = margin * exact(leverage) * exact(price) / S

    assert quantity <= bought < quantity + 1


@given(sides, quantities, prices, prices)
@MANY
def test_profit_equals_the_oracle_half_up(side: Side, quantity: int, entry: Price, price: Price):
    oracle = profit(side, quantity, entry, price)

    assert maths.pl_exact(side, quantity, entry, price) == oracle
    assert maths.pl(side, quantity, entry, price) == floor_of(oracle + Fraction(1, 2))


@given(quantities, prices, prices)
@MANY
def test_profit_of_a_short_mirrors_a_long(quantity: int, entry: Price, price: Price):
    long = maths.pl(BUY, quantity, entry, price)
    short = maths.pl(SELL, quantity, entry, price)

    # Both round half up, so a profit of exactly half a sat is the one case that differs.
    assert long + short in (0, 1)
    assert maths.pl_exact(BUY, quantity, entry, price) == maths.pl_exact(
        SELL, quantity, price, entry
    )


@given(sides, quantities, prices, st.integers(-(10**6), 10**10))
@MANY
def test_liquidation_equals_the_oracle(side: Side, quantity: int, entry: Price, margin: int):
    assert exact(maths.liquidation(side, quantity, entry, margin)) == death(
        side, quantity, entry, margin
    )


@given(sides, quantities, prices, st.integers(1, 10**9), st.integers(1, 10**9))
@MANY
def test_more_margin_never_brings_liquidation_nearer(
    side: Side, quantity: int, entry: Price, margin: int, more: int
):
    before = maths.liquidation(side, quantity, entry, margin)
    after = maths.liquidation(side, quantity, entry, margin + more)

    assert side.sign * (before - after) >= 0


@given(quantities, prices, st.integers(1, 10**9))
@MANY
def test_liquidation_of_a_short_mirrors_a_long(quantity: int, entry: Price, margin: int):
    inverse = Fraction(1) / exact(entry)
    share = Fraction(margin, quantity * S)
    assume(share < inverse and 1 / (inverse - share) < 10**7)

    long, short = (maths.liquidation(side, quantity, entry, margin) for side in (BUY, SELL))

    # In the inverse price both lie equally far from entry, but for a quarter dollar of rounding.
    for price, exactly in ((long, inverse + share), (short, inverse - share)):
        assert abs(exact(price) - 1 / exactly) <= Fraction(1, 4)


@given(sides, quantities, prices, shares, prices)
@MANY
def test_margin_for_a_liquidation_is_the_least_that_meets_it(
    side: Side, quantity: int, entry: Price, share: D, price: Price
):
    target = maths.liquidation_at_distance(side, price, share)

    margin = maths.margin_for_liquidation(side, quantity, entry, target)

    note(f"{margin} sats for {target}")
    assert side.sign * (death(side, quantity, entry, margin) - exact(target)) <= 0
    if margin > 0:
        less = death(side, quantity, entry, margin - 1)
        assert side.sign * (less - exact(target)) > 0


@given(quantities, prices, st.sampled_from(maths.FEE_RATES))
@MANY
def test_fees_equal_the_oracle_rounded_down(quantity: int, price: Price, rate: D):
    assert maths.fee(quantity, price, rate) == floor_of(quantity * S * exact(rate) / exact(price))


@given(sides, quantities, prices, rates)
@MANY
def test_funding_equals_the_oracle_and_sums_to_nothing(
    side: Side, quantity: int, price: Price, rate: D
):
    paid = maths.funding_fee(side, quantity, price, rate)

    due = floor_of(quantity * S * exact(rate) / exact(price) + Fraction(1, 2))

    assert paid == (due if side is BUY else -due)
    assert paid + maths.funding_fee(side.opposite, quantity, price, rate) == 0


@given(quantities, st.integers(1, 10**10), prices)
@MANY
def test_leverage_equals_the_oracle_to_twelve_places(quantity: int, margin: int, price: Price):
    oracle = quantity * S / (margin * exact(price))

    found = maths.leverage_of(quantity, margin, price)

    assert abs(exact(found) - oracle) <= Fraction(1, 2 * 10**12)
    assert found < 1 or "E" not in str(found)


@given(quantities, prices)
@MANY
def test_most_margin_is_the_last_with_leverage_of_one(quantity: int, entry: Price):
    most = maths.most_margin(quantity, entry)

    assert quantity * S / (Fraction(most) * exact(entry)) >= 1
    assert quantity * S / (Fraction(most + 1) * exact(entry)) < 1


@given(sides, prices, prices, thresholds)
@MANY
def test_nearness_is_exact(side: Side, price: Price, end: Price, threshold: D):
    gap = (exact(price) - exact(end)) * side.sign / exact(price)

    assert maths.is_nearer(side, price, end, threshold) == (gap < exact(threshold))
    assert abs(exact(maths.distance(side, price, end)) - gap) < Fraction(1, 10**20)


@given(values)
@MANY
def test_rounding_to_the_step_equals_the_oracle(value: Fraction):
    assert exact(maths.round_to_step(value)) == nearest_half(value)


@given(st.integers(1, 100))
def test_the_largest_cross_position_is_on_a_multiple_of_five(leverage: int):
    oracle = 15_000_000 - Fraction(leverage - 1, 99) * 5_000_000

    most = maths.cross_max_quantity(leverage)

    assert most % 5 == 0
    assert most - 5 < oracle <= most


@given(quantities, prices, st.integers(1, 100))
@MANY
def test_cross_margins_equal_the_oracle(quantity: int, entry: Price, leverage: int):
    worth = quantity * S / exact(entry)

    assert maths.cross_running_margin(quantity, entry, leverage) == floor_of(worth / leverage)
    assert maths.cross_maintenance_margin(quantity, entry) == floor_of(worth * 15 / 10_000)


def test_value_is_not_rounded():
    assert maths.value_sats(1, D(3)) == Fraction(S, 3)
    assert isinstance(maths.round_to_step(D(1)), Decimal)
