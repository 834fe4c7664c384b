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
from axisor_tui.render import guard_word
from axisor_tui.state import Link, LinkLost, Selected, Snapped, State, TimePassed
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
    assert "liquidated -100,000 sat" in after.lines[-1].text


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


def test_the_selection_stays_within_the_list():
    state = play(Selected(5), state=example())

    assert state.selected == 1
    assert play(Selected(-9), state=state).selected == 0
    assert play(Selected(1), state=State()).selected == 0


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
