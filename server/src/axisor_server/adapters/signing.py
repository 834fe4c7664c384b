"""The key that signs checkpoints of journals: Ed25519, sealed in the database, shown in public."""

from __future__ import annotations

import base64
import hashlib

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from axisor.errors import CheckpointInvalid
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Clock, Conflict, Reader, Store, Transaction, Vault

KIND = "audit_key"
PURPOSE = "audit key"
ID = "first"
"""There is one key for as long as the database lives: an old checkpoint must stay provable."""


class _Kept(Struct, frozen=True, kw_only=True):
    public: bytes
    sealed: bytes


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


def key_id(public: bytes) -> str:
    """Return the short name of a public key of 32 bytes."""
    return hashlib.sha256(b"axisor audit key id" + public).hexdigest()[:16]


def is_genuine(public: bytes, key: str, text: bytes, signature: bytes) -> bool:
    """Return whether the key named made a signature over a text, and is the one given."""
    if key != key_id(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def public_text(public: bytes) -> str:
    """Return a public key as it is shown and kept by others."""
    return f"axisor-audit-key:{base64.b64encode(public).decode()}"


def read_public(text: str) -> bytes:
    """Return the public key of its text. Raises CheckpointInvalid where it is none."""
    head, _, rest = text.strip().partition(":")
    try:
        public = base64.b64decode(rest, validate=True)
    except ValueError:
        public = b""
    if head != "axisor-audit-key" or len(public) != 32:
        raise CheckpointInvalid("This is no public key of an audit: axisor audit key shows it.")
    return public


async def public_key(store: Store) -> bytes | None:
    """Return the public key of a database, None where nothing was signed yet."""
    record = await store.read(lambda view: view.document(KIND, ID))
    return None if record is None else _kept(record).public


async def open_key(store: Store, vault: Vault, clock: Clock) -> SigningKey:
    """Return the key of a database, making it at the first start."""
    made = Ed25519PrivateKey.generate().private_bytes_raw()
    kept = _Kept(
        public=SigningKey(made).public, sealed=vault.seal(made, purpose=PURPOSE, bound=(ID,))
    )
    now_us = to_us(clock.now())
    record = DocumentRecord(
        kind=KIND, id=ID, body=msgspec.json.encode(kept), created_us=now_us, updated_us=now_us
    )

    def unit(tx: Transaction) -> DocumentRecord:
        present = tx.document(KIND, ID)
        if present is None:
            tx.put_document(record, revision=None)
        return present or record

    try:
        found = await store.write(unit)
    except Conflict:  # another core made it at this moment
        found = await store.read(_there)
    return SigningKey(vault.unseal(_kept(found).sealed, purpose=PURPOSE, bound=(ID,)))


def _there(view: Reader) -> DocumentRecord:
    record = view.document(KIND, ID)
    assert record is not None
    return record


def _kept(record: DocumentRecord) -> _Kept:
    return msgspec.json.decode(record.body, type=_Kept)
