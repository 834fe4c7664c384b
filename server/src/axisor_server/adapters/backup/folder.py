"""The folder of backups: what lies there, whole chains, what was proved of each, what may go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from axisor.errors import BackupInvalid, StoreUnavailable
from axisor_server.adapters.files import replace_private, sync_directory
from axisor_server.domain.backups import Kind, Name, Retention, expendable, parse_name


class Proof(Struct, frozen=True):
    """That a backup was put together and checked: when, of how many bytes, after being opened or
    only while it was made.
    """

    time_us: int
    size: int
    opened: bool


class Lying(Struct, frozen=True):
    """A backup as it lies in its folder."""

    name: Name
    path: Path
    size: int
    proof: Proof | None


def listed(folder: Path) -> list[Lying]:
    """Return the backups of a folder, oldest first. Raises StoreUnavailable."""
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(folder, error) from error
    found = []
    for path in paths:
        name = parse_name(path.name)
        if name is not None:
            found.append(Lying(name, path, path.stat().st_size, _proof(path)))
    return found


def _proof(path: Path) -> Proof | None:
    try:
        proof = msgspec.json.decode(_beside(path).read_bytes(), type=Proof)
    except (OSError, msgspec.DecodeError):
        return None  # without a proof that can be read it is not proved
    return proof if proof.size == path.stat().st_size else None


def prove(path: Path, *, now_us: int, opened: bool) -> None:
    """Note that a backup was checked."""
    proof = Proof(now_us, path.stat().st_size, opened)
    replace_private(_beside(path), msgspec.json.encode(proof))


def _beside(path: Path) -> Path:
    return path.with_suffix(".checked")


def chain_to(path: Path) -> list[Path]:
    """Return the files that restoring one backup takes, the full one first.

    Of a folder it is the newest backup. Raises BackupInvalid where one is missing.
    """
    if path.is_dir():
        newest = listed(path)
        if not newest:
            raise BackupInvalid(f"There is no backup in {path}.", folder=path)
        path = newest[-1].path
    name = parse_name(path.name)
    if name is None or name.kind is Kind.FULL:
        if not path.is_file():
            raise BackupInvalid(f"There is no backup {path}.", file=path)
        return [path]
    same = {found.name.number: found.path for found in listed(path.parent) if _akin(found, name)}
    missing = [number for number in range(name.number + 1) if number not in same]
    if missing:
        raise BackupInvalid(
            f"{path.name} follows others; number {missing[0]} of them is not in its folder.",
            fix="Put the whole chain into one folder, or restore the newest whole one.",
            file=path,
        )
    return [same[number] for number in range(name.number + 1)]


def _akin(found: Lying, name: Name) -> bool:
    if found.name.kind is Kind.FULL:
        return found.name.id == name.base
    return found.name.base == name.base


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Write a private file that is there as a whole or not at all. Raises StoreUnavailable."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise _unusable(path.parent, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def _unusable(folder: Path, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"The folder of backups {folder} cannot be used: {error.strerror}.",
        money="Trading and guarding go on; there is no newer backup.",
        fix="Make it writable for the user of the core, and free space on its disk.",
        folder=folder,
    )


def clear_out(folder: Path, retention: Retention) -> list[Path]:
    """Delete the backups that need not be kept; returns which."""
    by_name = {found.name: found.path for found in listed(folder)}
    gone = [by_name[name] for name in expendable(by_name, retention)]
    for path in gone:
        path.unlink(missing_ok=True)
        _beside(path).unlink(missing_ok=True)
    return gone
