"""The ring: reads its file, makes it at the first start, and changes which keys it has."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from axisor.errors import SettingsInvalid
from axisor_server.adapters.files import load_or_make, read_private, replace_private
from axisor_server.adapters.ring.keepers import InEnvironment, Keeper
from axisor_server.adapters.ring.lines import Line, no_vault_key, parse, written
from axisor_server.adapters.sealing import SealingKey

RETIRED = ".retired"
"""Ends the name of the file that has the keys taken off the ring, for backups older than that."""


class Held(Struct, frozen=True):
    """A key of the ring: what it seals and opens with, how it is kept, and its line."""

    key: SealingKey
    kept: str
    line: Line


class Ring:
    """The keys of one file. Only `open` and what changes it read the file."""

    def __init__(self, path: Path, keepers: Sequence[Keeper], *, keep: str) -> None:
        self.path = path
        self._keepers: Mapping[str, Keeper] = {keeper.way: keeper for keeper in keepers}
        self._keep = keep
        self._known: dict[Line, SealingKey] = {}
        self._seen: tuple[int, ...] = ()

    def open(self) -> tuple[Held, ...]:
        """Return the keys, the one that seals first; makes the file where there is none.

        Raises SettingsInvalid when the file is readable by others or is no vault key, or when a key
        it names cannot be had.
        """
        content = load_or_make(self.path, lambda: written((self._new(),)))
        self._seen = self._stamp()
        return self._held(parse(content, self.path))

    def changed(self) -> bool:
        """Return whether the file is another one than when it was last read."""
        return self._stamp() != self._seen

    def add(self, *, primary: bool) -> str:
        """Put a new key on the ring, first where it is to seal; returns its id."""
        with self._changing() as lines:
            line = self._new()
            self._write((line, *lines) if primary else (*lines, line))
        return self._known[line].id

    def promote(self, id: str) -> None:
        """Have a key of the ring seal from now on. Raises SettingsInvalid where it is not on it."""
        with self._changing() as lines:
            line = self._find(lines, id)
            self._write((line, *(other for other in lines if other != line)))

    def renew(self) -> int:
        """Have every key that a service keeps kept by that service's newest; returns how many."""
        with self._changing() as lines:
            renewed = tuple(map(self._renewed, lines))
            if renewed != lines:
                self._write(renewed)
        return sum(new != old for new, old in zip(renewed, lines, strict=True))

    def _renewed(self, line: Line) -> Line:
        keeper = self._keepers.get(line.way)
        if keeper is None:
            raise no_vault_key(self.path)
        renewed = Line(line.way, keeper.renewed(line.text))
        if renewed != line and keeper.open(renewed.text) != keeper.open(line.text):
            raise no_vault_key(self.path)  # what does not open as before is not written down
        return renewed

    def retire(self, id: str) -> None:
        """Take a key off the ring and put it by. Raises SettingsInvalid for the one that seals.

        Whether anything still needs it is for the caller to find out.
        """
        with self._changing() as lines:
            line = self._find(lines, id)
            if line == lines[0] or line not in lines:
                raise SettingsInvalid(
                    f"The key {id} cannot be taken off the ring: it seals, or is not in the file.",
                    fix="Let another key seal first: axisor keys rotate.",
                )
            aside = self.path.with_name(self.path.name + RETIRED)
            before = read_private(aside) if aside.exists() else b""
            replace_private(aside, before + written((line,)))
            self._write(tuple(other for other in lines if other != line))

    def _write(self, lines: tuple[Line, ...]) -> None:
        replace_private(self.path, written(lines))

    def _find(self, lines: Sequence[Line], id: str) -> Line:
        found = [held.line for held in self._held(lines) if held.key.id == id]
        if not found:
            raise SettingsInvalid(
                f"There is no key {id} on the ring.", fix="axisor keys list names them."
            )
        return found[0]

    def _new(self) -> Line:
        keeper = next((each for each in self._keepers.values() if each.name == self._keep), None)
        if keeper is None:
            raise SettingsInvalid(f"A key cannot be kept in: {self._keep}.", setting="vault.keep")
        text, key = keeper.make()
        line = Line(keeper.way, text)
        self._known[line] = SealingKey(key)
        return line

    def _held(self, lines: Sequence[Line]) -> tuple[Held, ...]:
        return tuple(
            Held(self._key(line), self._keepers[line.way].name, line)
            for line in (*lines, *self._loose(lines))
        )

    def _loose(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        # Keys that were given in the environment open, whether the file names them or not.
        given = self._keepers.get(InEnvironment.way)
        names = given.names if isinstance(given, InEnvironment) else ()
        loose = (Line(InEnvironment.way, name) for name in names)
        return tuple(line for line in loose if line not in lines)

    def _key(self, line: Line) -> SealingKey:
        if line not in self._known:
            keeper = self._keepers.get(line.way)
            if keeper is None:
                raise no_vault_key(self.path)
            try:
                self._known[line] = SealingKey(keeper.open(line.text))
            except ValueError:
                raise no_vault_key(self.path) from None
        return self._known[line]

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = os.stat(self.path)
        except OSError:
            return ()
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Line, ...]]:
        handle = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # of two that change it, one after the other
            yield parse(read_private(self.path), self.path)
        finally:
            os.close(handle)
