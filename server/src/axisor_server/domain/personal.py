"""Keys of the house kept sealed in documents: one for each person, and one to look things up by."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import Struct

from axisor_server.domain.records import DocumentRecord

PERSONAL = "personal_key"
"""Kind of the document with a person's key; its id is the person's.

Without it nothing that was sealed for them opens.
"""

HOUSE = "house_key"
"""Kind of the document with a key that the core made for a use of its own; its id is the use."""

LOOKUP = "lookup"
"""The use of the key that hashes what must be found without being stored."""


class KeptKey(Struct, frozen=True, kw_only=True):
    """A key as it is kept: `id` says whose or what for, `sealed` is the vault's record of it."""

    kind: str
    id: str
    sealed: bytes
    created_us: int

    @property
    def purpose(self) -> str:
        """What the vault seals it as."""
        return self.kind.replace("_", " ")

    def to_document(self) -> DocumentRecord:
        """Return the document that keeps it."""
        return DocumentRecord(
            kind=self.kind,
            id=self.id,
            owner=self.id if self.kind == PERSONAL else "",
            body=msgspec.json.encode({"sealed": self.sealed}),
            created_us=self.created_us,
            updated_us=self.created_us,
        )


class _Body(Struct, frozen=True, forbid_unknown_fields=True):
    sealed: bytes


def kept_key(document: DocumentRecord) -> KeptKey:
    """Return the key that a document keeps."""
    body = msgspec.json.decode(document.body, type=_Body)
    return KeptKey(
        kind=document.kind,
        id=document.id,
        sealed=body.sealed,
        created_us=document.created_us,
    )


def keyed_hash(key: bytes, *, purpose: str, text: str) -> str:
    """Return a hash that only who has the key can make; the same text hashes alike for one purpose.

    The text is taken exactly as it is: who wants upper and lower case alike folds it before.
    """
    fields = [field.encode() for field in (purpose, text)]
    bound = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return hmac.new(key, bound, hashlib.sha256).hexdigest()
