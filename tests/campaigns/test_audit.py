"""What the audit of a trial finds: each way in which a ledger and a journal can part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from campaigns.audit import Audit, Books, Effect, audit, effects_of, kept, superseded
from msgspec.structs import replace

from axisor.events import IntentPlanned, IntentSettled, IntentState, Payload
from axisor.intents import AddMargin
from axisor.model import Mode
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import Entry, Head, extend
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import Baseline, encode_baseline

STAMP_MS = 1_790_000_000_000
MARGIN = 100_000


def intent(number: int = 1, state: IntentState = IntentState.CONFIRMED) -> IntentRecord:
    """Return an addition of margin that was sent and has ended."""
    return IntentRecord(
        id=f"intent-{number}",
        account="a",
        target="positions/p",
        kind="AddMargin",
        additive=True,
        amount=500,
        action=encode_action(AddMargin(position="p", amount=500)),
        state=state,
        epoch=number,
        witness=encode_baseline(Baseline(margin=MARGIN + 500 * (number - 1))),
        signed_us=(STAMP_MS + number) * 1_000,
        created_us=0,
        updated_us=0,
    )


def effect(number: int = 1) -> Effect:
    """Return what such an intent does at the venue."""
    return Effect(
        target="positions/p",
        amount=500,
        stamp_ms=STAMP_MS + number,
        margin_before=MARGIN + 500 * (number - 1),
        received=f"2026-10-01T00:00:0{number}.000Z",
    )


def journal(intents: Sequence[IntentRecord]) -> tuple[Entry, ...]:
    """Return a journal that tells of these intents."""
    payloads: list[Payload] = []
    for each in intents:
        action = AddMargin(position="p", amount=500)
        payloads.append(IntentPlanned(intent=each.id, action=action, target=each.target))
        payloads.append(IntentSettled(intent=each.id, state=each.state))
    time = datetime(2026, 10, 1, tzinfo=UTC)
    return extend(Head(), stream="accounts/a", mode=Mode.SIM, time=time, payloads=payloads)


def books(*intents: IntentRecord) -> Books:
    """Return the books of an account with these intents."""
    return Books(account="a", intents=intents, entries=journal(intents))


def problems(found: Audit) -> dict[str, int]:
    """Return how much of each kind was found."""
    names = ("doubles", "misclassified", "lost", "unsettled", "broken", "late")
    return {name: len(getattr(found, name)) for name in names if getattr(found, name)}


def test_books_that_agree_are_found_to() -> None:
    found = audit([effect(1), effect(2)], books(intent(1), intent(2)))

    assert problems(found) == {}
    assert (found.effects, found.confirmed, found.planned) == (2, 2, 2)


def test_a_request_that_took_effect_twice_is_a_double() -> None:
    assert "doubles" in problems(audit([effect(), effect()], books(intent())))


def test_an_effect_nobody_planned_is_a_double() -> None:
    assert problems(audit([effect(1), effect(2)], books(intent(1)))) == {"doubles": 1}


def test_an_effect_decided_before_another_was_known_is_a_double() -> None:
    blind = replace(effect(2), margin_before=MARGIN)

    assert problems(audit([effect(1), blind], books(intent(1), intent(2)))) == {"doubles": 1}


@pytest.mark.parametrize(
    "state", [IntentState.NOT_APPLIED, IntentState.REFUSED, IntentState.CANCELED]
)
def test_an_effect_on_record_as_none_is_misclassified(state: IntentState) -> None:
    assert problems(audit([effect()], books(intent(1, state)))) == {"misclassified": 1}


def test_a_confirmation_without_an_effect_is_misclassified() -> None:
    assert problems(audit([], books(intent()))) == {"misclassified": 1}


def test_a_dead_intent_claims_nothing() -> None:
    assert problems(audit([effect()], books(intent(1, IntentState.DEAD)))) == {}


def test_what_is_still_unknown_is_unsettled() -> None:
    assert problems(audit([], books(intent(1, IntentState.UNKNOWN)))) == {"unsettled": 1}


def test_a_chain_that_was_touched_is_broken() -> None:
    whole = books(intent(1), intent(2))
    first, *rest = whole.entries
    touched = replace(whole, entries=(replace(first, time_us=1), *rest))

    assert problems(audit([effect(1), effect(2)], touched)) == {"broken": 1}


def test_an_index_that_tells_another_end_than_the_journal_is_broken() -> None:
    told = books(intent())
    other = replace(told, intents=(intent(1, IntentState.DEAD),))

    assert problems(audit([effect()], other)) == {"broken": 1}


def test_an_end_that_was_told_twice_is_broken() -> None:
    again = replace(books(intent(1)), entries=journal([intent(1), intent(1)]))
    entries = [e for e in again.entries if e.kind == "IntentSettled"]
    planned = again.entries[0]
    rechained = replace(again, entries=(planned, *entries))

    assert len(problems(audit([effect()], rechained))) == 1


def test_a_call_of_a_former_epoch_after_a_later_one_is_seen() -> None:
    early = replace(effect(2), received="2026-10-01T00:00:00.500Z")

    assert superseded([effect(1), effect(2)], books(intent(1), intent(2))) == []
    assert len(superseded([effect(1), early], books(intent(1), intent(2)))) == 1


def test_an_event_that_was_told_and_is_gone_or_another_is_lost() -> None:
    entries = journal([intent()])
    told = {1: entries[0].hash, 2: b"another", 3: b"gone"}

    assert kept(entries, told) == [
        "event 2 was told and is another",
        "event 3 was told and is gone",
    ]


def test_only_additions_of_margin_count_as_effects() -> None:
    row = {
        "target": "p",
        "effect": {"margin": 5},
        "stamp": 7,
        "state": {"margin": 105},
        "received": "2026-10-01T00:00:00.000Z",
    }

    (found,) = effects_of([{**row, "request": "new_trade"}, {**row, "request": "add_margin"}])

    assert (found.key, found.margin_before) == (("positions/p", 5, 7), 100)
