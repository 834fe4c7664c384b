"""What an account's actor must know before it acts, read back from the store and its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError
from axisor.events import (
    BalanceChanged,
    Cause,
    Coverage,
    CoverageChanged,
    IntentSettled,
    IntentState,
    NoticeGiven,
    PositionClosed,
    RunState,
    StandingChanged,
)
from axisor.intents import Wake
from axisor.model import AccountState, Leash
from axisor.strategy import Strategy, decode_config
from axisor_server.domain.account import PROJECTED, AccountBook, project
from axisor_server.domain.attempts import Attempt, attempt_of
from axisor_server.domain.counters import Outside
from axisor_server.domain.intent import spends
from axisor_server.domain.journal import Head, decode_payload, verify
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.domain.run import ACTING
from axisor_server.domain.spending import DAY_US, Loss, Spend, spend_of
from axisor_server.domain.upgrading import KIND, Held, from_document
from axisor_server.engine.counting import came_of, counts_of
from axisor_server.engine.draft import LiveRun
from axisor_server.ports import Reader

PAGE = 1_000
RECENT = 100_000
ALSO_PROJECTED = ("CoverageChanged", "IntentSettled", "NoticeGiven", "StandingChanged")
KEPT_US = 2 * DAY_US


class Boot(Struct, frozen=True, kw_only=True):
    """Everything an actor starts from. `broken` holds runs that cannot be made, with the reason."""

    account: AccountRecord
    head: Head
    book: AccountBook
    runs: Mapping[str, LiveRun]
    broken: tuple[tuple[RunRecord, str], ...]
    coverage: Mapping[str, Coverage]
    held: tuple[Held, ...] = ()


def load(
    reader: Reader,
    account: AccountRecord,
    *,
    strategies: Mapping[str, type[Strategy[Any, Any]]],
    now_us: int,
    verify_tail: int,
) -> Boot:
    """Read an account back. Raises JournalCorrupt when its journal's chain is broken."""
    stream = f"accounts/{account.id}"
    head = reader.head(stream)
    check_chain(reader, stream, head, tail=verify_tail)
    told = project_all(reader, stream, Projection())
    runs, broken = revive_all(reader, account.id, strategies)
    return Boot(
        account=account,
        head=head,
        book=book_of(reader, account, told, now_us=now_us),
        runs=runs,
        broken=broken,
        coverage=told.coverage,
        held=tuple(map(from_document, reader.documents(KIND, about=account.id))),
    )


def revive_all(
    reader: Reader,
    account: str,
    strategies: Mapping[str, type[Strategy[Any, Any]]],
    known: Mapping[str, LiveRun] = MappingProxyType({}),
) -> tuple[dict[str, LiveRun], tuple[tuple[RunRecord, str], ...]]:
    """Return an account's runs, and those that should live and cannot be made, with the reason.

    Of those `known` whose rows are the same nothing is decoded again.
    """
    runs: dict[str, LiveRun] = {}
    broken: list[tuple[RunRecord, str]] = []
    for record in reader.runs(account):
        before = known.get(record.id)
        if before is not None and before.record == record:
            runs[record.id] = before
            continue
        try:
            runs[record.id] = revive(record, strategies)
        except AxisorError as error:
            if record.state in ACTING or record.state is RunState.PAUSED:
                broken.append((record, error.message))
    return runs, tuple(broken)


def book_of(
    reader: Reader, account: AccountRecord, told: Projection, *, now_us: int
) -> AccountBook:
    """Return an account's book: what its journal told, and the rows beside it."""
    open_ = {r.id: r for r in reader.open_intents(account.id)}
    every = reader.recent_intents(account.id, since_us=0, limit=RECENT)
    recent = [record for record in every if record.created_us >= now_us - KEPT_US]
    return AccountBook(
        account=account.id,
        mode=account.mode,
        halt=account.halt,
        state=told.state,
        open=open_,
        spends=_spends(recent, every),
        attempts=_attempts(recent),
        losses=told.losses,
        counts=counts_of(reader.witnesses(account.id), told.state, open_.values()),
        outside=told.outside,
    )


