"""Where a key is kept: in the file, in the environment, or in the file under a passphrase.

A fourth way, by a service, has its own module.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor.ports import Secret
from axisor_server.adapters.sealing import KEY_BYTES, NONCE_BYTES

KEK = "AXISOR_KEK_"
"""Begins the name of a variable that holds a key of 32 bytes, as hexadecimal or base64."""

PASSPHRASE = "AXISOR_VAULT_PASSPHRASE"  # noqa: S105 - the name of a variable
"""Names the variable with the passphrase."""

SALT_BYTES = 16
_BESIDE = b"axisor vault key under a passphrase"


class Keeper(Protocol):
    """One way to keep a key."""

    @property
    def way(self) -> str:
        """How the file marks keys that are kept so."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def make(self) -> tuple[str, bytes]:
        """Return a new key, and what the file has of it. Raises SettingsInvalid."""
        ...

    def open(self, text: str) -> bytes:
        """Return the key that the file means. Raises SettingsInvalid, ValueError."""
        ...

    def renewed(self, text: str) -> str:
        """Return what the file is to have of the same key from now on, as the keeper changed."""
        ...


class _Unchanging:
    """What keeps a key as it is."""

    def renewed(self, text: str) -> str:
        """Return the same."""
        return text


class InFile(_Unchanging):
    """A key in clear in the file, which only the core's user can read."""

    way = "1"
    name = "file"

    def make(self) -> tuple[str, bytes]:
        """Return a new key and its digits."""
        key = secrets.token_bytes(KEY_BYTES)
        return key.hex(), key

    def open(self, text: str) -> bytes:
        """Return the key of some digits. Raises ValueError."""
        return _of_length(bytes.fromhex(text))


class InEnvironment(_Unchanging):
    """Keys in variables of the process, which are removed once they are read."""

    way = "environment-1"
    name = "environment"

    def __init__(self, found: Mapping[str, Secret]) -> None:
        self._found = found

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the keys that were given, without their beginning."""
        return tuple(sorted(self._found))

    def make(self) -> tuple[str, bytes]:
        """Return the one key that was given. Raises SettingsInvalid for none or several."""
        if len(self._found) != 1:
            raise SettingsInvalid(
                f"Of {KEK}… there are {len(self._found)}, and the first key of a vault is one.",
                fix=f"Give one {KEK}<NAME> at the first start; others afterwards.",
            )
        (name,) = self._found
        return name, self.open(name)

    def open(self, text: str) -> bytes:
        """Return the key of a name. Raises SettingsInvalid where it was not given."""
        found = self._found.get(text)
        if found is None:
            raise SettingsInvalid(
                f"The vault needs the key of the variable {KEK}{text}.",
                money="Without it no stored exchange key opens.",
                fix=f"Start the core with {KEK}{text} set.",
            )
        try:
            return _decoded(found.reveal())
        except ValueError:
            raise SettingsInvalid(
                f"{KEK}{text} is no key of 32 bytes in hexadecimal or base64."
            ) from None


class Cost(Struct, frozen=True):
    """What one guess at a passphrase costs: memory in KiB, passes, lanes (Argon2id)."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def __str__(self) -> str:
        return f"{self.memory_kib}.{self.passes}.{self.lanes}"


class UnderPassphrase(_Unchanging):
    """A key in the file, sealed under a passphrase that is given at each start."""

    way = "passphrase-1"
    name = "passphrase"

    def __init__(self, passphrase: Secret | None, cost: Cost) -> None:
        self._passphrase = passphrase
        self._cost = cost

    def make(self) -> tuple[str, bytes]:
        """Return a new key and its sealed form."""
        key, salt = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(SALT_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._aead(salt, self._cost).encrypt(nonce, key, _BESIDE)
        return f"{self._cost}:{salt.hex()}:{sealed.hex()}", key

    def open(self, text: str) -> bytes:
        """Return the key. Raises SettingsInvalid for another passphrase, or for none."""
        cost, salt, sealed = text.split(":")
        memory, passes, lanes = (int(part) for part in cost.split("."))
        aead = self._aead(bytes.fromhex(salt), Cost(memory, passes, lanes))
        record = bytes.fromhex(sealed)
        try:
            return _of_length(aead.decrypt(record[:NONCE_BYTES], record[NONCE_BYTES:], _BESIDE))
        except InvalidTag:
            raise SettingsInvalid(
                "The passphrase does not open the vault's key.",
                money="Without it no stored exchange key opens; nothing was changed.",
                fix="Start again with the right passphrase.",
            ) from None

    def _aead(self, salt: bytes, cost: Cost) -> AESGCM:
        if self._passphrase is None:
            raise SettingsInvalid(
                "The vault's key lies under a passphrase, and none was given.",
                money="Without it no stored exchange key opens.",
                fix=f"Set {PASSPHRASE} for the start, or name vault.passphrase_file.",
            )
        stretched = Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=cost.passes,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(self._passphrase.reveal().encode())
        return AESGCM(stretched)


def take(environment: MutableMapping[str, str]) -> Mapping[str, Secret]:
    """Return the keys of an environment by name, and remove them from it."""
    names = [name for name in environment if name.startswith(KEK) and len(name) > len(KEK)]
    return {name.removeprefix(KEK): Secret(environment.pop(name)) for name in names}


def _decoded(text: str) -> bytes:
    if len(text.strip()) == 2 * KEY_BYTES:
        return _of_length(bytes.fromhex(text.strip()))
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        return _of_length(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except binascii.Error:
        raise ValueError("no base64") from None


def _of_length(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("another length")
    return key
