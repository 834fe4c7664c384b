"""Whole accounts: what is opened, decided, paid and judged, and that skipping changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.backtest import (
    Costs,
    Market,
    Opening,
    Path,
    Plan,
    Terms,
    back_test,
    decision_hash,
    parse_scenario,
    play,
    sheet,
)
from axisor.errors import VenueRefused
from axisor.events import OrderChanged
from axisor.exchange.scenarios import SCENARIOS
from axisor.intents import ClosePosition, Intent, Notice, OpenPosition, Wake
from axisor.model import OrderType, Permission, Severity, Side, Tick
from axisor.strategy import Memory, Strategy, View, decode_config
from axisor_dip_buyer import DipBuyer, DipConfig
from axisor_margin_guard import MarginGuard
from tests.sdk.backtest.support import START, NoConfig, Woken, minutes, walk

FREE = Costs(fee_tier=None, funding_rate=Decimal(0))
LONG = Opening(Side.BUY, Decimal(25), 2_500)
SHORT = Opening(Side.SELL, Decimal(10), 1_000)


def guard(balance=3_000_000, openings=(LONG, SHORT), **config) -> Plan:
    encoded = b'{"trigger": "2", "target": "5"}'
    return Plan(
        name="guarded",
        balance=balance,
        strategy=MarginGuard,
        config=decode_config(MarginGuard, encoded),
        openings=openings,
    )


def on(path: Path) -> Market:
    return Market("made", path)


def test_the_worked_example_by_a_whole_account():
    market = on(minutes(100_000, 98_900, 98_100, 96_150, 95_200, 99_400))
    plan = Plan(name="one", balance=600_000, strategy=Woken, config=NoConfig(), openings=(LONG,))

    outcome = back_test(market, [plan], Terms(costs=FREE, line=Decimal("0.02")))

    (lived,) = outcome.accounts
    assert [(event.kind, event.amount_sats) for event in lived.events] == [
        ("opened", None),
        ("add_margin", 82_541),
    ]
    assert lived.metrics.net_pl_sats == -15_091
    assert lived.metrics.protection is not None
    assert lived.metrics.protection.liquidations_avoided == 1
    assert lived.metrics.protection.net_sats == 100_000 - 15_091
    assert lived.metrics.protection.cost_sats == 0


def test_the_deepest_fall_and_the_time_at_risk_by_hand():
    # 25 x from 100,000: liquidation at 96,154, so below 5 % of it from 101,214.5 down to the end.
    market = on(minutes(100_000, 104_000, 102_000, 100_000, 104_000))
    plan = Plan(
        name="one", balance=600_000, strategy=DipBuyer, config=DipConfig(margin=1), openings=(LONG,)
    )

    outcome = back_test(market, [plan], Terms(costs=FREE))

    # Worth more by 2,500 x 10^8 x (1/100,000 - 1/104,000) = 96,153.8 at the top, 0 at the trough.
    assert outcome.metrics.max_drawdown_sats == 96_154
    # At the first and at the fourth print, 15 of 60 seconds each.
    assert outcome.metrics.time_at_risk == Decimal("0.5")
    assert outcome.metrics.sharpe is None, "a minute says nothing of a year"


def test_results_of_closed_positions_count_every_fee():
    class Closer(Strategy[NoConfig, Memory]):
        """Closes everything at 104,000."""

        name = "closer"
        permissions = Permission.TRADE

        def on_start(self, view: View) -> Iterator[Intent]:
            yield Wake(above=Decimal(104_000))

        def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
            for position in view.positions:
                yield ClosePosition(position=position.id)

    market = on(minutes(100_000, 104_000, 90_000))
    plan = Plan(name="one", balance=600_000, strategy=Closer, config=NoConfig(), openings=(LONG,))

    outcome = back_test(market, [plan], Terms(costs=Costs(funding_rate=Decimal(0))))

    (lived,) = outcome.accounts
    # 0.1 % of 2,500,000 sats to open, of 2,403,846 to close.
    assert lived.fees == 2_500 + 2_403
    assert lived.results == (96_154 - 4_903,)
    assert lived.metrics.net_pl_sats == 96_154 - 4_903
    assert lived.metrics.win_rate == 1
    assert lived.metrics.profit_factor is None


def test_a_liquidated_position_is_a_loss_of_its_margin_and_its_fees():
    market = on(minutes(100_000, 90_000))
    plan = Plan(
        name="one", balance=600_000, strategy=DipBuyer, config=DipConfig(margin=1), openings=(LONG,)
    )

    (lived,) = back_test(market, [plan]).accounts

    assert lived.metrics.liquidations == 1
    assert lived.results == (-100_000 - lived.fees,)
    assert lived.metrics.win_rate == 0


def test_a_strategy_without_positions_opens_its_own():
    market = on(minutes(100_000, 100_000, 98_000, 96_000))
    plan = Plan(name="dip", balance=100_000, strategy=DipBuyer, config=DipConfig(margin=10_000))

    outcome = back_test(market, [plan], Terms(costs=FREE))

    assert [event.position for event in outcome.accounts[0].events] == ["#1", "#2"]
    assert outcome.metrics.protection is None


def test_a_strategy_hears_of_its_limit_order_being_filled():
    class Patient(Strategy[NoConfig, Memory]):
        """Waits for 99,000 and tells what became of its order."""

        name = "patient"
        permissions = Permission.TRADE

        def on_start(self, view: View) -> Iterator[Intent]:
            yield OpenPosition(
                side=Side.BUY, leverage=2, quantity=10, type=OrderType.LIMIT, price=Decimal(99_000)
            )
            yield Wake(on=frozenset({"order"}))

        def on_order(self, change: OrderChanged, view: View) -> Iterator[Intent]:
            yield Notice(severity=Severity.OK, code="ORDER", text=change.order.state.value)

    market = on(minutes(100_000, 99_500, 99_000, 98_000))
    plan = Plan(name="one", balance=100_000, strategy=Patient, config=NoConfig())

    (lived,) = back_test(market, [plan]).accounts

    assert [notice.split()[-1] for notice in lived.notices] == ["open", "filled"]


def test_a_timer_fires_once():
    class Timed(Strategy[NoConfig, Memory]):
        """Waits twenty seconds."""

        name = "timed"

        def on_start(self, view: View) -> Iterator[Intent]:
            yield Wake(at=view.now + timedelta(seconds=20))

        def on_timer(self, at, view: View) -> Iterator[Intent]:
            yield Notice(severity=Severity.OK, code="RANG", text=f"{at:%S}")

    market = on(minutes(*[100_000] * 8))
    plan = Plan(name="one", balance=1, strategy=Timed, config=NoConfig())

    (lived,) = back_test(market, [plan]).accounts

    assert [notice.split()[-1] for notice in lived.notices] == ["20"]
    assert lived.notices[0].startswith("2026-01-01T00:00:30")


def test_a_balance_that_bears_no_position_is_refused():
    with pytest.raises(VenueRefused):
        back_test(on(minutes(100_000)), [guard(balance=10)])


def test_accounts_are_judged_together():
    market = play(parse_scenario("flash-crash"))
    one = back_test(market, [guard()])
    two = back_test(market, [guard(), guard()])

    assert two.metrics.net_pl_sats == 2 * one.metrics.net_pl_sats
    assert two.metrics.max_drawdown_sats == 2 * one.metrics.max_drawdown_sats
    assert two.metrics.time_at_risk == one.metrics.time_at_risk
    assert two.accounts[0].decision_hash == one.decision_hash


def test_progress_ends_where_the_work_does():
    heard = []
    back_test(
        play(parse_scenario("flash-crash")),
        [guard(), guard()],
        progress=lambda done, of: heard.append((done, of)),
    )

    assert heard == sorted(heard)
    assert heard[-1][0] == heard[-1][1]


def test_a_scenario_brings_its_funding_rate():
    market = play(parse_scenario("funding-squeeze duration=2d tick=1m"))

    (lived,) = back_test(market, [guard(openings=(LONG,))]).accounts

    assert lived.funding > 50_000


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_decided_alike_by_wakes_and_print_by_print(name):
    market = play(parse_scenario(f"{name} duration=5m tick=2s strength=2"))

    skipped = back_test(market, [guard()])
    visited = back_test(market, [guard()], Terms(each=True))

    assert visited.decision_hash == skipped.decision_hash
    assert visited.accounts == skipped.accounts


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    spacing=st.sampled_from([15, 60, 600]),
    side=st.sampled_from(Side),
)
def test_what_is_recorded_does_not_depend_on_the_prints_visited(seed, spacing, side):
    market = on(walk(seed, 1_500))
    apart = timedelta(seconds=spacing)
    held = Opening(side, Decimal(20), 500)
    plan = Plan(name="a", balance=40_000_000, strategy=Woken, config=NoConfig(), openings=(held,))

    skipped = back_test(market, [plan], Terms(spacing=apart))
    visited = back_test(market, [plan], Terms(each=True, spacing=apart))

    assert sheet(visited) == sheet(skipped)


def test_equal_runs_have_equal_reports():
    market = play(parse_scenario("volatile seed=4 tick=1s"))

    assert sheet(back_test(market, [guard()])) == sheet(back_test(market, [guard()]))


def test_another_decision_is_another_hash():
    market = play(parse_scenario("flash-crash"))
    decisions = back_test(market, [guard()]).accounts[0].decisions

    assert decisions
    assert decision_hash(decisions) != decision_hash(())
    assert decision_hash(decisions) != decision_hash((*decisions, decisions[0]))


def test_samples_are_equally_spaced_and_the_end_is_the_last():
    market = on(minutes(*[100_000] * 9))

    (lived,) = back_test(market, [guard()], Terms(spacing=timedelta(seconds=50))).accounts

    seconds = [(sample.time - START).total_seconds() for sample in lived.samples]
    assert seconds == [0, 45, 90, 120]
