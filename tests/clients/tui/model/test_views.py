"""What the screens say, as lines and tables without a terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from axisor.events import (
    Cause,
    CommandRefused,
    Coverage,
    CoverageChanged,
    CoverageState,
    HaltChanged,
    HaltLevel,
    IntentState,
    OrderChanged,
    RunChanged,
    RunState,
    Standing,
    StandingChanged,
)
from axisor.model import Mode, OrderState
from axisor.wire.records import ActionResult, Settlement
from axisor_tui.model import (
    activity,
    automations,
    confirming,
    copying,
    guarding,
    orders,
    plugins,
    position,
    positions,
    standing,
    system,
    whatif,
)
from axisor_tui.model.cells import Table, Tone, plain
from axisor_tui.model.filtering import fits
from axisor_tui.model.messages import LinkLost
from axisor_tui.model.state import State
from tests.clients.tui.answers import A, B, C, confirmation
from tests.clients.tui.portfolio import order, portfolio
from tests.clients.tui.support import NOW, event, example, play, rescue

WHOLE = portfolio()


def text(table: Table) -> str:
    return plain([cell for row in table.rows for cell in row.cells])


def test_what_matters_most_comes_first_at_the_top():
    said = plain([standing.banner(WHOLE, width=80)])

    assert said.split()[:3] == ["LIVE", "guard", "ARMED"]
    assert "1 to approve" in said
    assert "real sats" in plain([standing.banner(WHOLE, width=120)])


def test_a_guard_that_is_not_heard_is_not_shown_as_good():
    lost = play(LinkLost("gone", 3.0), state=WHOLE)

    assert standing.guard_tone(lost) is Tone.MUTED
    assert all(cell.tone is Tone.MUTED for cell in standing.market(lost, 80)[0])


def test_a_halt_of_all_takes_the_floor_away():
    halted = play(event(30, HaltChanged(level=HaltLevel.ALL, principal="owner")), state=WHOLE)

    assert "nothing is protected" in plain([standing.floor_line(halted, 80)])
    assert "90,910 (-6.7%) longs, 7f3a" in plain([standing.floor_line(WHOLE, 80)])


@pytest.mark.parametrize(
    ("fraction", "sign", "tone"),
    [("0.0199", "‼", Tone.CRIT), ("0.02", "!", Tone.WARN), ("0.04", " ", Tone.OK)],
)
def test_a_gauge_says_by_a_sign_how_near_it_is(fraction, sign, tone):
    (cell,) = positions.gauge(Decimal(fraction), Decimal("0.02"))

    assert cell.text.startswith(sign)
    assert cell.tone is tone


def test_a_gauge_without_a_price_claims_nothing():
    assert "?" in plain([positions.gauge(None, None)])


def test_a_position_that_is_not_covered_is_called_unguarded():
    by_key = {row.key: row for row in positions.table(WHOLE, 120).rows}

    assert by_key[C].cells[-1][0].text == "unguarded"
    assert by_key[B].cells[-1][0].text == "guarded"
    short = Coverage(position=B, state=CoverageState.SHORTFALL, missing=5_000)
    after = play(event(30, CoverageChanged(coverage=short)), state=WHOLE)
    assert "short 5,000 sat" in text(positions.table(after, 120))


def test_a_position_that_is_acted_on_says_so():
    assert "> acting" in text(positions.table(play(rescue()[0], state=example()), 120))


def test_the_ladder_has_every_level_in_its_place():
    held = WHOLE.position
    assert held is not None

    axis, *rows = plain(position.ladder(WHOLE, held, 60)).split("\n")

    assert [mark for mark in axis if mark != "─"] == ["x", "s", "=", "●", "-", "t"]
    assert [row.split()[1] for row in rows] == ["profit", "entry", "now", "trigger", "stop", "liq"]


def test_the_history_of_a_position_is_its_own():
    held = next(each for each in WHOLE.positions if each.id == A)

    assert "50,000" in plain(position.history(WHOLE, held))
    assert "fell below" not in plain(position.history(WHOLE, held))


def test_the_plan_has_a_row_for_each_action():
    assert len(guarding.plan(WHOLE).rows) == 5
    assert "budget empty" in text(guarding.plan(WHOLE))
    assert "no guard" in guarding.plan(State()).empty


def test_the_guards_exceptions_are_among_its_rules():
    assert "id = e410: guard no" in plain(guarding.rules(WHOLE))


def test_what_keeps_the_guard_from_acting_is_said():
    cause = Cause("price_stale", "The price is old.")
    stood = StandingChanged(standing=Standing.DEGRADED, causes=(cause,))

    said = plain(guarding.checks(play(event(30, stood), state=WHOLE)))

    assert "!  standing" in said
    assert "The price is old." in said
    assert "!" not in plain(guarding.checks(WHOLE))


def test_a_deed_is_one_row_from_plan_to_outcome():
    rows = {row.key: plain(row.cells) for row in orders.stream(WHOLE).rows}

    assert "confirmed" in rows["i1"]
    assert "138 ms" in rows["i1"]
    assert len(rows) == 3


def test_an_order_that_is_filled_leaves_the_open_ones():
    after = play(event(30, OrderChanged(order=order(OrderState.FILLED))), state=WHOLE)

    assert orders.opened(after).rows == ()
    assert "filled" in text(orders.stream(after))


def test_a_refused_command_says_why():
    refused = CommandRefused(request_id="r1", reason="HALTED", message="The account is halted.")

    after = play(event(30, refused), state=WHOLE)

    assert "The account is halted." in plain(orders.detail(after, "r1"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", True), ("margin console", True), ("!margin", False), ("margin !confirmed", False)],
)
def test_a_filter_is_words_and_words_that_must_not_be(wanted, found):
    assert fits(wanted, "MARGIN 19c2 confirmed by console") is found


def test_the_log_is_filtered_and_says_so():
    assert len(activity.table(WHOLE, "notice").rows) == 1
    assert "nothing fits" in activity.table(WHOLE, "nonsense").empty


def test_why_is_shown_for_the_entry_that_was_asked_about():
    assert "rule     warn below 3.0%" in plain(activity.why(WHOLE, 18))
    assert "W asks" in plain(activity.why(WHOLE, 17))


def test_runs_at_work_come_first_and_a_failure_says_why():
    rows = automations.table(WHOLE).rows

    assert [row.key for row in rows[:2]] == ["run1", "run2"]
    assert "ZeroDivisionError" in text(automations.table(WHOLE))
    failed = RunChanged(run="run1", strategy="margin-guard", state=RunState.FAILED, reason="boom")
    assert "boom" in text(automations.table(play(event(30, failed), state=WHOLE)))


@pytest.mark.parametrize(
    ("seconds", "said"), [(5, "5s ago"), (65, "1m ago"), (7_200, "2h ago"), (90_000, "1d ago")]
)
def test_how_long_ago_is_said_in_the_largest_unit(seconds, said):
    assert automations.ago(NOW + timedelta(seconds=seconds), NOW) == said


def test_what_is_lost_is_counted_by_each_road():
    found = {row.key: plain(row.cells) for row in whatif.shocks(WHOLE).rows}

    assert "7f3a -101,420" in found["-0.03"]
    assert "alive, spends 251,488" in found["-0.03"]
    assert "2 lost -585,682, lacks 369,952" in found["-0.1"]


def test_more_margin_is_further_from_liquidation():
    assert whatif.margins(WHOLE).rows[0].key == "0"
    assert "13.5%" in text(whatif.margins(WHOLE))


def test_a_plugin_in_quarantine_comes_first_with_its_error():
    assert plugins.table(WHOLE).rows[0].key == "grid-ben"
    assert "ZeroDivisionError" in plain(plugins.detail(WHOLE, "grid-ben"))
    assert "adjust margin" in plain(plugins.detail(WHOLE, "margin-guard"))


def test_the_core_is_told_on_one_screen():
    assert "up 12d 4h" in plain(system.core(WHOLE))
    assert "0.4 of 1 calls/s" in plain(system.budgets(WHOLE))
    assert "3 of 4" in text(system.accounts(WHOLE))
    assert WHOLE.look is not None
    halted = replace(WHOLE.look, halt=HaltLevel.ALL, halt_by="owner", halt_reason="storm")
    assert "all accounts halted (all) by owner: storm" in plain(
        system.core(replace(WHOLE, look=halted))
    )


@pytest.mark.parametrize(
    ("method", "danger", "word"),
    [
        ("/axisor.v1.MarginService/AddMargin", "money", ""),
        ("/axisor.v1.MarginService/ClosePosition", "destructive", "close"),
        ("/axisor.v1.StrategyService/PauseRun", "destructive", "pause"),
        ("/axisor.v1.StrategyService/ResumeRun", "reversible", ""),
    ],
)
def test_what_is_destructive_takes_its_verb(method, danger, word):
    assert confirming.word_for(confirmation(method=method, danger=danger)) == word


def test_a_preview_shows_what_changes():
    said = plain(confirming.preview(confirmation()))

    assert "484,262         734,262 sat" in said
    assert "before" not in plain(confirming.preview(confirmation(figures=False)))


def test_ones_own_word_has_less_time_than_that_of_another():
    assert confirming.lifetime(confirmation(), mine=True) == timedelta(seconds=30)
    assert confirming.lifetime(confirmation(), mine=False) == timedelta(minutes=5)


def test_an_outcome_is_said_in_words():
    settlement = Settlement(latency=timedelta(milliseconds=142), message="")
    good = ActionResult(state=IntentState.CONFIRMED, settlement=settlement, sequence=7)

    assert confirming.outcome(good) == ("confirmed in 142 ms (event 7)", True)
    assert not confirming.outcome(replace(good, state=IntentState.UNKNOWN))[1]
    assert confirming.outcome(None)[1]


def test_what_is_copied_is_a_command_a_call_and_json():
    held = WHOLE.position
    assert held is not None

    texts = dict(copying.of_position(WHOLE, held).choices)

    assert texts["command"] == f"axisor --account acc position show {B}"
    assert texts["grpcurl"].endswith("axisor.v1.MarginService/GetPosition")
    assert json.loads(texts["JSON"])["liquidation"] == "94807.5"


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_says_what_it_means(mode):
    assert standing.MODE_MEANS[mode] in plain([standing.banner(portfolio(mode), width=120)])
