"""An operator's word counts after the fence, where no reading contradicts it, or where forced."""

from __future__ import annotations

from typing import Any

import pytest

from axisor.errors import ActionPending, VenueUnavailable, WitnessContradicts
from axisor.events import IntentState
from axisor_server.domain.letters import (
    RULINGS,
    Word,
    counted,
    is_dead_letter,
    is_supported,
    objection,
)
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import NOT_YET, Verdict

CONFIRMED, LOST, DEAD = IntentState.CONFIRMED, IntentState.NOT_APPLIED, IntentState.DEAD


def record(**more):
    usual: dict[str, Any] = {
        "id": "i1",
        "account": "a",
        "target": "positions/p",
        "kind": "AddMargin",
        "additive": True,
        "amount": 500,
        "action": b"",
        "state": IntentState.UNKNOWN,
        "created_us": 0,
        "updated_us": 0,
    }
    return IntentRecord(**(usual | more))


def word(state, *, force=False):
    return Word(intent="i1", state=state, principal="owner", note="seen", force=force)


@pytest.mark.parametrize(
    ("state", "age_ms", "dead"),
    [("unknown", 600_001, True), ("unknown", 600_000, False), ("sent", 900_000, False)],
)
def test_only_an_old_unknown_is_a_dead_letter(state, age_ms, dead):
    found = record(state=IntentState(state))

    assert is_dead_letter(found, now_us=age_ms * 1_000, after_ms=600_000) is dead


@pytest.mark.parametrize("state", sorted(RULINGS))
@pytest.mark.parametrize("force", [False, True])
def test_before_the_fence_nothing_is_settled_not_even_by_force(state, force):
    assert isinstance(objection(word(state, force=force), None, fenced=False), ActionPending)


@pytest.mark.parametrize("said", sorted(RULINGS))
@pytest.mark.parametrize("read", [CONFIRMED, LOST, DEAD, None])
def test_a_reading_that_is_sure_must_agree(said, read):
    refusal = objection(word(said), Verdict(read), fenced=True)

    assert (refusal is None) is (read in (None, said))
    assert refusal is None or isinstance(refusal, WitnessContradicts)
    assert objection(word(said, force=True), Verdict(read), fenced=True) is None
    assert is_supported(word(said), Verdict(read)) is (read in (None, said))


def test_a_venue_that_does_not_answer_supports_nothing():
    assert isinstance(objection(word(CONFIRMED), None, fenced=True), VenueUnavailable)
    assert objection(word(CONFIRMED, force=True), None, fenced=True) is None
    assert not is_supported(word(CONFIRMED), None)
    assert is_supported(word(CONFIRMED), NOT_YET)


@pytest.mark.parametrize(("state", "sats"), [(CONFIRMED, 500), (DEAD, 500), (LOST, 0)])
def test_what_nobody_knows_stays_counted(state, sats):
    assert counted(record(), state) == sats
    assert counted(record(kind="CashIn"), state) == 0
