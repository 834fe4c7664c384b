"""Holds the venue's own books against a core's journal: each effect once, each outcome true.

The venue's ledger says for each request what it was signed for, to the millisecond, and the stamp
is fixed in the journal before the request leaves. So an effect belongs to the one intent of that
target, amount and stamp, whoever sent it and however often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from axisor.errors import JournalCorrupt
from axisor.events import IntentPlanned, IntentSettled, IntentState
from axisor_server.domain.journal import Entry, Head, decode_payload, verify
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import decode_baseline
from axisor_server.ports import Reader, Store

EVERYTHING = 1_000_000
PAGE = 5_000

Key: TypeAlias = tuple[str, int, int]


class Effect(Struct, frozen=True, kw_only=True):
    """An addition of margin that the venue carried out."""

    target: str
    amount: int
    stamp_ms: int
    margin_before: int
    received: str
    """When, by the venue's clock, as ISO text: it sorts."""

    @property
    def key(self) -> Key:
        """Return what identifies its request."""
        return (self.target, self.amount, self.stamp_ms)


class Books(Struct, frozen=True, kw_only=True):
    """What one core, or all replicas together, wrote about one account."""

    account: str
    intents: Sequence[IntentRecord]
    entries: Sequence[Entry]


class Audit(Struct, kw_only=True):
    """What does not fit, in words, by the way in which it does not."""

    effects: int = 0
    confirmed: int = 0
    planned: int = 0
    events: int = 0
    doubles: list[str] = []
    misclassified: list[str] = []
    lost: list[str] = []
    unsettled: list[str] = []
    broken: list[str] = []
    late: list[str] = []
    outcomes: dict[str, int] = {}

    def add(self, other: Audit) -> None:
        """Take the findings of another account or round in."""
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            total = dict(Counter(mine) + Counter(theirs)) if name == "outcomes" else mine + theirs
            setattr(self, name, total)


def effects_of(rows: Iterable[dict[str, Any]]) -> list[Effect]:
    """Return the additions of margin in a venue's ledger, in its order."""
    return [
        Effect(
            target=f"positions/{row['target']}",
            amount=row["effect"]["margin"],
            stamp_ms=row["stamp"],
            margin_before=row["state"]["margin"] - row["effect"]["margin"],
            received=row["received"],
        )
        for row in rows
        if row["request"] == "add_margin"
    ]


async def books_of(store: Store, account: str) -> Books:
    """Read everything about an account from an open store."""

    def unit(reader: Reader) -> Books:
        entries: list[Entry] = []
        while page := reader.entries(f"accounts/{account}", after=len(entries), limit=PAGE):
            entries.extend(page)
        intents = reader.recent_intents(account, since_us=0, limit=EVERYTHING)
        return Books(account=account, intents=tuple(reversed(intents)), entries=tuple(entries))

    return await store.read(unit)


def audit(effects: Sequence[Effect], books: Books) -> Audit:
    """Return how a ledger and a journal differ."""
    found = Audit(effects=len(effects), events=len(books.entries))
    by_key = {_key(record): record for record in books.intents if record.signed_us is not None}
    found.planned = len(books.intents)
    found.outcomes = dict(Counter(record.state.value for record in books.intents))
    found.confirmed = found.outcomes.get(IntentState.CONFIRMED.value, 0)
    seen: Counter[Key] = Counter(effect.key for effect in effects)
    for effect in effects:
        _about_effect(found, effect, by_key.get(effect.key), seen[effect.key])
    for record in books.intents:
        if record.state.is_open:
            found.unsettled.append(
                f"{record.kind} {record.id} of epoch {record.epoch} is {record.state.value}"
            )
        if record.state is IntentState.CONFIRMED and seen[_key(record)] == 0:
            found.misclassified.append(f"{record.id} is confirmed and the venue has no such effect")
    found.broken += _chain(books)
    found.broken += _states(books)
    return found


def _key(record: IntentRecord) -> Key:
    return (record.target, record.amount, (record.signed_us or 0) // 1_000)


def _about_effect(found: Audit, effect: Effect, record: IntentRecord | None, times: int) -> None:
    """Judge one effect. A dead intent makes no claim: its position was gone when it was read."""
    if record is None:
        found.doubles.append(f"{effect.key} belongs to no intent")
        return
    if times > 1:
        found.doubles.append(f"{record.id} took effect {times} times")
    if record.state not in (IntentState.CONFIRMED, IntentState.DEAD):
        found.misclassified.append(f"{record.id} is {record.state.value} and took effect")
    known = decode_baseline(record.witness).margin
    if known is not None and known != effect.margin_before:
        # It was decided before another effect on this position was known: the money went twice.
        found.doubles.append(
            f"{record.id} was sent at a margin of {known}, and the venue had {effect.margin_before}"
        )


def _chain(books: Books) -> list[str]:
    try:
        verify(Head(), books.entries)
    except JournalCorrupt as error:
        return [error.message]
    return []


def _states(books: Books) -> list[str]:
    """Return where the journal tells another end than the index of intents."""
    told: dict[str, IntentState] = {}
    for entry in books.entries:
        payload = decode_payload(entry.payload)
        if isinstance(payload, IntentPlanned):
            told[payload.intent] = IntentState.PLANNED
        elif isinstance(payload, IntentSettled):
            before = told.get(payload.intent)
            if before is not None and not before.is_open:
                return [f"{payload.intent} was settled again after it was {before.value}"]
            told[payload.intent] = payload.state
    return [
        f"{record.id} is {record.state.value}, its journal says {told.get(record.id)}"
        for record in books.intents
        if told.get(record.id) not in (record.state, IntentState.PLANNED)
    ]


def superseded(effects: Sequence[Effect], books: Books) -> list[str]:
    """Return the effects that the venue saw after their fence or after a later epoch's request.

    The first would be a breach of the venue's window, the second a call under an epoch that is
    over: what the later one sent to that target, it sent knowing nothing of this effect.
    """
    by_key = {_key(record): record for record in books.intents if record.signed_us is not None}
    highest: dict[str, int] = {}
    found: list[str] = []
    for effect in sorted(effects, key=lambda each: each.received):
        record = by_key.get(effect.key)
        if record is None:
            continue
        if record.epoch < highest.get(record.target, 0):
            found.append(f"{record.id} of epoch {record.epoch} came after a later epoch's call")
        highest[record.target] = max(record.epoch, highest.get(record.target, 0))
    return found


def kept(entries: Sequence[Entry], seen: dict[int, bytes]) -> list[str]:
    """Return the events that a client was told of and that the journal does not hold as told."""
    held = {entry.sequence: entry.hash for entry in entries}
    return [
        f"event {sequence} was told and is {'another' if sequence in held else 'gone'}"
        for sequence, told in sorted(seen.items())
        if held.get(sequence) != told
    ]
