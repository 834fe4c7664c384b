"""The vault: what it seals opens only with a key of its ring; the first key seals."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor_server.adapters import sealing
from axisor_server.adapters.files import load_or_make
from axisor_server.adapters.sealing import KEY_BYTES, SealingKey

KEY_FILE = "vault.key"

_PREFIX = b"axisor-vault-1:"


class KeySealer:
    """The Sealer port over key-encryption keys in memory: the first seals, each opens."""

    __slots__ = ("_keys", "_primary")

    def __init__(self, key: bytes, *others: bytes) -> None:
        self._primary = SealingKey(key)
        held = (self._primary, *map(SealingKey, others))
        self._keys = {each.id: each for each in held}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._primary.id!r}, …)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a vault is not written down")

    def seal(self, plain: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return bytes encrypted and authenticated, for one purpose and place."""
        return sealing.seal(self._primary, plain, purpose=purpose, bound=bound)

    def unseal(self, sealed: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return what was sealed. Raises VaultSealBroken."""
        return sealing.unseal(self._keys, sealed, purpose=purpose, bound=bound)


class AesVault(KeySealer):
    """The Vault port with AES-256-GCM."""

    __slots__ = ()

    def fresh(self) -> bytes:
        """Return a new key of 256 bits, in clear."""
        return secrets.token_bytes(KEY_BYTES)

    def under(self, key: bytes) -> KeySealer:
        """Return a sealer under a key that is kept elsewhere, itself sealed."""
        return KeySealer(key)


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
