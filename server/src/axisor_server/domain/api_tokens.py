"""Tokens for programs, as the core keeps them: whose they are, and the key that proves them.

The token itself is not here. It is made anew of the key, which is sealed; without this record it
proves nothing, and neither does any that was made of it by narrowing.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor_server.domain.records import DocumentRecord

KIND = "api_token"

MOST_TOKENS = 100
"""Of one owner."""


class TokenRecord(Struct, frozen=True, kw_only=True):
    """One token. `owner` is who made it: a person's id, or empty for who holds the owner token.

    `caveats` are those it was made with; `sealed` is its root key.
    """

    id: str
    tenant: str
    owner: str = ""
    label: str
    caveats: tuple[str, ...]
    sealed: bytes
    made_us: int
    until_us: int | None = None


def to_document(token: TokenRecord) -> DocumentRecord:
    """Return the document that keeps a token."""
    return DocumentRecord(
        kind=KIND,
        id=token.id,
        tenant=token.tenant,
        owner=token.owner,
        body=msgspec.json.encode(token),
        until_us=token.until_us,
        created_us=token.made_us,
        updated_us=token.made_us,
    )


def to_token(document: DocumentRecord) -> TokenRecord:
    """Return the token that a document keeps."""
    return msgspec.json.decode(document.body, type=TokenRecord)
