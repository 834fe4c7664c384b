"""The vault: what it seals opens only with a key of its ring; the first key seals."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, MutableMapping, Sequence
from pathlib import Path

import structlog

from axisor.errors import AxisorError, SettingsInvalid
from axisor.ports import Secret
from axisor_server.adapters import sealed_bodies, sealing
from axisor_server.adapters.files import read_private
from axisor_server.adapters.ring.keepers import (
    PASSPHRASE,
    Cost,
    InEnvironment,
    InFile,
    UnderPassphrase,
    take,
)
from axisor_server.adapters.ring.ring import Held, Ring
from axisor_server.adapters.ring.transit import InTransit
from axisor_server.adapters.sealing import KEY_BYTES, SealingKey
from axisor_server.choices import Vault as VaultSettings
from axisor_server.domain.custody import KeyStanding

KEY_FILE = "vault.key"

log = structlog.get_logger("axisor.vault")


class KeySealer:
    """The Sealer port over key-encryption keys in memory: the first seals, each opens."""

    __slots__ = ("_keys", "_primary")

    def __init__(self, key: bytes, *others: bytes) -> None:
        self._hold((SealingKey(key), *map(SealingKey, others)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._primary.id!r}, …)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a vault is not written down")

    def _hold(self, keys: Iterable[SealingKey]) -> None:
        held = tuple(keys)
        self._keys = {each.id: each for each in held}  # first: what is sealed next must open
        self._primary = held[0]

    def seal(self, plain: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return bytes encrypted and authenticated, for one purpose and place."""
        return sealing.seal(self._primary, plain, purpose=purpose, bound=bound)

    def unseal(self, sealed: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return what was sealed. Raises VaultSealBroken."""
        return sealing.unseal(self._keys, sealed, purpose=purpose, bound=bound)


class AesVault(KeySealer):
    """The Vault and KeyRing ports with AES-256-GCM, over keys that are given."""

    __slots__ = ()

    def fresh(self) -> bytes:
        """Return a new key of 256 bits, in clear."""
        return secrets.token_bytes(KEY_BYTES)

    def under(self, key: bytes) -> KeySealer:
        """Return a sealer under a key that is kept elsewhere, itself sealed."""
        return KeySealer(key)

    def refresh(self) -> None:
        """Take up what changed on the ring since it was last looked at; here nothing does."""

    def standing(self) -> Sequence[KeyStanding]:
        """Return the keys, the one that seals first."""
        return tuple(KeyStanding(id=id, kept="memory") for id in self._keys)

    def keys_in(self, body: bytes) -> frozenset[str]:
        """Return the ids of the keys of this ring that a stored body needs."""
        return sealed_bodies.keys_in(body) & self._keys.keys()

    def rewrap(self, body: bytes) -> bytes:
        """Return a stored body whose data keys are all wrapped by the key that seals."""
        return sealed_bodies.replaced(body, self._rewrap)

    def is_first(self, sealed: bytes) -> bool:
        """Return whether a record is of the form that cannot be wrapped anew, only sealed anew."""
        return sealing.is_first(sealed)

    def _rewrap(self, record: bytes) -> bytes:
        if sealing.key_of(record) not in self._keys.keys() - {self._primary.id}:
            return record  # the right key already, or a person's own
        return sealing.rewrap(self._keys, self._primary, record)


class RingVault(AesVault):
    """A vault over a ring that may change while the core runs."""

    __slots__ = ("_held", "_ring")

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._held: tuple[Held, ...] = ()
        self._take()

    def _take(self) -> None:
        self._held = self._ring.open()
        self._hold(held.key for held in self._held)

    def refresh(self) -> None:
        """Take up what changed in the file; what cannot be read leaves the ring as it was."""
        if not self._ring.changed():
            return
        try:
            self._take()
        except (AxisorError, OSError) as error:
            log.error("the ring of keys cannot be read again", error=str(error))

    def standing(self) -> Sequence[KeyStanding]:
        """Return the keys, the one that seals first."""
        return tuple(KeyStanding(id=held.key.id, kept=held.kept) for held in self._held)

    def seal(self, plain: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return bytes encrypted and authenticated, with the key that seals now."""
        self.refresh()
        return super().seal(plain, purpose=purpose, bound=bound)

    def unseal(self, sealed: bytes, *, purpose: str, bound: Sequence[str]) -> bytes:
        """Return what was sealed, also with a key that came since. Raises VaultSealBroken."""
        if sealing.key_of(sealed) not in self._keys:
            self.refresh()
        return super().unseal(sealed, purpose=purpose, bound=bound)


def open_ring(
    directory: Path, settings: VaultSettings, environment: MutableMapping[str, str]
) -> Ring:
    """Return the ring of a data directory; keys in the environment are removed from it.

    Raises SettingsInvalid where a setting cannot be followed.
    """
    path = Path(settings.file) if settings.file else directory / KEY_FILE
    cost = Cost(memory_kib=settings.passphrase_memory_mib * 1024)
    keepers = (
        InFile(),
        InEnvironment(take(environment)),
        UnderPassphrase(_passphrase(settings, environment), cost),
        InTransit(settings),
    )
    return Ring(path, keepers, keep=settings.keep.value)


def open_vault(
    directory: Path,
    settings: VaultSettings | None = None,
    environment: MutableMapping[str, str] | None = None,
) -> RingVault:
    """Return the vault of a data directory, making its first key at the first start.

    Raises SettingsInvalid when the file is readable by others or is no vault key, or when a key it
    names cannot be had; KeyServiceUnavailable where the service that keeps one does not open it.
    """
    return RingVault(open_ring(directory, settings or VaultSettings(), environment or {}))


def _passphrase(settings: VaultSettings, environment: MutableMapping[str, str]) -> Secret | None:
    given = environment.pop(PASSPHRASE, None)
    if given is not None:
        return Secret(given)
    if not settings.passphrase_file:
        return None
    try:
        content = read_private(Path(settings.passphrase_file))
    except FileNotFoundError:
        raise SettingsInvalid(
            f"There is no file {settings.passphrase_file}.", setting="vault.passphrase_file"
        ) from None
    return Secret(content.decode().partition("\n")[0])
