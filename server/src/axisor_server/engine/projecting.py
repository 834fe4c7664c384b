"""A journal folded: each position, order, balance and protection as it was last told.

A fold can be kept beside its journal, as a document, so that a start reads what came after it and
not a million events again. It is a copy and no source: one that does not fit its journal, or that
another edition of this module wrote, is left out, and everything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from axisor.events import (
    BalanceChanged,
    Cause,
    Coverage,
    CoverageChanged,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionClosed,
    StandingChanged,
)
from axisor.model import AccountState
from axisor_server.domain.account import PROJECTED, project
from axisor_server.domain.counters import Outside
from axisor_server.domain.journal import Entry, Head, decode_payload
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.spending import Loss
from axisor_server.engine.counting import came_of
from axisor_server.ports import Reader

KIND = "fold"
EDITION = 1
"""Counted up whenever what is folded changes: what an older edition kept is made anew."""

PAGE = 1_000
ALSO_PROJECTED = ("CoverageChanged", "IntentSettled", "NoticeGiven", "StandingChanged")
FOLDED = frozenset((*PROJECTED, *ALSO_PROJECTED))
QUIET = frozenset(
    (
        *PROJECTED,
        "CoverageChanged",
        "FeedChanged",
        "FundingPaid",
        "NoticeGiven",
        "StandingChanged",
        "StepTaken",
    )
)
"""Kinds of entries that by themselves say nothing of an action's row."""


class Projection(Struct, frozen=True, kw_only=True):
    """A journal folded up to a sequence: each position, order and balance as it was last told.

    `unread` are the actions confirmed since a balance was told: it does not show them yet. `causes`
    are those of the account's standing, `outside` the sats that nothing explained, `acted` is the
    sequence of the last entry that came with a change of an action's row.
    """

    sequence: int = 0
    state: AccountState | None = None
    losses: tuple[Loss, ...] = ()
    coverage: Mapping[str, Coverage] = {}
    unread: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    outside: tuple[Outside, ...] = ()
    acted: int = 0


class Fold(Struct, frozen=True, kw_only=True):
    """A projection as it is kept: the edition that made it, and the hash of its last entry."""

    edition: int = EDITION
    hash: bytes = Head().hash
    told: Projection = Projection()


def project_page(before: Projection, page: Sequence[Entry]) -> Projection:
    """Fold the next entries of a journal."""
    sequence, state, acted = before.sequence, before.state, before.acted
    losses, coverage = list(before.losses), dict(before.coverage)
    unread, causes, outside = before.unread, before.causes, list(before.outside)
    for entry in page:
        sequence = entry.sequence
        if entry.kind not in QUIET:
            acted = sequence
        if entry.kind not in FOLDED:
            continue
        payload = decode_payload(entry.payload)
        match payload:
            case NoticeGiven():
                outside.extend(came_of(payload, entry.time_us))
            case CoverageChanged():
                coverage[payload.coverage.position] = payload.coverage
            case IntentSettled(state=IntentState.CONFIRMED):
                unread = (*unread, payload.intent)
            case StandingChanged():
                causes = payload.causes
            case BalanceChanged():
                state, unread = project(state, payload), ()
            case PositionClosed():
                state = project(state, payload)
                coverage.pop(payload.position.id, None)
                losses.append(Loss(payload.position.id, -payload.pl, entry.time_us))
            case _:
                state = project(state, payload)
    return Projection(
        sequence=sequence,
        state=state,
        losses=tuple(losses),
        coverage=coverage,
        unread=unread,
        causes=causes,
        outside=tuple(outside),
        acted=acted,
    )


def project_all(
    reader: Reader,
    stream: str,
    before: Projection,
    *,
    since: int | None = None,
    look: Callable[[Sequence[Entry]], None] | None = None,
) -> Projection:
    """Fold what a journal holds beyond a projection.

    `look` is shown every page before that, from the entry after `since` on where that is earlier:
    what it is shown and the projection holds already is not folded again.
    """
    told, reached = before, before.sequence if since is None else min(since, before.sequence)
    more = True
    while more:
        page = reader.entries(stream, after=reached, limit=PAGE)
        more = len(page) == PAGE
        if look is not None:
            look(page)
        if page:
            reached = page[-1].sequence
        new = page if reached - len(page) >= told.sequence else _beyond(page, told.sequence)
        if new:
            told = project_page(told, new)
    return told


def _beyond(page: Sequence[Entry], sequence: int) -> Sequence[Entry]:
    return [entry for entry in page if entry.sequence > sequence]


def kept(reader: Reader, stream: str) -> Fold:
    """Return the fold that is kept of a journal, an empty one where there is none that fits it."""
    record = reader.document(KIND, stream)
    fold = None if record is None else _decoded(record.body)
    if fold is None or fold.edition != EDITION:
        return Fold()
    last = reader.entries(stream, after=fold.told.sequence - 1, limit=1)
    return fold if last and last[0].hash == fold.hash else Fold()


def _decoded(body: bytes) -> Fold | None:
    try:
        return msgspec.json.decode(body, type=Fold)
    except msgspec.DecodeError:
        return None  # another edition's, or not ours: as good as none


def to_document(
    stream: str, fold: Fold, present: DocumentRecord | None, *, now_us: int
) -> DocumentRecord:
    """Return the document that keeps a fold and follows the present one."""
    return DocumentRecord(
        kind=KIND,
        id=stream,
        about=stream,
        body=msgspec.json.encode(fold),
        revision=1 if present is None else present.revision + 1,
        created_us=now_us if present is None else present.created_us,
        updated_us=now_us,
    )
