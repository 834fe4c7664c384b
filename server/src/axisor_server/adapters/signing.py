"""Signs checkpoints of journals by Ed25519, with a key that the database keeps sealed."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from axisor_server.domain.audit_keys import (
    ID,
    KIND,
    KeptKey,
    from_document,
    key_id,
    to_document,
)
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Clock, Conflict, Reader, Store, Transaction, Vault

PURPOSE = "audit key"


class SigningKey:
    """Signs texts."""

    __slots__ = ("_private", "id", "public")

    def __init__(self, private: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self.public = self._private.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    def __repr__(self) -> str:
        return f"SigningKey(id={self.id!r}, …)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a signing key is not written down")

    def sign(self, text: bytes) -> bytes:
        """Return the signature over a text."""
        return self._private.sign(text)


def is_genuine(public: bytes, key: str, text: bytes, signature: bytes) -> bool:
    """Return whether the key named made a signature over a text, and is the one given."""
    if key != key_id(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        return False
    return True


async def open_key(store: Store, vault: Vault, clock: Clock) -> SigningKey:
    """Return the key of a database, making it at the first start."""
    made = Ed25519PrivateKey.generate().private_bytes_raw()
    sealed = vault.seal(made, purpose=PURPOSE, bound=(ID,))
    kept = KeptKey(public=SigningKey(made).public, sealed=sealed)
    record = to_document(kept, now_us=to_us(clock.now()))

    def unit(tx: Transaction) -> DocumentRecord:
        present = tx.document(KIND, ID)
        if present is None:
            tx.put_document(record, revision=None)
        return present or record

    try:
        found = await store.write(unit)
    except Conflict:  # another core made it at this moment
        found = await store.read(_there)
    return SigningKey(vault.unseal(from_document(found).sealed, purpose=PURPOSE, bound=(ID,)))


def _there(view: Reader) -> DocumentRecord:
    record = view.document(KIND, ID)
    assert record is not None
    return record
