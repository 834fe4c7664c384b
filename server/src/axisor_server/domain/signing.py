"""The keys that sign access tokens: which one signs now, when the next begins, which still count.

A key signs for 30 days. The next one is there a day or more before it signs, so that every core and
everybody who verifies has it by then; the one before counts until what it signed has run out.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs

from axisor_server.domain.records import DocumentRecord

KIND = "signing_key"

_HOUR_US = 3_600_000_000
SIGNS_US = 30 * 24 * _HOUR_US
AHEAD_US = 24 * _HOUR_US
"""How long a key is public before it signs, at least."""

MADE_AHEAD_US = 2 * AHEAD_US
"""How long before its turn a key is made."""

KEPT_US = _HOUR_US
"""How long a key counts after it signed last: the longest access token and the leeway, and more."""


class SigningKey(Struct, frozen=True, kw_only=True):
    """One key: its public half, its private half sealed, and its times.

    `after` is the key it follows. It is known to verifiers until `until_us`, which is set when the
    next one is made.
    """

    id: str
    public: bytes
    sealed: bytes
    after: str = ""
    made_us: int
    from_us: int
    until_us: int | None = None

    def counts(self, now_us: int) -> bool:
        """Return whether what it signed may be believed."""
        return self.from_us <= now_us and (self.until_us is None or now_us < self.until_us)


def signer(keys: Sequence[SigningKey], now_us: int) -> SigningKey | None:
    """Return the key that signs now, None where there is none yet."""
    begun = [key for key in keys if key.from_us <= now_us]
    return max(begun, key=lambda key: key.from_us, default=None)


def next_begins_us(keys: Sequence[SigningKey], now_us: int) -> int | None:
    """Return when the key that has to be made now begins to sign, None where none is due.

    The first begins at once. After a long pause the old key goes on until the next has been public
    long enough.
    """
    last = max(keys, key=lambda key: key.from_us, default=None)
    if last is None:
        return now_us
    turn_us = last.from_us + SIGNS_US
    return max(turn_us, now_us + AHEAD_US) if now_us >= turn_us - MADE_AHEAD_US else None


def key_document(key: SigningKey, *, before: DocumentRecord | None = None) -> DocumentRecord:
    """Return a key as it is stored, following what was stored before."""
    record = DocumentRecord(
        kind=KIND,
        id=key.id,
        body=msgspec.json.encode(key),
        until_us=key.until_us,
        created_us=key.made_us,
        updated_us=key.made_us,
    )
    return record if before is None else structs.replace(record, revision=before.revision + 1)


def unique(key: SigningKey) -> tuple[str, ...]:
    """Return what a key is found by: whom it follows, so that one key has one successor."""
    return (f"after/{key.after}",)


def to_key(record: DocumentRecord) -> SigningKey:
    """Return the key a document holds."""
    return msgspec.json.decode(record.body, type=SigningKey)
