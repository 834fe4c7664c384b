"""The key that signs checkpoints of journals: how it is named, shown and stored."""

from __future__ import annotations

import base64
import hashlib

import msgspec
from msgspec import Struct

from axisor.errors import CheckpointInvalid
from axisor_server.domain.records import DocumentRecord

KIND = "audit_key"
ID = "first"
"""There is one key for as long as the database lives: an old checkpoint must stay provable."""

HEAD = "axisor-audit-key"
LENGTH = 32


class KeptKey(Struct, frozen=True, kw_only=True):
    """The key as it is stored: its public half, and the private one sealed."""

    public: bytes
    sealed: bytes


def from_document(record: DocumentRecord) -> KeptKey:
    """Return the key of a document."""
    return msgspec.json.decode(record.body, type=KeptKey)


def to_document(key: KeptKey, *, now_us: int) -> DocumentRecord:
    """Return the document of a new key."""
    body = msgspec.json.encode(key)
    return DocumentRecord(kind=KIND, id=ID, body=body, created_us=now_us, updated_us=now_us)


def key_id(public: bytes) -> str:
    """Return the short name of a public key of 32 bytes."""
    return hashlib.sha256(b"axisor audit key id" + public).hexdigest()[:16]


def public_text(public: bytes) -> str:
    """Return a public key as it is shown and kept by others."""
    return f"{HEAD}:{base64.b64encode(public).decode()}"


def read_public(text: str) -> bytes:
    """Return the public key of its text. Raises CheckpointInvalid where it is none."""
    head, _, rest = text.strip().partition(":")
    try:
        public = base64.b64decode(rest, validate=True)
    except ValueError:
        public = b""
    if head != HEAD or len(public) != LENGTH:
        raise CheckpointInvalid("This is no public key of an audit: axisor audit key shows it.")
    return public
