"""Every figure against a case reckoned by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from axisor import metrics

DAY = timedelta(days=1)
EQUITY = (1000, 1100, 990, 1089)
"""Returns of +10 %, -10 % and +10 %: mean 1/30, squares of deviations (2/30)²·2 + (4/30)²."""


def test_net_profit_leaves_out_what_was_moved_in():
    assert metrics.net_pl(EQUITY) == 89
    assert metrics.net_pl(EQUITY, moved_in=100) == -11
    assert metrics.net_pl(()) == 0


def test_the_deepest_fall_is_from_its_own_peak():
    found = metrics.max_drawdown((100, 120, 90, 150, 130, 111, 160))

    assert (found.sats, found.peak, found.trough) == (39, 3, 5)
    assert found.fraction == Decimal("0.26")


def test_what_only_rises_has_no_drawdown():
    assert metrics.max_drawdown((1, 2, 3)).sats == 0
    assert metrics.max_drawdown(()).sats == 0


def test_a_fall_from_nothing_has_no_fraction():
    assert metrics.max_drawdown((0, -5)).fraction is None


def test_sharpe_by_hand():
    # mean 1/30; variance (2·(2/30)² + (4/30)²)/2 = 24/1800 = 1/75; √(1/75) = 0.115470…
    # (1/30)/0.1154700538 = 0.2886751346; × √365 = 19.1049731745 gives 5.5151306…
    assert metrics.sharpe(EQUITY, DAY) == Decimal("5.515131")


def test_sortino_by_hand():
    # mean 1/30; (0.1)²/3 below, root 0.0577350269; ratio 0.5773502692; × √365 = 11.0302612…
    assert metrics.sortino(EQUITY, DAY) == Decimal("11.030261")


def test_hourly_samples_are_annualised_by_the_hours_of_a_year():
    # as by day, times √24 = 4.8989794856
    assert metrics.sharpe(EQUITY, timedelta(hours=1)) == Decimal("27.018512")


def test_ratios_that_cannot_be_formed_are_none():
    assert metrics.sharpe((1000, 1100), DAY) is None, "one return"
    assert metrics.sharpe((1000, 1000, 1000), DAY) is None, "no deviation"
    assert metrics.sharpe((1000, 0, 1000), DAY) is None, "a return on nothing"
    assert metrics.sortino((1000, 1100, 1200), DAY) is None, "no loss"
    assert metrics.win_rate(()) is None
    assert metrics.profit_factor((5, 7)) is None
    assert metrics.time_at_risk(timedelta(0), timedelta(0)) is None


def test_wins_and_profit_factor_by_hand():
    results = (300, -100, 0, 50, -75)

    assert metrics.win_rate(results) == Decimal("0.4")
    assert metrics.profit_factor(results) == Decimal(2)


def test_time_at_risk_is_a_share_of_the_whole():
    assert metrics.time_at_risk(timedelta(hours=6), DAY) == Decimal("0.25")


@given(st.lists(st.integers(-(10**9), 10**9), max_size=60))
def test_the_drawdown_is_what_looking_at_each_pair_finds(equity):
    falls = [a - b for n, a in enumerate(equity) for b in equity[n:]]

    assert metrics.max_drawdown(equity).sats == max(falls, default=0)