def check_chain(reader: Reader, stream: str, head: Head, *, tail: int) -> None:
    """Verify the last `tail` entries of a journal. Raises JournalCorrupt."""
    after = max(0, head.sequence - tail)
    before = Head()
    if after:
        first = reader.entries(stream, after=after - 1, limit=1)
        before = Head(after, first[0].hash) if first else Head()
    while after < head.sequence:
        page = reader.entries(stream, after=after, limit=PAGE)
        before = verify(before, page)
        if not page:
            break
        after = page[-1].sequence
    if before != head:
        verify(before, [])
        raise _short(stream, head, before)


def _short(stream: str, head: Head, found: Head) -> AxisorError:
    from axisor.errors import JournalCorrupt

    return JournalCorrupt(
        f"The journal {stream} should end at {head.sequence} and ends at {found.sequence}.",
        stream=stream,
        sequence=found.sequence + 1,
    )


def revive(record: RunRecord, strategies: Mapping[str, type[Strategy[Any, Any]]]) -> LiveRun:
    """Return a stored run ready to be called. Raises StrategyNotFound or ConfigInvalid."""
    from axisor.errors import StrategyNotFound

    strategy = strategies.get(record.strategy)
    if strategy is None:
        raise StrategyNotFound(
            f"No enabled plugin offers the strategy {record.strategy}.", strategy=record.strategy
        )
    return LiveRun(
        record=record,
        strategy=strategy,
        config=decode_config(strategy, record.config),
        leash=msgspec.json.decode(record.leash or b"{}", type=Leash),
        wake=msgspec.json.decode(record.wake, type=Wake) if record.wake else None,
    )


class Projection(Struct, frozen=True, kw_only=True):
    """A journal folded up to a sequence: each position, order and balance as it was last told.

    `unread` are the actions confirmed since a balance was told: it does not show them yet. `causes`
    are those of the account's standing, `outside` the sats that nothing explained.
    """

    sequence: int = 0
    state: AccountState | None = None
    losses: tuple[Loss, ...] = ()
    coverage: Mapping[str, Coverage] = {}
    unread: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    outside: tuple[Outside, ...] = ()


def project_all(reader: Reader, stream: str, before: Projection) -> Projection:
    """Fold what a journal holds beyond a projection."""
    sequence, state = before.sequence, before.state
    losses, coverage = list(before.losses), dict(before.coverage)
    unread, causes, outside = before.unread, before.causes, list(before.outside)
    more = True
    while more:
        page = reader.entries(stream, after=sequence, limit=PAGE)
        more = len(page) == PAGE
        for entry in page:
            sequence = entry.sequence
            if entry.kind not in PROJECTED and entry.kind not in ALSO_PROJECTED:
                continue
            payload = decode_payload(entry.payload)
            if isinstance(payload, NoticeGiven):
                outside.extend(came_of(payload, entry.time_us))
                continue
            if isinstance(payload, CoverageChanged):
                coverage[payload.coverage.position] = payload.coverage
                continue
            if isinstance(payload, IntentSettled):
                if payload.state is IntentState.CONFIRMED:
                    unread = (*unread, payload.intent)
                continue
            if isinstance(payload, StandingChanged):
                causes = payload.causes
                continue
            state = project(state, payload)
            if isinstance(payload, BalanceChanged):
                unread = ()
            if isinstance(payload, PositionClosed):
                coverage.pop(payload.position.id, None)
                losses.append(Loss(payload.position.id, -payload.pl, entry.time_us))
    return Projection(
        sequence=sequence,
        state=state,
        losses=tuple(losses),
        coverage=coverage,
        unread=unread,
        causes=causes,
        outside=tuple(outside),
    )


def unread_of(reader: Reader, told: Projection) -> dict[str, IntentRecord]:
    """Return the spending actions that no balance shows yet, for who cannot read the account."""
    found = (reader.intent(id) for id in told.unread)
    return {r.id: r for r in found if r is not None and spends(r.kind)}


def _spends(recent: Sequence[IntentRecord], every: Sequence[IntentRecord]) -> dict[str, Spend]:
    found = {r.id: spend_of(r) for r in recent if spends(r.kind)}
    for record in every:
        opened = record.kind in {"OpenPosition", "CrossOrder"}
        if opened and record.state is IntentState.CONFIRMED:
            found.setdefault(record.id, spend_of(record))
    return found


def _attempts(recent: Sequence[IntentRecord]) -> dict[str, Attempt]:
    return {r.id: attempt for r in recent if (attempt := attempt_of(r)) is not None}


def restarted(record: RunRecord, state: RunState) -> RunRecord:
    """Return a run's row in another state."""
    return replace(record, state=state, reason="")
