"""Dead letters: when an unknown outcome is one, and whether an operator's word may settle it."""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import ActionPending, AxisorError, VenueUnavailable, WitnessContradicts
from axisor.events import IntentState
from axisor_server.domain.intent import spends
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import Verdict

RULINGS = frozenset({IntentState.CONFIRMED, IntentState.NOT_APPLIED, IntentState.DEAD})
"""What an operator may say: it happened, it did not, or nobody will ever know."""


class Word(Struct, frozen=True, kw_only=True):
    """An operator's word about one action, and who gives it."""

    intent: str
    state: IntentState
    principal: str
    note: str
    force: bool = False


def is_dead_letter(record: IntentRecord, *, now_us: int, after_ms: int) -> bool:
    """Return whether an action has been of unknown outcome for longer than it may be."""
    old = now_us - record.created_us > after_ms * 1_000
    return record.state is IntentState.UNKNOWN and old


def counted(record: IntentRecord, state: IntentState) -> int:
    """Return the sats that count as spent once an action is in a state."""
    return record.amount if spends(record.kind) and state is not IntentState.NOT_APPLIED else 0


def objection(word: Word, verdict: Verdict | None, *, fenced: bool) -> AxisorError | None:
    """Return why an operator's word does not count, or None where it does.

    Before the fence the venue may still carry the action out, so nobody can know; no force helps.
    `verdict` is of a reading begun after it, None where the venue did not answer.
    """
    if not fenced:
        return ActionPending(
            "The venue may still carry the action out, so its outcome cannot be settled yet.",
            fix="Wait until its fence has passed: axisor dlq show.",
            intent=word.intent,
        )
    if word.force:
        return None
    if verdict is None:
        return VenueUnavailable(
            "The venue does not answer, so that nothing supports or contradicts this.",
            money="The action stays as it was, and its sats stay counted.",
            fix="Try again, or say --force.",
            intent=word.intent,
        )
    if verdict.state is not None and verdict.state is not word.state:
        return WitnessContradicts(
            f"A reading made just now says {verdict.state.value}, not {word.state.value}.",
            intent=word.intent,
            state=verdict.state.value,
        )
    return None


def is_supported(word: Word, verdict: Verdict | None) -> bool:
    """Return whether no reading speaks against an operator's word."""
    return verdict is not None and verdict.state in (None, word.state)
