"""Explains a decision: the step, the intent, what was sent and how it ended, from the journal."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axisor.errors import EventNotFound
from axisor.events import (
    CommandReceived,
    CommandRefused,
    Event,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    NoticeGiven,
    StepTaken,
)
from axisor.intents import Why
from axisor.words import describe, tell
from axisor_server.domain.journal import Entry, to_event
from axisor_server.ports import Reader, Store
from axisor_server.services.accounts import Accounts, stream_of

REACH = 2_000
"""How many events on either side of the subject belong to its story at most."""

KINDS = (
    "CommandReceived",
    "CommandRefused",
    "StepTaken",
    "IntentPlanned",
    "IntentReviewRefused",
    "IntentSent",
    "IntentSettled",
    "NoticeGiven",
)


class Moment(Struct, frozen=True, kw_only=True):
    """One event of a story, in a line."""

    entry: Entry
    text: str


class Story(Struct, frozen=True, kw_only=True):
    """Why something happened and what came of it."""

    text: str
    why: Why | None
    timeline: tuple[Moment, ...]


class Explainer:
    """Tells the story of an event or an intent."""

    def __init__(self, *, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    async def event(self, account: str, sequence: int) -> Story:
        """Explain the event at a place of the journal. Raises EventNotFound."""
        await self._accounts.get(account)
        window = await self._window(account, sequence)
        subject = next((entry for entry in window if entry.sequence == sequence), None)
        if subject is None:
            raise EventNotFound(f"The journal has no event {sequence}.", sequence=sequence)
        return _tell(to_event(subject), window)

    async def intent(self, account: str, id: str) -> Story:
        """Explain an intent. Raises EventNotFound where the account never had it."""
        await self._accounts.get(account)
        needle = f'"intent":"{id}"'.encode()

        def unit(view: Reader) -> int | None:
            before: int | None = None
            while True:
                chunk = view.entries_before(
                    stream_of(account), before=before, kinds=["IntentPlanned"], limit=500
                )
                for entry in chunk:
                    if needle in entry.payload:
                        return entry.sequence
                if len(chunk) < 500:
                    return None
                before = chunk[-1].sequence

        sequence = await self._store.read(unit)
        if sequence is None:
            raise EventNotFound(f"The account has no intent `{id}`.", intent=id)
        return await self.event(account, sequence)

    async def _window(self, account: str, sequence: int) -> Sequence[Entry]:
        first = max(0, sequence - 1 - REACH)
        return await self._store.read(
            lambda view: view.entries(stream_of(account), after=first, limit=2 * REACH)
        )


def _tell(subject: Event, window: Sequence[Entry]) -> Story:
    intents, request, step = _threads(subject, window)
    moments: list[Moment] = []
    why: Why | None = None
    for entry in window:
        if entry.kind not in KINDS and entry.sequence != subject.sequence:
            continue
        event = to_event(entry)
        if entry.sequence == subject.sequence or _belongs(event, intents, request, step):
            moments.append(Moment(entry=entry, text=line(event)))
            why = why or _why(event)
    return Story(text=_summary(subject, moments), why=why, timeline=tuple(moments))


def _threads(
    subject: Event, window: Sequence[Entry]
) -> tuple[frozenset[str], str, tuple[str, int] | None]:
    """Return the intents, the request and the step that the subject's story is about."""
    payload = subject.payload
    if isinstance(payload, IntentPlanned):
        step = (payload.run, payload.step) if payload.run else None
        return frozenset({payload.intent}), "" if payload.run else payload.intent, step
    if isinstance(payload, IntentSent | IntentSettled):
        for entry in window:
            if entry.kind == "IntentPlanned":
                planned = to_event(entry)
                found = planned.payload
                if isinstance(found, IntentPlanned) and found.intent == payload.intent:
                    return _threads(planned, window)
        return frozenset({payload.intent}), payload.intent, None
    if isinstance(payload, StepTaken | IntentReviewRefused):
        return _of_step(payload.run, payload.step, window), "", (payload.run, payload.step)
    if isinstance(payload, CommandReceived | CommandRefused):
        return frozenset({payload.request_id}), payload.request_id, None
    return frozenset(), "", None


def _of_step(run: str, step: int, window: Sequence[Entry]) -> frozenset[str]:
    found = set()
    for entry in window:
        if entry.kind == "IntentPlanned":
            payload = to_event(entry).payload
            if isinstance(payload, IntentPlanned) and (payload.run, payload.step) == (run, step):
                found.add(payload.intent)
    return frozenset(found)


def _belongs(
    event: Event, intents: frozenset[str], request: str, step: tuple[str, int] | None
) -> bool:
    payload = event.payload
    if isinstance(payload, IntentPlanned | IntentSent | IntentSettled):
        return payload.intent in intents
    if isinstance(payload, StepTaken | IntentReviewRefused):
        return (payload.run, payload.step) == step
    if isinstance(payload, CommandReceived | CommandRefused):
        return bool(request) and payload.request_id == request
    return False


def _why(event: Event) -> Why | None:
    payload = event.payload
    if isinstance(payload, IntentPlanned | IntentReviewRefused | CommandReceived):
        return payload.action.why
    if isinstance(payload, StepTaken):
        return next((found for i in payload.intents if (found := getattr(i, "why", None))), None)
    return None


def line(event: Event) -> str:
    """Return an event of a story as one line."""
    payload = event.payload
    match payload:
        case CommandReceived():
            return f"{payload.principal} asked to {describe(payload.action)}."
        case CommandRefused():
            return f"Refused ({payload.reason}): {payload.message}"
        case StepTaken():
            cause = type(payload.cause).__name__
            wishes = ", ".join(describe(intent) for intent in payload.intents) or "nothing"
            return f"Step {payload.step}, called by {cause}, asked to {wishes}."
        case IntentPlanned():
            return f"Passed review: {describe(payload.action)}."
        case IntentReviewRefused():
            wish = describe(payload.action)
            return f"Review refused to {wish} ({payload.reason}): {payload.message}"
        case IntentSent():
            return f"Sent, attempt {payload.attempt}; after {payload.fence:%H:%M:%S} it is void."
        case IntentSettled():
            return _settled(payload)
        case NoticeGiven():
            return payload.text
        case _:
            told = tell(payload)
            return (
                f"{event.kind}." if told is None else f"{told.subject.capitalize()}: {told.text}."
            )


def _settled(payload: IntentSettled) -> str:
    if payload.state is IntentState.CONFIRMED:
        return f"Confirmed by the venue after {payload.latency_ms} ms."
    end = payload.state.value.replace("_", " ").capitalize()
    detail = f" ({payload.reason}): {payload.message}" if payload.reason else "."
    return f"{end}, by {payload.by}{detail}"


def _summary(subject: Event, moments: Sequence[Moment]) -> str:
    if not moments:
        return line(subject)
    first, last = moments[0].text, moments[-1].text
    return first if first == last else f"{first} {last}"
