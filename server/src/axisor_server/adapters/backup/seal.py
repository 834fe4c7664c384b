"""Encrypts backups with age, to public keys or with a passphrase, and opens them again.

A file is an ordinary age file: the `age` program opens it as well. Whoever has the public key can
make one, so a backup is as trustworthy as the place it lay in.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage
from msgspec import Struct

from axisor.errors import BackupInvalid, SettingsInvalid
from axisor_server.adapters.files import read_private

MAGIC = b"age-encryption.org/v1\n"
SCRYPT = b"-> scrypt "
PASSPHRASE_LIMIT = 1 << 29
"""The largest backup a passphrase may seal: it is encrypted as a whole, in memory."""

SHORTEST_PASSPHRASE = 12


class Lock(Struct, frozen=True):
    """What closes a backup: public keys (`age1…`), or a file that holds a passphrase."""

    recipients: tuple[str, ...] = ()
    passphrase_file: Path | None = None


class Key(Struct, frozen=True):
    """What opens a backup: a file of private keys (`AGE-SECRET-KEY-1…`), or of a passphrase."""

    identity_file: Path | None = None
    passphrase_file: Path | None = None


def new_identity() -> tuple[str, str]:
    """Return a new private key and its public one."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def check_lock(lock: Lock) -> None:
    """Raise SettingsInvalid unless a backup can be closed with it."""
    if lock.passphrase_file is not None:
        if lock.recipients:
            raise SettingsInvalid("Give recipients or a passphrase for a backup, not both.")
        _passphrase(lock.passphrase_file)
        return
    if not lock.recipients:
        raise SettingsInvalid(
            "A backup needs somebody who can open it.",
            fix="Make a key by axisor backup key --output FILE and name its public half.",
            setting="backup.recipients",
        )
    _recipients(lock.recipients)


def encrypt(source: BinaryIO, target: BinaryIO, lock: Lock) -> None:
    """Write what `source` holds to `target`, encrypted. Raises SettingsInvalid."""
    check_lock(lock)
    if lock.passphrase_file is None:
        pyrage.encrypt_io(source, target, _recipients(lock.recipients))
        return
    content = source.read(PASSPHRASE_LIMIT + 1)
    if len(content) > PASSPHRASE_LIMIT:
        raise SettingsInvalid(
            "The backup is too large for a passphrase.", fix="Use recipients (public keys) instead."
        )
    target.write(pyrage.passphrase.encrypt(content, _passphrase(lock.passphrase_file)))


def decrypt(source: Path, target: BinaryIO, key: Key) -> None:
    """Write what a backup file holds to `target`.

    A file that is not encrypted, as those before a migration, is copied. Raises BackupInvalid where
    the key does not fit or a byte was changed, SettingsInvalid where the key cannot be read.
    """
    try:
        with source.open("rb") as file:
            start = file.read(len(MAGIC) + len(SCRYPT))
            file.seek(0)
            if not start.startswith(MAGIC):
                _copy(file, target)
            elif start.endswith(SCRYPT):
                _open_passphrase(file, target, key, source)
            else:
                _open_identity(file, target, key, source)
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise BackupInvalid(
                f"{source} cannot be read: {error.strerror}.", file=source
            ) from error
        raise BackupInvalid(
            f"{source} does not open: it was changed, or made for another key.", file=source
        ) from error


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    while block := source.read(io.DEFAULT_BUFFER_SIZE * 16):
        target.write(block)


def _open_passphrase(file: BinaryIO, target: BinaryIO, key: Key, source: Path) -> None:
    if key.passphrase_file is None:
        raise SettingsInvalid(f"{source} was closed with a passphrase: give --passphrase-file.")
    if os.fstat(file.fileno()).st_size > 2 * PASSPHRASE_LIMIT:
        raise BackupInvalid(f"{source} is too large to have been closed with a passphrase.")
    target.write(pyrage.passphrase.decrypt(file.read(), _passphrase(key.passphrase_file)))


def _open_identity(file: BinaryIO, target: BinaryIO, key: Key, source: Path) -> None:
    if key.identity_file is None:
        raise SettingsInvalid(f"{source} is encrypted to a key: give --identity.")
    pyrage.decrypt_io(file, target, _identities(key.identity_file))


def _recipients(texts: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    found = []
    for text in texts:
        try:
            found.append(pyrage.x25519.Recipient.from_str(text.strip()))
        except pyrage.RecipientError as error:
            raise SettingsInvalid(
                f"{text!r} is not a public key of a backup.",
                fix="It begins with age1; axisor backup key prints one.",
                setting="backup.recipients",
            ) from error
    return found


def _identities(path: Path) -> list[pyrage.x25519.Identity]:
    found = []
    for line in _lines(path):
        try:
            found.append(pyrage.x25519.Identity.from_str(line))
        except pyrage.IdentityError:
            # The cause is left out: it might quote the key.
            raise SettingsInvalid(f"{path} holds a line that is no private key.") from None
    if not found:
        raise SettingsInvalid(f"{path} holds no private key.")
    return found


def _passphrase(path: Path) -> str:
    text = "".join(_lines(path)[:1])
    if len(text) < SHORTEST_PASSPHRASE:
        raise SettingsInvalid(f"The passphrase in {path} is shorter than 12 characters.")
    return text


def _lines(path: Path) -> list[str]:
    try:
        text = read_private(path).decode("utf-8")
    except FileNotFoundError:
        raise SettingsInvalid(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{path} is no text.") from None
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
