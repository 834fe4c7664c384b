"""Seals exchange keys: AES-256-GCM under a key of their own, which a key-encryption key wraps.

Each sealing draws a new data key and uses it once. What is authenticated beside the text is its
purpose, the account, the network and the record's header, so a record moved to another row, account
or network does not open.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from axisor.errors import SettingsInvalid, VenueAuth
from axisor.ports import Credentials, Secret
from axisor_server.adapters.files import load_or_make

KEY_FILE = "vault.key"
KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = 1
ALGORITHM = "A256GCM"

_PREFIX = b"axisor-vault-1:"


class SealedRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is stored: header, the wrapped data key (nonce first), nonce and ciphertext."""

    v: int
    alg: str
    kek_id: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes


_decoder = msgspec.msgpack.Decoder(SealedRecord)
_texts = msgspec.msgpack.Decoder(tuple[str, str, str])


def _bind(purpose: str, *parts: str) -> bytes:
    # Lengths before the fields, so that no two lists of fields give the same bytes.
    fields = [field.encode() for field in (purpose, *parts)]
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


class AesVault:
    """The Vault port with one key-encryption key of 256 bits in memory."""

    __slots__ = ("_kek", "_kek_id")

    def __init__(self, kek: bytes) -> None:
        if len(kek) != KEY_BYTES:
            raise SettingsInvalid("A vault key has 32 bytes.")
        self._kek = AESGCM(kek)
        self._kek_id = hashlib.sha256(b"axisor vault key id" + kek).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"AesVault(kek_id={self._kek_id!r}, …)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a vault is not written down")

    def seal(self, credentials: Credentials, *, account: str, network: str) -> bytes:
        """Return the credentials encrypted and authenticated."""
        texts = (credentials.key, credentials.secret, credentials.passphrase)
        plain = msgspec.msgpack.encode(tuple(text.reveal() for text in texts))
        data_key = secrets.token_bytes(KEY_BYTES)
        wrap_nonce, nonce = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
        wrapped = self._kek.encrypt(wrap_nonce, data_key, self._bound("data key", account, network))
        bound = self._bound("exchange key", account, network)
        record = SealedRecord(
            v=VERSION,
            alg=ALGORITHM,
            kek_id=self._kek_id,
            wrapped=wrap_nonce + wrapped,
            nonce=nonce,
            ciphertext=AESGCM(data_key).encrypt(nonce, plain, bound),
        )
        return msgspec.msgpack.encode(record)

    def unseal(self, sealed: bytes, *, account: str, network: str) -> Credentials:
        """Return the credentials.

        Raises VenueAuth when a byte was changed, when they were sealed for another account or
        network, or with another key-encryption key.
        """
        try:
            plain = self._open(sealed, account, network)
            key, secret, passphrase = _texts.decode(plain)
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            # The cause is left out: a decoder's message may quote what it could not read.
            raise VenueAuth(
                f"The stored key of account {account} does not open with this vault.",
                fix="Restore the vault.key it was sealed with, or replace the credentials:"
                " axisor account replace-credentials.",
                account=account,
            ) from None
        return Credentials(Secret(key), Secret(secret), Secret(passphrase))

    def _open(self, sealed: bytes, account: str, network: str) -> bytes:
        record = _decoder.decode(sealed)
        if msgspec.msgpack.encode(record) != sealed:
            raise ValueError("not the canonical encoding")  # every byte counts, framing too
        if (record.v, record.alg, record.kek_id) != (VERSION, ALGORITHM, self._kek_id):
            raise ValueError("not this vault's")
        data_key = self._kek.decrypt(
            record.wrapped[:NONCE_BYTES],
            record.wrapped[NONCE_BYTES:],
            self._bound("data key", account, network),
        )
        bound = self._bound("exchange key", account, network)
        return AESGCM(data_key).decrypt(record.nonce, record.ciphertext, bound)

    def _bound(self, purpose: str, account: str, network: str) -> bytes:
        return _bind(f"axisor {purpose}", str(VERSION), ALGORITHM, self._kek_id, account, network)


def open_vault(directory: Path) -> AesVault:
    """Return the vault of a directory, making its key file at the first start.

    Raises SettingsInvalid when the file is readable by others or is no vault key.
    """
    path = directory / KEY_FILE
    content = load_or_make(path, lambda: _PREFIX + secrets.token_hex(KEY_BYTES).encode() + b"\n")
    try:
        if not content.startswith(_PREFIX):
            raise ValueError("no prefix")
        kek = bytes.fromhex(content.removeprefix(_PREFIX).decode("ascii").strip())
    except ValueError:
        raise SettingsInvalid(
            f"{path} is not a vault key.",
            money="Without it no stored exchange key opens.",
            fix="Restore it from your backup.",
            path=path,
        ) from None
    return AesVault(kek)
