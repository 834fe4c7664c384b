"""The reducer: what each message changes, and that order and repeats do no harm."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from axisor.events import (
    BalanceChanged,
    Coverage,
    CoverageChanged,
    CoverageState,
    HaltChanged,
    HaltLevel,
    PositionClosed,
    PositionEnd,
    RunChanged,
    RunState,
    Standing,
    StandingChanged,
)
from axisor.model import Balance, FeedQuality, Mode
from axisor.wire.records import IntentSummary, StepSummary
from axisor_tui.model.messages import (
    GuardSeen,
    Happened,
    Linked,
    LinkLost,
    Remembered,
    Selected,
    Snapped,
    TimePassed,
    UnitChosen,
)
from axisor_tui.model.money import Unit
from axisor_tui.model.reducing import MOST_ENTRIES
from axisor_tui.model.standing import guard_word
from axisor_tui.model.state import Link, State
from tests.clients.tui.support import (
    LONG,
    NOW,
    SHORT,
    event,
    example,
    play,
    position,
    rescue,
    snapshot,
    tick,
)


def test_a_snapshot_replaces_what_was_known():
    before = example()

    after = play(Snapped(snapshot(position(), mode=Mode.LIVE, sequence=99)), state=before)

    assert (after.sequence, after.mode, len(after.positions)) == (99, Mode.LIVE, 1)


def test_the_nearest_to_liquidation_comes_first():
    assert [each.id for each in example().by_danger()] == [LONG, SHORT]


def test_a_rescue_ends_with_more_margin_and_nothing_pending():
    halfway = play(rescue()[0], state=example())
    after = play(*rescue(), state=example())

    assert halfway.pending == {"i1": f"positions/{LONG}"}
    assert after.pending == {}
    assert after.positions[0].margin == 182_541


def test_an_event_seen_twice_changes_nothing():
    once = play(*rescue(), state=example())

    assert play(*rescue(), state=once) == once


def test_a_closed_position_leaves_with_its_coverage():
    closed = PositionClosed(position=position(), end=PositionEnd.LIQUIDATED, pl=-100_000)

    after = play(event(11, closed), state=example())

    assert [each.id for each in after.positions] == [SHORT]
    assert LONG not in after.coverages
    assert "liquidated -100,000 sat" in after.log[-1].text


def test_a_balance_is_taken_over():
    after = play(event(11, BalanceChanged(balance=Balance(free=7))), state=example())

    assert after.balance == Balance(free=7)


def test_a_lost_core_leaves_the_figures_but_marks_them_stale():
    after = play(LinkLost("connection refused"), state=example())

    assert after.link is Link.LOST
    assert after.positions
    assert after.is_stale


@pytest.mark.parametrize(("now_ms", "stale"), [(19_500, False), (49_000, False), (49_001, True)])
def test_a_price_is_stale_after_thirty_seconds(now_ms, stale):
    assert play(TimePassed(now_ms, NOW), state=example()).is_stale is stale


@pytest.mark.parametrize("quality", [q for q in FeedQuality if q is not FeedQuality.FRESH])
def test_a_price_that_the_core_does_not_trust_is_shown_as_stale(quality):
    assert play(tick("98000", 20, quality), state=example()).is_stale


def test_the_position_chosen_stays_chosen_while_the_order_changes():
    chosen = play(Selected(SHORT), state=example())
    nearer = play(tick("119900", 21), state=chosen)

    assert nearer.by_danger()[0].id == SHORT
    assert nearer.position is not None
    assert nearer.position.id == SHORT
    assert play(tick("98100", 22), state=nearer).position == nearer.position


def test_without_a_choice_the_position_in_most_danger_is_meant():
    assert example().position == example().by_danger()[0]
    assert play(Selected("gone"), state=example()).position == example().by_danger()[0]
    assert State().position is None


def test_a_lost_core_says_when_it_is_called_again():
    lost = play(LinkLost("refused", 4.0), state=example())

    assert lost.retry_at_ms == example().now_ms + 4_000
    assert play(Linked("here"), state=lost).retry_at_ms is None


def test_older_entries_come_before_what_is_known_and_only_once():
    known = play(*rescue(), state=example())
    told = (event(3, _halt()), *rescue())
    events = tuple(each.event for each in told if isinstance(each, Happened))

    after = play(Remembered(events, more=True), state=known)

    assert [each.sequence for each in after.log] == [3, 11, 12]
    assert [each.id for each in after.deeds] == ["i1"]
    assert after.older
    assert play(Remembered(events), state=after).log == after.log


def test_the_log_forgets_the_oldest():
    state = play(*(event(n, _halt()) for n in range(11, 12 + MOST_ENTRIES)), state=example())

    assert len(state.log) == MOST_ENTRIES
    assert state.log[0].sequence == 12


def test_the_last_step_of_a_run_is_kept():
    asked = (IntentSummary(kind="AddMargin", text="add 5 sat"),)
    step = StepSummary(run="run1", step=4, cause="tick", intents=asked)

    after = play(event(11, step), state=example())

    assert after.steps["run1"].asked == ("add 5 sat",)
    assert after.log == example().log


def test_amounts_are_shown_in_the_unit_chosen():
    state = play(UnitChosen(Unit.MBTC), state=example())

    assert state.amount(250_000) == "2.50000 mBTC"


def test_what_the_guard_may_still_spend_is_kept():
    seen = GuardSeen(plan=(), floors=(), coverages=(), budget_left=7)

    assert play(seen, state=example()).budget_left == 7


def _halt() -> HaltChanged:
    return HaltChanged(level=HaltLevel.RISK, principal="owner")


@dataclass
class Case:
    payload: object
    word: str


@pytest.mark.parametrize(
    "case",
    [
        Case(RunChanged(run="run1", strategy="margin-guard", state=RunState.PAUSED), "PAUSED"),
        Case(RunChanged(run="run1", strategy="margin-guard", state=RunState.FAILED), "FAILED"),
        Case(HaltChanged(level=HaltLevel.ALL, principal="owner"), "HALTED"),
        Case(HaltChanged(level=HaltLevel.RISK, principal="owner"), "ARMED"),
        Case(HaltChanged(level=HaltLevel.ALL, principal="owner", platform=True), "HALTED"),
        Case(StandingChanged(standing=Standing.DEGRADED), "DEGRADED"),
        Case(StandingChanged(standing=Standing.RECONCILE_ONLY), "RECONCILING"),
        Case(StandingChanged(standing=Standing.REDUCE_ONLY), "ARMED"),
        Case(
            CoverageChanged(coverage=Coverage(position=LONG, state=CoverageState.DEGRADED)),
            "DEGRADED",
        ),
    ],
)
def test_the_guard_is_named_by_what_it_can_do(case):
    assert guard_word(play(event(11, case.payload), state=example())) == case.word


def test_without_a_guard_nothing_is_said_to_be_protected():
    assert guard_word(State()) == "NONE"


def test_the_end_of_the_halt_of_all_leaves_the_accounts_own():
    halted = play(
        event(11, HaltChanged(level=HaltLevel.ALL, principal="owner")),
        event(12, HaltChanged(level=HaltLevel.ALL, principal="owner", platform=True)),
        event(13, HaltChanged(level=HaltLevel.NONE, principal="owner", platform=True)),
        state=example(),
    )

    assert guard_word(halted) == "HALTED"
