"""Keeps the fold of each account's journal near its end, so that no start reads it all.

Whichever core comes first writes it: a fold says what the journal says, whoever made it.
"""

from __future__ import annotations

import structlog
from msgspec import Struct

from axisor.errors import StoreUnavailable
from axisor_server.domain.journal import to_us
from axisor_server.engine.projecting import (
    KIND,
    PAGE,
    Fold,
    kept,
    project_page,
    to_document,
)
from axisor_server.ports import Clock, Conflict, Reader, Store, Transaction
from axisor_server.services.accounts import stream_of

LOOK_S = 10.0
ENTRIES = 2_000
"""How far a fold may stay behind its journal: about a hundredth of a second of reading."""

PREFIX = stream_of("")

log = structlog.get_logger("axisor.folding")


class _Grown(Struct, frozen=True):
    fold: Fold
    more: bool


class Folds:
    """Folds what was added to the journals of a store."""

    def __init__(self, store: Store, clock: Clock, *, entries: int = ENTRIES) -> None:
        self._store = store
        self._clock = clock
        self._entries = entries
        self._known: dict[str, int] = {}

    async def run(self) -> None:
        """Keep what is due, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("folds wait for the database", error=error.message)
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Fold every journal that grew far enough."""
        for stream, sequence in sorted((await self._store.read(_sequences)).items()):
            if sequence - self._known.get(stream, 0) >= self._entries:
                await self._keep(stream)

    async def _keep(self, stream: str) -> None:
        fold = await self._store.read(lambda view: kept(view, stream))
        begun, more = fold.told.sequence, True
        while more:
            # A page at a time: others read between.
            grown = await self._store.read(lambda view, f=fold: _grown(view, stream, f))  # type: ignore[misc]
            fold, more = grown.fold, grown.more
        if fold.told.sequence - begun >= self._entries:
            await self._put(stream, fold)
            begun = fold.told.sequence
        self._known[stream] = begun

    async def _put(self, stream: str, fold: Fold) -> None:
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction) -> None:
            present = tx.document(KIND, stream)
            record = to_document(stream, fold, present, now_us=now_us)
            tx.put_document(record, revision=None if present is None else present.revision)

        try:
            await self._store.write(unit)
        except Conflict:
            log.debug("another core kept the fold", stream=stream)


def _sequences(view: Reader) -> dict[str, int]:
    found = view.sequences().items()
    return {stream: sequence for stream, sequence in found if stream.startswith(PREFIX)}


def _grown(view: Reader, stream: str, fold: Fold) -> _Grown:
    page = view.entries(stream, after=fold.told.sequence, limit=PAGE)
    if not page:
        return _Grown(fold, more=False)
    told = project_page(fold.told, page)
    return _Grown(Fold(hash=page[-1].hash, told=told), more=len(page) == PAGE)
