"""What an account's actor must know before it acts, read back from the store and its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError
from axisor.events import (
    Coverage,
    CoverageChanged,
    IntentState,
    NoticeGiven,
    PositionClosed,
    RunState,
)
from axisor.intents import Wake
from axisor.model import AccountState, Leash
from axisor.strategy import Strategy, decode_config
from axisor_server.domain.account import PROJECTED, AccountBook, project
from axisor_server.domain.attempts import Attempt, attempt_of
from axisor_server.domain.counters import Count, Outside, counted, origin
from axisor_server.domain.intent import spends
from axisor_server.domain.journal import Head, decode_payload, verify
from axisor_server.domain.records import AccountRecord, CommandRecord, IntentRecord, RunRecord
from axisor_server.domain.run import ACTING
from axisor_server.domain.spending import DAY_US, Loss, Spend, spend_of
from axisor_server.domain.witness import added_since, decode_baseline
from axisor_server.engine.counting import came_of
from axisor_server.engine.draft import LiveRun
from axisor_server.ports import Reader

PAGE = 1_000
RECENT = 100_000
FOLDED = frozenset({*PROJECTED, "CoverageChanged", "NoticeGiven"})
KEPT_US = 2 * DAY_US


class Boot(Struct, frozen=True, kw_only=True):
    """Everything an actor starts from. `broken` holds runs that cannot be made, with the reason."""

    account: AccountRecord
    head: Head
    book: AccountBook
    runs: Mapping[str, LiveRun]
    broken: tuple[tuple[RunRecord, str], ...]
    coverage: Mapping[str, Coverage]
    commands: tuple[CommandRecord, ...]


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
    state, losses, coverage, outside = _project(reader, stream)
    open_ = {r.id: r for r in reader.open_intents(account.id)}
    runs: dict[str, LiveRun] = {}
    broken: list[tuple[RunRecord, str]] = []
    for record in reader.runs(account.id):
        try:
            runs[record.id] = revive(record, strategies)
        except AxisorError as error:
            if record.state in ACTING or record.state is RunState.PAUSED:
                broken.append((record, error.message))
    return Boot(
        account=account,
        head=head,
        book=AccountBook(
            account=account.id,
            mode=account.mode,
            halt=account.halt,
            state=state,
            open=open_,
            spends=_spends(reader, account.id, now_us),
            attempts=_attempts(reader, account.id, now_us),
            losses=losses,
            counts=_counts(reader.witnesses(account.id), state, open_.values()),
            outside=outside,
        ),
        runs=runs,
        broken=tuple(broken),
        coverage=coverage,
        commands=tuple(reader.open_commands(account.id)),
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


def _project(
    reader: Reader, stream: str
) -> tuple[AccountState | None, tuple[Loss, ...], dict[str, Coverage], tuple[Outside, ...]]:
    """Fold the whole journal: each position, order and balance as it was last told."""
    state: AccountState | None = None
    losses: list[Loss] = []
    outside: list[Outside] = []
    coverage: dict[str, Coverage] = {}
    after = 0
    while page := reader.entries(stream, after=after, limit=PAGE):
        for entry in page:
            after = entry.sequence
            if entry.kind not in FOLDED:
                continue
            payload = decode_payload(entry.payload)
            if isinstance(payload, NoticeGiven):
                outside.extend(came_of(payload, entry.time_us))
                continue
            if isinstance(payload, CoverageChanged):
                coverage[payload.coverage.position] = payload.coverage
                continue
            state = project(state, payload)
            if isinstance(payload, PositionClosed):
                coverage.pop(payload.position.id, None)
                losses.append(Loss(payload.position.id, -payload.pl, entry.time_us))
    return state, tuple(losses), coverage, tuple(outside)


def _counts(
    stored: Mapping[str, int], state: AccountState | None, open_: Iterable[IntentRecord]
) -> dict[str, Count]:
    """Return the counts of positions as they were stored with the last reading of each.

    What grew while an action was open may be that action's, until it is settled.
    """
    counts = {
        target.removeprefix("positions/"): Count(floor=floor, shown=floor)
        for target, floor in stored.items()
    }
    for position in () if state is None else state.positions:
        if counted(position):
            first = origin(position)
            counts.setdefault(position.id, Count(floor=first, shown=first))
    for record in open_:
        id = record.target.removeprefix("positions/")
        held = None if state is None else state.position(id)
        if record.kind != "AddMargin" or held is None or id not in counts:
            continue
        grown = added_since(decode_baseline(record.witness), held, None)
        counts[id] = replace(counts[id], held=max(0, grown or 0))
    return counts


def _spends(reader: Reader, account: str, now_us: int) -> dict[str, Spend]:
    recent = reader.recent_intents(account, since_us=now_us - KEPT_US, limit=RECENT)
    openings = reader.recent_intents(account, since_us=0, limit=RECENT)
    found = {r.id: spend_of(r) for r in recent if spends(r.kind)}
    for record in openings:
        opened = record.kind in {"OpenPosition", "CrossOrder"}
        if opened and record.state is IntentState.CONFIRMED:
            found.setdefault(record.id, spend_of(record))
    return found


def _attempts(reader: Reader, account: str, now_us: int) -> dict[str, Attempt]:
    recent = reader.recent_intents(account, since_us=now_us - KEPT_US, limit=RECENT)
    return {r.id: attempt for r in recent if (attempt := attempt_of(r)) is not None}


def restarted(record: RunRecord, state: RunState) -> RunRecord:
    """Return a run's row in another state."""
    return replace(record, state=state, reason="")
