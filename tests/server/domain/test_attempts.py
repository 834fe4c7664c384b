"""A run may try on a position so often and no more, whatever it asks and whatever came of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.events import IntentState
from axisor.intents import AddMargin, ClosePosition, CrossOrder, DepositCross, SetStop
from axisor.model import Side
from axisor_server.domain.attempts import HARMLESS, Attempt, Bounds, attempt_of, objection
from axisor_server.domain.intent import encode_action, target_of
from axisor_server.domain.records import IntentRecord

BOUNDS = Bounds(episode=3, position=6, window_ms=600_000)
NOW = 10**12
ADD = AddMargin(position="p", amount=1, episode="p#1")
TARGET = "positions/p"


def tried(*states: IntentState, episode: str = "p#1", age_ms: int = 0, target: str = TARGET):
    at = NOW - age_ms * 1_000
    return {str(n): Attempt(target, episode, at, state) for n, state in enumerate(states)}


def refused(attempts: dict[str, Attempt], action: Any = ADD) -> bool:
    target = target_of(action, "i")
    return objection(action, target, attempts, run="r", now_us=NOW, bounds=BOUNDS) is not None


LOST, SURE, VAIN = IntentState.UNKNOWN, IntentState.CONFIRMED, IntentState.NOT_APPLIED


def test_three_attempts_of_unknown_outcome_end_an_episode_and_not_the_next():
    assert not refused(tried(LOST, LOST))
    assert refused(tried(LOST, LOST, LOST))
    assert refused(tried(LOST, IntentState.DEAD, IntentState.SENT))
    assert not refused(tried(LOST, LOST, LOST, episode="p#0"))


def test_what_certainly_had_no_effect_ends_no_episode_before_there_is_too_much_of_it():
    assert not refused(tried(*[VAIN] * 5))
    assert not refused(tried(LOST, LOST, *[VAIN] * 3))
    assert refused(tried(*[VAIN] * 6))


def test_what_was_confirmed_is_progress_until_there_is_too_much_of_it():
    assert not refused(tried(*[SURE] * 5))
    assert refused(tried(*[SURE] * 6))
    assert refused(tried(*[LOST] * 2, *[SURE] * 4))


@pytest.mark.parametrize("state", sorted(HARMLESS))
def test_what_never_had_an_effect_does_not_count(state: IntentState):
    assert not refused(tried(*[state] * 20))


def test_attempts_are_forgotten_after_the_window_and_are_each_positions_own():
    assert refused(tried(LOST, LOST, LOST, age_ms=599_999))
    assert not refused(tried(LOST, LOST, LOST, age_ms=600_000))
    assert not refused(tried(LOST, LOST, LOST, target="positions/q"))


@pytest.mark.parametrize(
    "action",
    [
        ClosePosition(position="p"),
        SetStop(position="p", price=None),
        CrossOrder(side=Side.BUY, quantity=1, reduce=True),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_absolute_and_what_has_an_id_of_its_own_is_not_bounded(action: Any):
    target = target_of(action, "i")

    assert not refused(tried(*[LOST] * 9, target=target, episode=""), action)


@given(st.lists(st.sampled_from(IntentState), max_size=12))
def test_more_attempts_never_allow_what_fewer_did_not(states: list[IntentState]):
    for count in range(len(states)):
        assert refused(tried(*states)) >= refused(tried(*states[:count]))


def test_only_margin_that_a_run_moves_counts():
    usual: dict[str, Any] = {
        "id": "i",
        "account": "a",
        "target": "positions/cross",
        "kind": "DepositCross",
        "additive": True,
        "amount": 5,
        "action": encode_action(DepositCross(amount=5, episode="cross#2")),
        "state": IntentState.SENT,
        "run": "r",
        "created_us": 7,
        "updated_us": 8,
    }

    found = attempt_of(IntentRecord(**usual))

    assert found == Attempt("positions/cross", "cross#2", 7, IntentState.SENT)
    assert attempt_of(IntentRecord(**(usual | {"run": ""}))) is None
    assert attempt_of(IntentRecord(**(usual | {"kind": "ClosePosition"}))) is None
