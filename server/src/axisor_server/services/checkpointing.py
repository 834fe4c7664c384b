"""Takes checkpoints of journals and hands them to whoever keeps them outside the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from msgspec import Struct, structs

from axisor.errors import JournalCorrupt, StoreUnavailable
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.ports import Clock
from axisor_server.domain.checkpoints import (
    KIND,
    Checkpoint,
    Marks,
    from_document,
    is_due,
    to_document,
)
from axisor_server.domain.journal import Entry, to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Conflict, Reader, Store

PAGE = 1_000
LOOK_S = 5.0
MOST_UNTOLD = 10_000
"""How many checkpoints wait for a keeper that does not take them; the oldest are let go first."""

log = structlog.get_logger("axisor.checkpoints")

Tell = Callable[[NoticeGiven], Awaitable[None]]


class Signer(Protocol):
    """Signs checkpoints."""

    @property
    def id(self) -> str:
        """Return the name of the key."""
        ...

    def sign(self, text: bytes) -> bytes:
        """Return the signature over a text."""
        ...


class Keeper(Protocol):
    """Keeps checkpoints where the database does not reach."""

    async def keep(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep them durably, in order. Raises OSError where that cannot be done."""
        ...


class Often(Struct, frozen=True, kw_only=True):
    """A checkpoint is taken after so many entries, and after such a time if anything was added."""

    entries: int = 1_000
    every_s: int = 60


class Checkpoints:
    """Takes checkpoints of every journal of a store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        signer: Signer,
        *,
        keeper: Keeper,
        tell: Tell,
        often: Often | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._signer = signer
        self._keeper = keeper
        self._tell = tell
        self._often = often or Often()
        self._known: dict[str, Marks] = {}
        self._untold: list[Checkpoint] = []
        self._said: set[str] = set()

    async def run(self) -> None:
        """Take what is due, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("checkpoints wait for the database", error=error.message)
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Take every checkpoint that is due now, and hand over what nobody took yet."""

        def unit(view: Reader) -> list[str]:
            # What this core knows is enough to see that nothing is due; else the record decides.
            asked = {
                stream: (sequence, from_document(view.document(KIND, stream)))
                for stream, sequence in sorted(view.sequences().items())
                if self._is_due(sequence, self._known.get(stream, Marks()))
            }
            self._known.update((stream, marks) for stream, (_, marks) in asked.items())
            return [stream for stream, (end, marks) in asked.items() if self._is_due(end, marks)]

        for stream in await self._store.read(unit):
            await self._take_or_say(stream)
        await self._hand_over()

    def _is_due(self, sequence: int, marks: Marks) -> bool:
        return is_due(
            sequence,
            marks,
            now_us=to_us(self._clock.now()),
            entries=self._often.entries,
            every_us=self._often.every_s * 1_000_000,
        )

    async def _take_or_say(self, stream: str) -> None:
        try:
            await self.take(stream)
        except JournalCorrupt as error:
            await self._say_once(stream, "journal_corrupt", error.message)
        except Conflict:
            log.debug("another core took the checkpoint", stream=stream)

    async def take(self, stream: str) -> Checkpoint | None:
        """Take a checkpoint of a journal as it is now; None where nothing was added.

        What was added is verified. Raises JournalCorrupt, and Conflict where another core was
        first.
        """
        present = await self._store.read(lambda view: view.document(KIND, stream))
        before = marks = from_document(present)
        while entries := await self._page(stream, marks.frontier.size):
            marks = marks.grown(entries)
        if marks.frontier.size == before.frontier.size:
            return None
        checkpoint = self._signed(stream, marks)
        after = marks.with_checkpoint(checkpoint)
        await self._put(to_document(stream, after, present), present)
        self._known[stream] = after
        self._untold.append(checkpoint)
        # A log that is shipped elsewhere is a keeper too.
        log.info(
            "checkpoint",
            stream=stream,
            sequence=checkpoint.sequence,
            root=checkpoint.root.hex(),
            signature=checkpoint.signature.hex(),
        )
        return checkpoint

    async def _page(self, stream: str, after: int) -> Sequence[Entry]:
        return await self._store.read(lambda view: view.entries(stream, after=after, limit=PAGE))

    def _signed(self, stream: str, marks: Marks) -> Checkpoint:
        bare = Checkpoint(
            stream=stream,
            sequence=marks.frontier.size,
            hash=marks.hash,
            root=marks.frontier.root,
            time_us=to_us(self._clock.now()),
            key=self._signer.id,
        )
        return structs.replace(bare, signature=self._signer.sign(bare.statement))

    async def _put(self, record: DocumentRecord, present: DocumentRecord | None) -> None:
        revision = None if present is None else present.revision
        await self._store.write(lambda tx: tx.put_document(record, revision=revision))

    async def _hand_over(self) -> None:
        waiting = self._untold[-MOST_UNTOLD:]
        if not waiting:
            return
        try:
            await self._keeper.keep(waiting)
        except OSError as error:
            self._untold = waiting
            await self._say_once("", "checkpoints_not_kept", f"They cannot be written: {error}.")
            return
        self._untold.clear()
        self._said.discard("checkpoints_not_kept")

    async def _say_once(self, stream: str, code: str, text: str) -> None:
        key = f"{code} {stream}".strip()
        if key in self._said:
            return
        self._said.add(key)
        log.error("checkpoint failed", stream=stream, code=code, error=text)
        data = {"stream": stream} if stream else {}
        notice = NoticeGiven(severity=Severity.CRIT, code=code, text=text, data=data)
        await self._tell(notice)
