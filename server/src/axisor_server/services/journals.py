"""Journals as they are kept: pages of events, one event, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axisor.errors import EventNotFound, JournalCorrupt
from axisor_server.domain.journal import Entry, Head, verify
from axisor_server.ports import Reader, Store
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts, stream_of

CHUNK = 1_000


class Asked(Struct, frozen=True, kw_only=True):
    """Which events of a journal are asked for; bounds are exclusive."""

    after: int | None = None
    before: int | None = None
    kinds: frozenset[str] = frozenset()
    newest_first: bool = False


class Verified(Struct, frozen=True, kw_only=True):
    """How far a journal holds; `problem` is empty where all of it does."""

    count: int
    head: bytes
    first_bad: int | None = None
    problem: str = ""


class Journals:
    """Reads the journals of accounts."""

    def __init__(self, *, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    async def events(
        self, account: str, asked: Asked, *, size: int, page_token: str
    ) -> tuple[Sequence[Entry], str]:
        """Return a page of events and the next page's token. Raises PageTokenInvalid."""
        of = f"events/{account}/{int(asked.newest_first)}/{'+'.join(sorted(asked.kinds))}"
        place = paging.place(of, page_token)
        await self._accounts.get(account)
        wanted = paging.size_of(size)
        stream = stream_of(account)
        if asked.newest_first:
            before = asked.before if place is None else place
            found = await self._store.read(lambda view: _down(view, stream, asked, before, wanted))
        else:
            after = (asked.after or 0) if place is None else place
            found = await self._store.read(lambda view: _up(view, stream, asked, after, wanted))
        page = found[:wanted]
        more = len(found) > wanted
        return page, paging.token(of, page[-1].sequence) if more else ""

    async def event(self, account: str, sequence: int) -> Entry:
        """Return one event. Raises EventNotFound."""
        await self._accounts.get(account)
        found = await self._store.read(
            lambda view: view.entries(stream_of(account), after=sequence - 1, limit=1)
        )
        if not found or found[0].sequence != sequence:
            raise EventNotFound(f"The journal has no event {sequence}.", sequence=sequence)
        return found[0]

    async def verify(self, account: str) -> Verified:
        """Recompute every hash of a journal and compare, a chunk at a time."""
        await self._accounts.get(account)
        stream, head = stream_of(account), Head()
        while True:
            entries = await self._chunk(stream, head.sequence)
            for entry in entries:
                try:
                    head = verify(head, (entry,))
                except JournalCorrupt as error:
                    return Verified(
                        count=head.sequence,
                        head=head.hash,
                        first_bad=head.sequence + 1,
                        problem=error.message,
                    )
            if len(entries) < CHUNK:
                return await self._against_head(stream, head)

    async def _chunk(self, stream: str, after: int) -> Sequence[Entry]:
        return await self._store.read(lambda view: view.entries(stream, after=after, limit=CHUNK))

    async def _against_head(self, stream: str, walked: Head) -> Verified:
        kept = await self._store.read(lambda view: view.head(stream))
        # A journal that grew meanwhile is longer than what was walked; a cut one is shorter.
        if kept.sequence == walked.sequence and kept.hash != walked.hash:
            problem = "The last event is not the one the journal's head names."
            return Verified(
                count=walked.sequence,
                head=walked.hash,
                first_bad=walked.sequence,
                problem=problem,
            )
        missing = await self._chunk(stream, walked.sequence)
        if kept.sequence > walked.sequence and not missing:
            problem = f"The journal's head names event {kept.sequence}, which is not there."
            return Verified(
                count=walked.sequence,
                head=walked.hash,
                first_bad=walked.sequence + 1,
                problem=problem,
            )
        return Verified(count=walked.sequence, head=walked.hash)


def _fits(entry: Entry, asked: Asked) -> bool:
    return (
        (asked.after is None or entry.sequence > asked.after)
        and (asked.before is None or entry.sequence < asked.before)
        and (not asked.kinds or entry.kind in asked.kinds)
    )


def _up(view: Reader, stream: str, asked: Asked, after: int, wanted: int) -> list[Entry]:
    found: list[Entry] = []
    while len(found) <= wanted:
        chunk = view.entries(stream, after=after, limit=CHUNK)
        found += [entry for entry in chunk if _fits(entry, asked)]
        if len(chunk) < CHUNK or (asked.before is not None and chunk[-1].sequence >= asked.before):
            break
        after = chunk[-1].sequence
    return found[: wanted + 1]


def _down(view: Reader, stream: str, asked: Asked, before: int | None, wanted: int) -> list[Entry]:
    chunk = view.entries_before(stream, before=before, kinds=sorted(asked.kinds), limit=wanted + 1)
    return [entry for entry in chunk if _fits(entry, asked)]
