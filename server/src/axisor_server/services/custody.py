"""The vault's keys: which stored records need which of them, and wrapping data keys anew.

Wrapping goes record by record with a row that says how far it came. Every record opens at every
moment, for both keys are on the ring until the last record needs the new one only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import StoreUnavailable, VaultKeyInUse, VaultSealBroken
from axisor.identity import VaultKeysChanged
from axisor.model import Permission
from axisor.ports import Clock
from axisor_server.domain.custody import (
    REWRAP,
    RING,
    KeyStanding,
    Place,
    Progress,
    decode_progress,
    encode_progress,
)
from axisor_server.domain.personal import HOUSE, PERSONAL, kept_key
from axisor_server.engine.keys import PURPOSE
from axisor_server.ports import Conflict, Reader, Store, Transaction, Vault
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Recorder, Say

BATCH = 100
"""Records that are looked at in one transaction."""

PASSES = 3
"""How often all records are looked at again because another core went on using an old key."""

CORE = Principal(name="core", platform=Permission.NONE, accounts={})
"""Who says what a core found by itself."""

LOOK_S = 5.0
AGAIN_S = 3_600.0
MOST_BROKEN = 10

log = structlog.get_logger("axisor.vault")


class KeyRing(Vault, Protocol):
    """A vault whose keys change while it is used; the first of them seals, each opens."""

    def refresh(self) -> None:
        """Take up what changed on the ring."""
        ...

    def standing(self) -> Sequence[KeyStanding]:
        """Return the keys, the one that seals first."""
        ...

    def keys_in(self, body: bytes) -> frozenset[str]:
        """Return the ids of the keys of this ring that a stored body needs."""
        ...

    def rewrap(self, body: bytes) -> bytes:
        """Return a body whose data keys are wrapped by the key that seals.

        Raises VaultSealBroken.
        """
        ...

    def is_first(self, sealed: bytes) -> bool:
        """Return whether a record cannot be wrapped anew, only sealed anew."""
        ...


class KeyReport(Struct, frozen=True, kw_only=True):
    """A key of the ring, whether it seals, and how many stored records need it."""

    id: str
    kept: str
    seals: bool
    records: int


def reports(view: Reader, ring: KeyRing) -> Sequence[KeyReport]:
    """Return every key of a ring, the one that seals first, counting what is stored."""
    counts = references(view, ring)
    return [
        KeyReport(id=key.id, kept=key.kept, seals=at == 0, records=counts.get(key.id, 0))
        for at, key in enumerate(ring.standing())
    ]


def references(view: Reader, ring: KeyRing) -> Mapping[str, int]:
    """Return how many stored records need each key."""
    return Counter(key for _, body in _records(view, Place()) for key in ring.keys_in(body))


def check_unused(view: Reader, ring: KeyRing, id: str) -> None:
    """Raise VaultKeyInUse where a stored record needs a key, or it is the one that seals."""
    if ring.standing()[0].id == id:
        raise VaultKeyInUse(
            f"The key {id} seals what is stored now.",
            fix="Let another key seal first: axisor keys rotate.",
            key=id,
        )
    count = references(view, ring).get(id, 0)
    if count:
        raise VaultKeyInUse(
            f"{count} stored records still need the key {id}.",
            fix="Wait until the core has wrapped them anew, or run: axisor keys rewrap.",
            key=id,
            records=count,
        )


class Custody:
    """Wraps what is stored by the key that seals."""

    def __init__(
        self,
        *,
        store: Store,
        ring: KeyRing,
        clock: Clock,
        recorder: Recorder | None = None,
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._noted: tuple[str, ...] = ()
        self._ring = ring
        self._clock = clock
        self._batch = batch
        self._looked_ms: int | None = None

    async def reports(self) -> Sequence[KeyReport]:
        """Return every key and how many stored records need it."""
        return await self._store.read(lambda view: reports(view, self._ring))

    async def rewrap(self) -> Progress:
        """Wrap every data key by the key that seals, going on where an earlier try ended.

        Raises StoreUnavailable; what was done until then stays done.
        """
        progress = Progress()
        for _ in range(PASSES):
            progress = await self._pass()
            if not await self._store.read(self._left):
                break
            await self._store.write(lambda tx: tx.put_meta(REWRAP, encode_progress(Progress())))
        return progress

    async def reseal(self) -> int:
        """Seal exchange keys and the keys of persons and of the house under new data keys.

        Returns how many. Raises VaultSealBroken, StoreUnavailable.
        """
        places = await self._store.read(lambda view: [at for at, _ in _records(view, Place())])
        resealed = 0
        for place in places:
            resealed += await self._store.write(lambda tx, at=place: self._reseal(tx, at))  # type: ignore[misc]
        return resealed

    async def watch(self) -> None:
        """Follow the ring and wrap what it asks for, until cancelled."""
        while True:
            self._ring.refresh()
            try:
                await self._note()
                await self._look()
            except (StoreUnavailable, Conflict) as error:
                log.warning("keys are not wrapped anew yet", error=error.message)
            await self._clock.sleep(LOOK_S)

    async def _note(self) -> None:
        """Journal that this core's ring is another than was told last; a first ring is not told."""
        seals, *others = ids = tuple(key.id for key in self._ring.standing())
        if self._recorder is None or ids == self._noted:
            return

        def unit(tx: Transaction, say: Say) -> None:
            told = tx.meta(RING)
            if told == " ".join(ids):
                return
            tx.put_meta(RING, " ".join(ids))
            if told is not None:
                say(VaultKeysChanged(seals=seals, opens=" ".join(others)))

        await self._recorder.write(unit, by=CORE)
        self._noted = ids

    async def _look(self) -> None:
        progress = await self._store.read(lambda view: decode_progress(view.meta(REWRAP)))
        wanted = self._ring.standing()[0].id
        now_ms = self._clock.monotonic_ms()
        due = self._looked_ms is None or now_ms - self._looked_ms >= AGAIN_S * 1_000
        if progress.key == wanted and progress.done and not due:
            return
        self._looked_ms = now_ms
        if progress.key == wanted and progress.done and not await self._store.read(self._left):
            return
        found = await self.rewrap()
        log.info("data keys are wrapped", by=found.key, wrapped=found.wrapped)
        for place in found.broken:
            log.error("a sealed record does not open", kind=place.kind or PURPOSE, id=place.id)

    async def _pass(self) -> Progress:
        progress = Progress()
        while not progress.done:
            progress = await self._store.write(self._step)
        return progress

    def _step(self, tx: Transaction) -> Progress:
        key = self._ring.standing()[0].id
        progress = decode_progress(tx.meta(REWRAP))
        if progress.key != key:
            progress = Progress(key=key)
        rows = _batch(tx, progress.after, self._batch)
        for place, body in rows:
            progress = self._wrap(tx, progress, place, body)
        progress = replace(progress, done=not rows)
        tx.put_meta(REWRAP, encode_progress(progress))
        return progress

    def _wrap(self, tx: Transaction, progress: Progress, place: Place, body: bytes) -> Progress:
        progress = replace(progress, after=place)
        try:
            after = self._anew(tx, place, body)
        except VaultSealBroken:
            return replace(progress, broken=(*progress.broken, place)[-MOST_BROKEN:])
        if after == body:
            return progress
        if place.kind:
            tx.rewrap_document(place.kind, place.id, body=after)
        else:
            tx.put_sealed(place.id, after)
        return replace(progress, wrapped=progress.wrapped + 1)

    def _anew(self, tx: Transaction, place: Place, body: bytes) -> bytes:
        account = None if place.kind else tx.account(place.id)
        if account is None or not self._ring.is_first(body):
            return self._ring.rewrap(body)
        return self._sealed_anew(body, PURPOSE, (account.id, account.network))

    def _sealed_anew(self, sealed: bytes, purpose: str, bound: Sequence[str]) -> bytes:
        plain = self._ring.unseal(sealed, purpose=purpose, bound=bound)
        return self._ring.seal(plain, purpose=purpose, bound=bound)

    def _reseal(self, tx: Transaction, place: Place) -> int:
        account = None if place.kind else tx.account(place.id)
        sealed = None if account is None else tx.sealed(account.id)
        if account is not None and sealed is not None:
            bound = (account.id, account.network)
            tx.put_sealed(account.id, self._sealed_anew(sealed, PURPOSE, bound))
            return 1
        document = tx.document(place.kind, place.id)
        if document is None or place.kind not in (PERSONAL, HOUSE):
            return 0
        kept = kept_key(document)
        anew = replace(kept, sealed=self._sealed_anew(kept.sealed, kept.purpose, (kept.id,)))
        tx.rewrap_document(place.kind, place.id, body=anew.to_document().body)
        return 1

    def _left(self, view: Reader) -> bool:
        counts = references(view, self._ring)
        broken = decode_progress(view.meta(REWRAP)).broken
        others = sum(counts.values()) - counts.get(self._ring.standing()[0].id, 0)
        return others > len(broken)


def _records(view: Reader, after: Place) -> Iterator[tuple[Place, bytes]]:
    while rows := _batch(view, after, BATCH):
        yield from rows
        after = rows[-1][0]


def _batch(view: Reader, after: Place, limit: int) -> Sequence[tuple[Place, bytes]]:
    if not after.kind:
        ids = sorted(record.id for record in view.accounts() if record.id > after.id)
        sealed = ((Place("", id), view.sealed(id)) for id in ids)
        found = [(place, body) for place, body in sealed if body is not None]
        if found:
            return found[:limit]
    documents = view.documents_after(after.kind, after.id if after.kind else "", limit=limit)
    return [(Place(each.kind, each.id), each.body) for each in documents]
