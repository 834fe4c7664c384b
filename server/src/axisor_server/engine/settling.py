"""Turns answers, verdicts and readings into drafts: what they change in book and journal."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    OutcomeUnknown,
    PositionNotFound,
    ShuttingDown,
    VenueUnavailable,
)
from axisor.events import (
    IntentSettled,
    IntentState,
    OrderChanged,
    Outcome,
    Payload,
    PositionChanged,
    PositionClosed,
)
from axisor.model import AccountState, Balance, OrderState, Position
from axisor.ports import ClosedPosition, Confirmed, Refused, SendResult, Unknown
from axisor_server.domain.account import diff, with_order, with_position, without_position
from axisor_server.domain.counters import Fundings, behind
from axisor_server.domain.emergency import Ended
from axisor_server.domain.intent import decode_action, may_move, spends
from axisor_server.domain.letters import Word
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.spending import Loss
from axisor_server.domain.witness import Verdict, shows_more
from axisor_server.engine import counting
from axisor_server.engine.draft import Draft
from axisor_server.engine.reconcile import LEDGER_KINDS
from axisor_server.engine.replies import answer_of


class Ruling(Struct, frozen=True):
    """Who settled an action by their word, what they said, and whether against what was read."""

    principal: str = ""
    note: str = ""
    forced: bool = False


NOBODY = Ruling()


def settle(  # noqa: PLR0913  an outcome is all of this
    draft: Draft,
    record: IntentRecord,
    state: IntentState,
    *,
    by: str = "answer",
    reason: str = "",
    message: str = "",
    venue_id: str = "",
    latency_ms: int = 0,
    ruling: Ruling = NOBODY,
) -> None:
    """Move an intent on and tell whom it concerns: its journal, its command, its run."""
    if not may_move(record.state, state):
        raise AssertionError(f"{record.id} cannot go from {record.state} to {state}")
    moved = replace(
        record,
        state=state,
        reason=reason,
        message=message,
        venue_id=venue_id or record.venue_id,
        updated_us=draft.now_us,
    )
    draft.move(moved, expect=record.state)
    draft.say(
        IntentSettled(
            intent=record.id,
            state=state,
            by=by,
            reason=reason,
            message=message,
            venue_id=moved.venue_id,
            latency_ms=latency_ms,
            principal=ruling.principal,
            note=ruling.note,
            forced=ruling.forced,
        )
    )
    if state is IntentState.CONFIRMED:
        _count(draft, moved)
    if not state.is_open:
        counting.settled(draft, moved, by=by)
    if record.request_id and not state.is_open:
        draft.tell(record.request_id, answer_of(moved))
    if record.run:
        action = decode_action(record.action)
        draft.call(record.run, Outcome(action=action, state=state, reason=reason, message=message))


def _count(draft: Draft, record: IntentRecord) -> None:
    book = draft.book
    if spends(record.kind):
        book = replace(book, unread={**book.unread, record.id: record})
    if record.kind in LEDGER_KINDS:
        book = replace(book, transfer=None)
    draft.book = book


def settle_result(
    draft: Draft, record: IntentRecord, result: SendResult, *, latency_ms: int
) -> list[Payload]:
    """Settle by what the venue answered; returns what it changed about the account."""
    match result:
        case Confirmed():
            settle(
                draft,
                record,
                IntentState.CONFIRMED,
                venue_id=result.venue_id,
                latency_ms=latency_ms,
            )
            return _apply(draft, result)
        case Refused():
            error = result.error
            settle(
                draft,
                record,
                IntentState.REFUSED,
                reason=error.reason,
                message=error.message,
                latency_ms=latency_ms,
            )
        case Unknown():
            settle(
                draft,
                record,
                IntentState.UNKNOWN,
                reason=OutcomeUnknown.reason,
                message=result.detail,
                latency_ms=latency_ms,
            )
    return []


def _apply(draft: Draft, answer: Confirmed) -> list[Payload]:
    state = draft.book.state or AccountState(balance=Balance(free=0))
    changes: list[Payload] = []
    if answer.position is not None and state.position(answer.position.id) != answer.position:
        state = with_position(state, answer.position)
        changes.append(PositionChanged(position=answer.position))
    if answer.order is not None and answer.order not in state.orders:
        state = with_order(state, answer.order)
        changes.append(OrderChanged(order=answer.order))
    if answer.closed is not None and state.position(answer.closed.id) is not None:
        after = without_position(state, answer.closed.id)
        closed = diff(state, after, closed={answer.closed.id: answer.closed})
        changes.extend(c for c in closed if isinstance(c, PositionClosed))
        state = after
    if changes:
        counting.take(draft, state, {}, final=True)
        tell(draft, state, changes)
    return changes


def tell(draft: Draft, state: AccountState, changes: list[Payload]) -> None:
    """Take a new state over, with the payloads that say how it differs."""
    draft.book = draft.book.with_state(state)
    for change in changes:
        draft.say(change)
        if isinstance(change, PositionClosed):
            loss = Loss(change.position.id, -change.pl, draft.now_us)
            draft.book = replace(draft.book, losses=(*draft.book.losses, loss))
    draft.touched = True


def settle_verdict(draft: Draft, record: IntentRecord, verdict: Verdict) -> list[Payload]:
    """Settle an unknown intent by what was read; returns what that changed about the account.

    The position that proved an effect is taken over at once: whoever is told of the effect must not
    decide on figures from before it.
    """
    assert verdict.state is not None
    reason = ""
    if verdict.state is IntentState.NOT_APPLIED:
        reason = VenueUnavailable.reason
    elif verdict.state is IntentState.DEAD:
        superseded = record.kind in {"SetStop", "SetTakeProfit"} and _is_there(draft, record)
        reason = OutcomeUnknown.reason if superseded else PositionNotFound.reason
    settle(
        draft,
        record,
        verdict.state,
        by=verdict.by,
        reason=reason,
        message=verdict.message,
        venue_id=verdict.venue_id,
    )
    return [] if verdict.position is None else _show(draft, verdict.position)


def _show(draft: Draft, position: Position) -> list[Payload]:
    """Take over what a reading about an action showed, where it shows more than is known."""
    state = draft.book.state
    held = None if state is None else state.position(position.id)
    if state is None or held is None:
        return []
    if not shows_more(held, position):
        return []
    after = with_position(state, position)
    counting.take(draft, after, {}, final=False, doubted=True)
    changes: list[Payload] = [PositionChanged(position=position)]
    tell(draft, after, changes)
    return changes


def settle_ruled(draft: Draft, record: IntentRecord, word: Word, *, forced: bool) -> None:
    """Settle an unknown intent by an operator's word.

    What the cross ledger shows is read anew afterwards: a row that belongs to this action must not
    be taken for a later one's.
    """
    reasons_ = {
        IntentState.NOT_APPLIED: VenueUnavailable.reason,
        IntentState.DEAD: OutcomeUnknown.reason,
    }
    settle(
        draft,
        record,
        word.state,
        by="operator",
        reason=reasons_.get(word.state, ""),
        message="Given up by the operator." if word.state is IntentState.DEAD else "",
        ruling=Ruling(word.principal, word.note, forced),
    )
    if record.kind in LEDGER_KINDS:
        draft.book = replace(draft.book, transfer=None)


def settle_found(draft: Draft, record: IntentRecord, ended: Ended | None) -> None:
    """Settle an action that was sent without the journal, as far as its answer was written down."""
    if ended is None or not may_move(record.state, ended.state):
        settle(
            draft,
            record,
            IntentState.UNKNOWN,
            reason=OutcomeUnknown.reason,
            message="The answer was not written down.",
        )
        return
    unknown = ended.state is IntentState.UNKNOWN
    settle(
        draft,
        record,
        ended.state,
        reason=OutcomeUnknown.reason if unknown else ended.reason,
        message=ended.message,
        venue_id=ended.venue_id,
        latency_ms=ended.latency_ms,
    )


def cancel(draft: Draft, record: IntentRecord, message: str) -> None:
    """Cancel an intent that certainly never left."""
    settle(draft, record, IntentState.CANCELED, reason=ShuttingDown.reason, message=message)


def _is_there(draft: Draft, record: IntentRecord) -> bool:
    state = draft.book.state
    return (
        state is not None and state.position(record.target.removeprefix("positions/")) is not None
    )


class Freshness(Struct, frozen=True):
    """What decides whether a reading may count, in monotonic milliseconds.

    `effect_ms` is when the last confirmed effect was known, `read_ms` when the last reading that
    counts was begun.
    """

    effect_ms: int
    read_ms: int
    lag_ms: int
    trust_ms: int = 60_000


def too_old(
    draft: Draft,
    state: AccountState,
    *,
    started_ms: int,
    freshness: Freshness,
    fundings: Fundings,
) -> str | None:
    """Return why a reading must not count, or None when it may.

    It must have begun after the last known effect, and must not show less margin than was known: a
    venue's replicas may lag. Long after the last good reading even such a one is believed, but
    nothing is added to that position until it shows what is known.
    """
    if started_ms < freshness.effect_ms:
        return "It was begun before the last effect."
    before = draft.book.state
    recent = started_ms - freshness.read_ms <= freshness.trust_ms
    if recent and (ids := behind(draft.book.counts, before, state, fundings)):
        return f"It shows less margin on {ids[0]} than was known."
    lagging = started_ms - freshness.effect_ms <= freshness.lag_ms
    if lagging and before is not None:
        opened = {s.opens for s in draft.book.spends.values() if s.intent in draft.book.unread}
        shown = {p.id for p in state.positions} | {o.id for o in state.orders}
        known = {p.id for p in before.positions} | {o.id for o in before.orders}
        if (opened & known) - shown:
            return "It does not show yet what was just opened."
    return None


def observe(
    draft: Draft,
    state: AccountState,
    *,
    closed: Mapping[str, ClosedPosition],
    done: Mapping[str, OrderState],
    lagging: bool,
    fundings: Fundings,
) -> list[Payload]:
    """Take a reading over; returns what it changed."""
    before = draft.book.state
    changes = list(diff(before, state, closed=closed, done=done))
    counting.take(draft, state, fundings, final=not lagging)
    unread = draft.book.unread
    if unread and before is not None:
        shown = before.balance.free - state.balance.free >= sum(r.amount for r in unread.values())
        if shown or not lagging:
            draft.book = replace(draft.book, unread={})
    if changes or before is None or before.unreadable != state.unreadable:
        tell(draft, state, changes)
    else:
        draft.book = draft.book.with_state(state)
    return changes
