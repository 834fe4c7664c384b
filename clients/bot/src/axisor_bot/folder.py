"""The private files of a bot: each is written as a whole, and read as what it should be."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from axisor_bot.errors import HomeInvalid

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
T = TypeVar("T")


class Folder:
    """A bot's files. Each is written as a whole, so that a crash leaves the old one or the new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def usual(cls, environment: Mapping[str, str], home: Path, chat: str) -> Self:
        """Return the folder that is used where none is named."""
        base = environment.get("XDG_STATE_HOME")
        return cls((Path(base) if base else home / ".local" / "state") / "axisor" / "bots" / chat)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder, as the only bot that works in it. Raises HomeInvalid."""
        self._make(self.folder)
        with os.fdopen(os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, PRIVATE)) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise HomeInvalid(
                    f"Another bot works in {self.folder}.", fix="End it first."
                ) from None
            yield

    def _read(self, path: Path, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise HomeInvalid(f"{path} cannot be read: {type(error).__name__}.") from None

    def _write(self, path: Path, content: bytes) -> None:
        self._make(path.parent)
        fresh = path.with_name(f"{path.name}.new")
        try:
            with os.fdopen(
                os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, PRIVATE), "wb"
            ) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise HomeInvalid(f"{path} cannot be written: {error.strerror}.") from None

    def _make(self, folder: Path) -> None:
        try:
            self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise HomeInvalid(f"{folder} cannot be made: {error.strerror}.") from None
