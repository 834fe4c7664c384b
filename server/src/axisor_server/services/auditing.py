"""Journals as evidence: who did what, whether it is still what it was, and proofs about entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from axisor.errors import EventNotFound, JournalCorrupt
from axisor_server.domain import audit_keys
from axisor_server.domain.auditing import CRITICAL, principal_of
from axisor_server.domain.checkpoints import KIND, Checkpoint, Comparison, Marks, from_document
from axisor_server.domain.halting import STREAM as PLATFORM
from axisor_server.domain.journal import Entry, Head, decode_payload, to_us
from axisor_server.domain.merkle import inclusion_proof
from axisor_server.ports import Reader, Store
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts
from axisor_server.services.watching import Hub

CHUNK = 1_000
MOST_LOOKED_AT = 20_000
"""How many entries one page looks at for those its filter wants."""

ACCOUNTS = "accounts/"


Read = Callable[[Callable[[Reader], Any]], Any]
"""Runs a unit on a consistent view of the database and returns its result."""


class Filter(Struct, frozen=True, kw_only=True):
    """Which entries are wanted; without kinds those that tell of critical operations."""

    kinds: frozenset[str] = frozenset()
    principal: str = ""
    start: datetime | None = None
    end: datetime | None = None
    everything: bool = False

    def takes(self, entry: Entry) -> bool:
        """Return whether an entry is wanted."""
        if self.kinds:
            if entry.kind not in self.kinds:
                return False
        elif not self.everything and entry.kind not in CRITICAL:
            return False
        if self.start is not None and entry.time_us < to_us(self.start):
            return False
        if self.end is not None and entry.time_us >= to_us(self.end):
            return False
        return not self.principal or principal_of(decode_payload(entry.payload)) == self.principal

    @property
    def name(self) -> str:
        """Return what tells this filter from others, for the tokens of its pages."""
        bounds = [str(to_us(time)) if time else "" for time in (self.start, self.end)]
        kinds = "+".join(sorted(self.kinds))
        return "/".join((kinds, self.principal, *bounds, str(int(self.everything))))


class Audited(Struct, frozen=True, kw_only=True):
    """Whether a journal is what it was; `first_bad` None means that all of it holds."""

    entries: int
    checkpoints: int
    first_bad: int | None = None
    problem: str = ""


class Proof(Struct, frozen=True, kw_only=True):
    """That an entry is in the journal of a checkpoint."""

    entry: Entry
    checkpoint: Checkpoint
    path: tuple[bytes, ...]


class Audits:
    """Reads the journals of accounts and of the core itself, by the names of their streams."""

    def __init__(self, *, store: Store, accounts: Accounts, hub: Hub) -> None:
        self._store = store
        self._accounts = accounts
        self._hub = hub

    async def entries(
        self, stream: str, wanted: Filter, *, newest_first: bool, size: int, page_token: str
    ) -> tuple[Sequence[Entry], str]:
        """Return a page of entries and the next page's token. Raises PageTokenInvalid.

        A page may have fewer entries than asked for, or none, and a next one all the same.
        """
        of = f"audit/{stream}/{int(newest_first)}/{wanted.name}"
        place = paging.place(of, page_token)
        await self._check(stream)
        many = paging.size_of(size)

        def unit(view: Reader) -> tuple[list[Entry], int | None]:
            walk = _down(view, stream, place) if newest_first else _up(view, stream, place or 0)
            return _choose(walk, wanted, many)

        found, at = await self._store.read(unit)
        return found, "" if at is None else paging.token(of, at)

    async def watch(
        self, stream: str, *, after: int | None, kinds: frozenset[str], beat: Callable[[int], bytes]
    ) -> AsyncIterator[bytes]:
        """Yield frames of a journal, from now on where `after` is None. Raises what the hub does.

        `beat` makes the frame that says from where.
        """
        await self._check(stream)

        async def start() -> tuple[int, bytes]:
            head = await self._store.read(lambda view: view.head(stream))
            return head.sequence, beat(head.sequence)

        wanted = kinds or CRITICAL
        async for frame in self._hub.watch(stream, after=after, kinds=wanted, snapshot=start):
            yield frame

    async def checkpoints(self, stream: str) -> Sequence[Checkpoint]:
        """Return the latest checkpoints of a journal, oldest first."""
        await self._check(stream)
        return (await self._marks(stream)).latest

    async def verify(self, stream: str) -> Audited:
        """Compute a journal anew and compare it with its checkpoints."""
        checkpoints = await self.checkpoints(stream)
        comparison = Comparison(stream, checkpoints)
        try:
            while page := await self._page(stream, comparison.marks.frontier.size):
                comparison.take(page)
            marks = comparison.end()
        except JournalCorrupt as error:
            bad = int(error.metadata["sequence"])
            return Audited(
                entries=bad - 1,
                checkpoints=len(checkpoints),
                first_bad=bad,
                problem=error.message,
            )
        return Audited(entries=marks.frontier.size, checkpoints=len(checkpoints))

    async def prove(self, stream: str, sequence: int) -> Proof:
        """Return the proof of an entry. Raises EventNotFound where no checkpoint covers it yet."""
        checkpoints = await self.checkpoints(stream)
        if not checkpoints or checkpoints[-1].sequence < sequence:
            raise EventNotFound(
                f"No checkpoint of {stream} speaks of {sequence} yet.",
                fix="A new one is taken each minute: ask again then.",
                sequence=sequence,
            )
        last = checkpoints[-1]
        leaves: list[bytes] = []
        proved: Entry | None = None
        while len(leaves) < last.sequence:
            page = await self._page(stream, len(leaves))
            if not page:
                raise JournalCorrupt(
                    f"The journal {stream} ends at {len(leaves)}, before its checkpoint.",
                    stream=stream,
                    sequence=len(leaves) + 1,
                )
            proved = next((each for each in page if each.sequence == sequence), proved)
            leaves += [entry.hash for entry in page]
        assert proved is not None  # it is at or below the checkpoint, and the pages have no gap
        path = inclusion_proof(leaves[: last.sequence], sequence - 1)
        return Proof(entry=proved, checkpoint=last, path=path)

    async def public_key(self) -> bytes:
        """Return the public key that checkpoints are signed for. Raises EventNotFound before it."""
        record = await self._store.read(lambda view: view.document(audit_keys.KIND, audit_keys.ID))
        if record is None:
            raise EventNotFound("Nothing was signed yet.", fix="Start the core, then ask again.")
        return audit_keys.from_document(record).public

    async def _check(self, stream: str) -> None:
        if stream != PLATFORM:
            await self._accounts.get(stream.removeprefix(ACCOUNTS))

    async def _marks(self, stream: str) -> Marks:
        return from_document(await self._store.read(lambda view: view.document(KIND, stream)))

    async def _page(self, stream: str, after: int) -> Sequence[Entry]:
        return await self._store.read(lambda view: view.entries(stream, after=after, limit=CHUNK))


def walk(read: Read, stream: str, checkpoints: Iterable[Checkpoint]) -> int:
    """Compute a journal anew, compare it with checkpoints, and return how long it is.

    Raises JournalCorrupt naming the first sequence that is not what it was.
    """
    comparison = Comparison(stream, checkpoints)
    while page := read(
        lambda view: view.entries(stream, after=comparison.marks.frontier.size, limit=CHUNK)
    ):
        comparison.take(page)
    head: Head = read(lambda view: view.head(stream))
    marks = comparison.end()
    if marks.head.sequence < head.sequence:
        raise JournalCorrupt(
            f"The head of {stream} names {head.sequence}, which is not there.",
            stream=stream,
            sequence=marks.head.sequence + 1,
        )
    return marks.frontier.size


def _up(view: Reader, stream: str, after: int) -> Iterator[Entry]:
    while chunk := view.entries(stream, after=after, limit=CHUNK):
        yield from chunk
        after = chunk[-1].sequence


def _down(view: Reader, stream: str, before: int | None) -> Iterator[Entry]:
    while chunk := view.entries_before(stream, before=before, kinds=(), limit=CHUNK):
        yield from chunk
        before = chunk[-1].sequence


def _choose(walk: Iterator[Entry], wanted: Filter, many: int) -> tuple[list[Entry], int | None]:
    """Return wanted entries, and the sequence to go on from, None at the end of the walk."""
    found: list[Entry] = []
    looked, at = 0, None
    for entry in walk:
        if len(found) == many or looked == MOST_LOOKED_AT:
            return found, at
        looked, at = looked + 1, entry.sequence
        if wanted.takes(entry):
            found.append(entry)
    return found, None
