"""Seals bytes: AES-256-GCM under a data key of their own, which a key-encryption key wraps.

Each sealing draws a new data key and uses it once. Beside the text its purpose and what it is bound
to are authenticated, so a record moved to another row, owner or network does not open. Beside the
wrapped data key stands only which key wrapped it: it can be wrapped anew without the text.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from axisor.errors import SettingsInvalid, VaultSealBroken

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = 2
FIRST = 1
"""The version that bound the text to its key-encryption key too; it is read, never written."""

ALGORITHM = "A256GCM"


class SealedRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is stored: header, the wrapped data key (nonce first), nonce and ciphertext."""

    v: int
    alg: str
    kek_id: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes


_ID = re.compile(r"[0-9a-f]{16}")
_decoder = msgspec.msgpack.Decoder(SealedRecord)


class SealingKey:
    """A key-encryption key of 256 bits and the name it is known by."""

    __slots__ = ("_aead", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SettingsInvalid("A vault key has 32 bytes.")
        self._aead = AESGCM(key)
        self.id = hashlib.sha256(b"axisor vault key id" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"SealingKey(id={self.id!r}, …)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a key is not written down")

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        """Return a data key encrypted, its nonce first."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, data_key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return the data key. Raises InvalidTag, or ValueError where there is too little."""
        return self._aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)


Keys = Mapping[str, SealingKey]


def seal(key: SealingKey, plain: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
    """Return bytes encrypted and authenticated."""
    data_key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
    record = SealedRecord(
        v=VERSION,
        alg=ALGORITHM,
        kek_id=key.id,
        wrapped=key.wrap(data_key, _beside_key(key.id, nonce)),
        nonce=nonce,
        ciphertext=AESGCM(data_key).encrypt(nonce, plain, _beside_text(purpose, bound)),
    )
    return msgspec.msgpack.encode(record)


def unseal(keys: Keys, sealed: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
    """Return what was sealed. Raises VaultSealBroken."""
    try:
        record = _read(sealed)
        key = keys.get(record.kek_id)
        if key is None:
            raise _lacking(purpose, record.kek_id)
        if record.v == FIRST:
            beside_key, beside_text = _beside_first(key.id, purpose, bound)
        else:
            beside_key = _beside_key(key.id, record.nonce)
            beside_text = _beside_text(purpose, bound)
        data_key = key.unwrap(record.wrapped, beside_key)
        return AESGCM(data_key).decrypt(record.nonce, record.ciphertext, beside_text)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        # The cause is left out: a decoder's message may quote what it could not read.
        raise _broken(purpose) from None


def rewrap(keys: Keys, primary: SealingKey, sealed: bytes) -> bytes:
    """Return a record whose data key is wrapped by the primary key; the text is not touched.

    Raises VaultSealBroken, also for a record of the first version: that one is sealed anew.
    """
    try:
        record = _read(sealed)
        key = keys.get(record.kek_id)
        if key is None or record.v == FIRST:
            raise ValueError("not to be wrapped anew")
        data_key = key.unwrap(record.wrapped, _beside_key(key.id, record.nonce))
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise VaultSealBroken("A stored data key does not open with this vault.") from None
    wrapped = primary.wrap(data_key, _beside_key(primary.id, record.nonce))
    return msgspec.msgpack.encode(
        msgspec.structs.replace(record, kek_id=primary.id, wrapped=wrapped)
    )


def key_of(sealed: bytes) -> str | None:
    """Return which key wrapped a record's data key, or None for what is no sealed record."""
    try:
        return _read(sealed).kek_id
    except (ValueError, msgspec.MsgspecError):
        return None


def is_first(sealed: bytes) -> bool:
    """Return whether a record is of the first version, which is only read."""
    try:
        return _read(sealed).v == FIRST
    except (ValueError, msgspec.MsgspecError):
        return False


def _read(sealed: bytes) -> SealedRecord:
    record = _decoder.decode(sealed)
    if msgspec.msgpack.encode(record) != sealed:
        raise ValueError("not the canonical encoding")  # every byte counts, framing too
    if record.v not in (FIRST, VERSION) or record.alg != ALGORITHM:
        raise ValueError("not a version that is read")
    return record


def _broken(purpose: str) -> VaultSealBroken:
    return VaultSealBroken(f"What is stored as {purpose} does not open with this vault.")


def _lacking(purpose: str, kek_id: str) -> VaultSealBroken:
    if not _ID.fullmatch(kek_id):  # it was changed, and is not shown
        return _broken(purpose)
    return VaultSealBroken(
        f"What is stored as {purpose} was sealed with the key {kek_id}, which is not here.",
        key=kek_id,
    )


def _bind(*fields: str) -> bytes:
    # Lengths before the fields, so that no two lists of fields give the same bytes.
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


def _beside_key(kek_id: str, nonce: bytes) -> bytes:
    return _bind("axisor data key", str(VERSION), ALGORITHM, kek_id, nonce.hex())


def _beside_text(purpose: str, bound: Sequence[str]) -> bytes:
    return _bind("axisor sealed", str(VERSION), ALGORITHM, purpose, *bound)


def _beside_first(kek_id: str, purpose: str, bound: Sequence[str]) -> tuple[bytes, bytes]:
    tail = (str(FIRST), ALGORITHM, kek_id, *bound)
    return _bind("axisor data key", *tail), _bind(f"axisor {purpose}", *tail)
