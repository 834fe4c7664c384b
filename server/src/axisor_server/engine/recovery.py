"""What an account's actor must know before it acts, read back from the store and its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError, JournalCorrupt, StrategyNotFound
from axisor.events import (
    Coverage,
    IntentState,
    RunState,
)
from axisor.intents import Wake
from axisor.model import Leash
from axisor.strategy import Strategy, decode_config
from axisor_server.domain.account import AccountBook
from axisor_server.domain.attempts import Attempt, attempt_of
from axisor_server.domain.enabling import not_offered
from axisor_server.domain.intent import spends
from axisor_server.domain.journal import Entry, Head, verify
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.domain.run import ACTING
from axisor_server.domain.spending import DAY_US, Spend, spend_of
from axisor_server.domain.upgrading import KIND, Held, from_document
from axisor_server.engine.counting import counts_of
from axisor_server.engine.draft import LiveRun
from axisor_server.engine.projecting import Projection, kept, project_all
from axisor_server.ports import Reader

RECENT = 100_000
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
    chain = Chain(stream, head, tail=verify_tail)
    told = project_all(
        reader, stream, kept(reader, stream).told, since=chain.since, look=chain.look
    )
    chain.close()
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
    book = AccountBook(
        account=account.id,
        mode=account.mode,
        open=open_,
        spends=_spends(recent, every),
        attempts=_attempts(recent),
    )
    return retold(reader, account, told, book)


def retold(
    reader: Reader, account: AccountRecord, told: Projection, book: AccountBook
) -> AccountBook:
    """Return a book of which the actions are as they were, with all else as it is told now."""
    return replace(
        book,
        mode=account.mode,
        halt=account.halt,
        state=told.state,
        losses=told.losses,
        counts=counts_of(reader.witnesses(account.id), told.state, book.open.values()),
        outside=told.outside,
    )


class Chain:
    """Verifies the last `tail` entries of a journal while somebody reads it, from `since` on."""

    def __init__(self, stream: str, head: Head, *, tail: int) -> None:
        self._stream = stream
        self._head = head
        self._from = max(0, head.sequence - tail)
        self._at = Head()

    @property
    def since(self) -> int:
        """Return after which entry the reading begins at the latest: the one before the tail."""
        return max(0, self._from - 1)

    def look(self, page: Sequence[Entry]) -> None:
        """Verify what of the next entries belongs to the tail. Raises JournalCorrupt."""
        if self._at.sequence < self._from:
            before = [entry for entry in page if entry.sequence <= self._from]
            if before:
                self._at = Head(before[-1].sequence, before[-1].hash)
            page = page[len(before) :]
        self._at = verify(self._at, page)

    def close(self) -> None:
        """Say that everything was read. Raises JournalCorrupt where the journal ends elsewhere."""
        head, found = self._head, self._at
        if found != head:
            raise JournalCorrupt(
                f"The journal {self._stream} should end at {head.sequence} and ends at "
                f"{found.sequence}.",
                stream=self._stream,
                sequence=found.sequence + 1,
            )


def revive(record: RunRecord, strategies: Mapping[str, type[Strategy[Any, Any]]]) -> LiveRun:
    """Return a stored run ready to be called. Raises StrategyNotFound or ConfigInvalid."""
    strategy = strategies.get(record.strategy)
    if strategy is None:
        raise StrategyNotFound(not_offered(record.strategy), strategy=record.strategy)
    return LiveRun(
        record=record,
        strategy=strategy,
        config=decode_config(strategy, record.config),
        leash=msgspec.json.decode(record.leash or b"{}", type=Leash),
        wake=msgspec.json.decode(record.wake, type=Wake) if record.wake else None,
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
