"""Personal data: sealed under a key of the person's own, and gone for good when that key is.

E-mail, names, addresses are stored and journaled only as these bytes, or as keyed hashes where they
must be found again.
"""

from __future__ import annotations

from axisor.errors import VaultSealBroken
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.personal import (
    HOUSE,
    LOOKUP,
    PERSONAL,
    KeptKey,
    kept_key,
    keyed_hash,
)
from axisor_server.ports import Conflict, Reader, Sealer, Store, Transaction, Vault


class Personal:
    """Seals what belongs to persons. Its methods on a view or a unit are called inside one."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._lookup: bytes | None = None

    def begin(self, tx: Transaction, person: str) -> None:
        """Make the key of a new person. Raises Conflict where there is one."""
        self._make(tx, PERSONAL, person)

    def seal(self, view: Reader, person: str, text: str, *, field: str) -> bytes:
        """Return a text that opens only as this field of this person.

        Raises VaultSealBroken where the person has no key: they were erased, or never begun.
        """
        sealer = self._sealer(view, person)
        if sealer is None:
            raise VaultSealBroken(
                f"The person {person} has no key.",
                money="Nothing was stored.",
                fix="A person who was erased is added anew.",
            )
        return sealer.seal(text.encode(), purpose=f"personal {field}", bound=(person,))

    def unseal(self, view: Reader, person: str, sealed: bytes, *, field: str) -> str | None:
        """Return the text, or None where the person was erased. Raises VaultSealBroken."""
        sealer = self._sealer(view, person)
        if sealer is None:
            return None
        return sealer.unseal(sealed, purpose=f"personal {field}", bound=(person,)).decode()

    def erase(self, tx: Transaction, person: str) -> bool:
        """Delete a person's key, so that nothing sealed under it opens; returns whether it was."""
        return tx.delete_document(PERSONAL, person)

    async def digest(self, purpose: str, text: str) -> str:
        """Return the keyed hash a text is found by, the same on every core of this database."""
        if self._lookup is None:
            try:
                self._lookup = await self._store.write(self._lookup_key)
            except Conflict:  # another core made it at the same moment
                self._lookup = await self._store.write(self._lookup_key)
        return keyed_hash(self._lookup, purpose=purpose, text=text)

    def _lookup_key(self, tx: Transaction) -> bytes:
        document = tx.document(HOUSE, LOOKUP)
        kept = self._make(tx, HOUSE, LOOKUP) if document is None else kept_key(document)
        return self._open(kept)

    def _sealer(self, view: Reader, person: str) -> Sealer | None:
        document = view.document(PERSONAL, person)
        return None if document is None else self._vault.under(self._open(kept_key(document)))

    def _make(self, tx: Transaction, kind: str, id: str) -> KeptKey:
        now_us = to_us(self._clock.now())
        bare = KeptKey(kind=kind, id=id, sealed=b"", created_us=now_us)
        sealed = self._vault.seal(self._vault.fresh(), purpose=bare.purpose, bound=(id,))
        kept = KeptKey(kind=kind, id=id, sealed=sealed, created_us=now_us)
        tx.put_document(kept.to_document(), revision=None)
        return kept

    def _open(self, kept: KeptKey) -> bytes:
        return self._vault.unseal(kept.sealed, purpose=kept.purpose, bound=(kept.id,))
