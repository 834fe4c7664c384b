"""Makes proofs that are good once, and takes them back."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor.errors import ProofInvalid
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.proofs import (
    KIND,
    LASTS,
    MOST_TRIES,
    Proof,
    Purpose,
    digest_of,
    fits,
    from_document,
    parse,
    text_of,
    to_document,
)
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Ids, Reader, Transaction


class Made(Struct, frozen=True, kw_only=True):
    """A proof as it is handed out, and when it is over. Its text is a secret."""

    id: str
    text: str
    until_us: int

    def __repr__(self) -> str:
        return f"Made(id={self.id!r}, …)"


class Proofs:
    """Its methods are called inside a view or a unit."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def make(self, tx: Transaction, purpose: Purpose, proof: Proof) -> Made:
        """Make a proof. The ones that a person had for the same purpose are over."""
        if proof.person and purpose is not Purpose.CHALLENGE:
            for old in tx.documents(KIND, owner=proof.person, about=purpose.value):
                tx.delete_document(KIND, old.id)
        id, secret, now_us = self._ids.new(), self._ids.token(), self._now_us()
        until_us = now_us + int(LASTS[purpose].total_seconds()) * 1_000_000
        kept = msgspec.structs.replace(proof, digest=digest_of(secret))
        record = to_document(kept, purpose, id=id, now_us=now_us, until_us=until_us)
        tx.put_document(record, revision=None)
        return Made(id=id, text=text_of(purpose, id, secret), until_us=until_us)

    def look(self, view: Reader, text: str, purpose: Purpose) -> tuple[DocumentRecord, Proof]:
        """Return what a proof says, and leave it good. Raises ProofInvalid."""
        parsed = parse(text, purpose)
        record = None if parsed is None else view.document(KIND, parsed[0])
        if parsed is None or record is None or record.about != purpose.value:
            raise ProofInvalid()
        proof = from_document(record)
        over = record.until_us is None or record.until_us <= self._now_us()
        if not fits(proof, parsed[1]) or over or proof.tries >= MOST_TRIES:
            raise ProofInvalid()
        return record, proof

    def use(self, tx: Transaction, text: str, purpose: Purpose) -> Proof:
        """Return what a proof says; it is over. Raises ProofInvalid."""
        record, proof = self.look(tx, text, purpose)
        if not tx.delete_document(KIND, record.id):
            raise ProofInvalid()
        return proof

    def fail(self, tx: Transaction, text: str, purpose: Purpose) -> None:
        """Count a wrong answer to a proof, if it is still good."""
        record, proof = self.look(tx, text, purpose)
        self.keep(tx, record, msgspec.structs.replace(proof, tries=proof.tries + 1))

    def keep(self, tx: Transaction, record: DocumentRecord, proof: Proof) -> None:
        """Keep what a proof says otherwise than before. Raises Conflict."""
        tx.put_document(
            msgspec.structs.replace(
                record, body=msgspec.json.encode(proof), revision=record.revision + 1
            ),
            revision=record.revision,
        )

    def drop(self, tx: Transaction, person: str, *purposes: Purpose) -> None:
        """End what a person has of some purposes."""
        for purpose in purposes:
            for old in tx.documents(KIND, owner=person, about=purpose.value):
                tx.delete_document(KIND, old.id)

    def _now_us(self) -> int:
        return to_us(self._clock.now())
