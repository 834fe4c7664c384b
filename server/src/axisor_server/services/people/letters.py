"""Letters to people: written within the unit that they tell of, and delivered afterwards.

Until it is delivered a letter lies sealed in the store, as what it says lets somebody in. One that
nobody takes for a day is given up. A letter without an address is written where a stranger asked
for one in vain, so that asking takes as long.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import msgspec
from msgspec import Struct

from axisor.errors import StoreUnavailable, VaultSealBroken
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Conflict, Ids, Store, Transaction, Vault
from axisor_server.services.people.needs import Post

KIND = "letter"
PURPOSE = "letter"
LASTS = timedelta(days=1)
LOOK_S = 2.0
MOST_AT_ONCE = 20
SOONEST = timedelta(seconds=5)
LATEST = timedelta(minutes=15)

log = logging.getLogger(__name__)


class Letter(Struct, frozen=True, kw_only=True):
    """A letter as it is sealed."""

    to: str
    subject: str
    text: str


class Waiting(Struct, frozen=True, kw_only=True):
    """A letter as it lies in the store."""

    sealed: bytes
    tries: int = 0
    due_us: int


class Letters:
    """Keeps letters until they are delivered."""

    def __init__(self, *, store: Store, vault: Vault, post: Post, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._vault = vault
        self._post = post
        self._clock = clock
        self._ids = ids

    def write(self, tx: Transaction, letter: Letter) -> None:
        """Write a letter within a unit; it leaves once that is durable."""
        id, now_us = self._ids.new(), self._now_us()
        sealed = self._vault.seal(msgspec.json.encode(letter), purpose=PURPOSE, bound=(id,))
        record = DocumentRecord(
            kind=KIND,
            id=id,
            body=msgspec.json.encode(Waiting(sealed=sealed, due_us=now_us)),
            until_us=now_us + to_us_span(LASTS),
            created_us=now_us,
            updated_us=now_us,
        )
        tx.put_document(record, revision=None)

    async def deliver(self) -> int:
        """Deliver the letters that are due; returns how many were taken."""
        now_us = self._now_us()
        found = await self._store.read(lambda view: view.documents(KIND))
        due = [each for each in found if _waiting(each).due_us <= now_us][:MOST_AT_ONCE]
        return sum([await self._deliver(record) for record in due])

    async def run(self) -> None:
        """Deliver letters until cancelled."""
        while True:
            try:
                await self.deliver()
            except StoreUnavailable as error:
                log.warning("letters wait: %s", error.message)
            await self._clock.sleep(LOOK_S)

    async def _deliver(self, record: DocumentRecord) -> bool:
        # The claim moves the next try away, so that of two cores one delivers.
        claimed = await self._claim(record)
        if claimed is None:
            return False
        letter = self._open(claimed)
        if letter is not None and letter.to:
            taken = await self._post.deliver(
                id=record.id, to=letter.to, subject=letter.subject, text=letter.text
            )
            if not taken:
                return False
        await self._store.write(lambda tx: tx.delete_document(KIND, record.id))
        return letter is not None and bool(letter.to)

    async def _claim(self, record: DocumentRecord) -> DocumentRecord | None:
        waiting, now_us = _waiting(record), self._now_us()
        pause = min(SOONEST * 2 ** min(waiting.tries + 1, 12), LATEST)
        after = msgspec.structs.replace(
            waiting, tries=waiting.tries + 1, due_us=now_us + to_us_span(pause)
        )
        claimed = msgspec.structs.replace(
            record,
            body=msgspec.json.encode(after),
            revision=record.revision + 1,
            updated_us=now_us,
        )
        try:
            await self._store.write(lambda tx: tx.put_document(claimed, revision=record.revision))
        except Conflict:
            return None
        return claimed

    def _open(self, record: DocumentRecord) -> Letter | None:
        try:
            plain = self._vault.unseal(_waiting(record).sealed, purpose=PURPOSE, bound=(record.id,))
        except VaultSealBroken:
            log.error("a letter does not open and is given up", extra={"letter": record.id})
            return None
        return msgspec.json.decode(plain, type=Letter)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _waiting(record: DocumentRecord) -> Waiting:
    return msgspec.json.decode(record.body, type=Waiting)


def to_us_span(span: timedelta) -> int:
    """Return a span in whole microseconds."""
    return span // timedelta(microseconds=1)
