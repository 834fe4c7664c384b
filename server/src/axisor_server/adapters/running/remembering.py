"""Remembers what each interpreter of a plugin offered, for as long as nothing of it has changed.

To ask is to start a Python; to look whether anything changed is to look at its files. What nobody
can look at as a whole is not remembered: an interpreter that is no virtual environment, or one that
takes packages from elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from axisor.remote import Offer
from axisor_server.adapters import files

log = logging.getLogger(__name__)

SHARED = "include-system-site-packages = true"
LOOKED_AT = (".py", ".so", ".pth", "RECORD", "METADATA", "entry_points.txt", "pyvenv.cfg")


class Remembered(Struct, frozen=True):
    """What an interpreter said, and the state of its environment then."""

    plugin: str
    python: str
    state: str
    offers: list[Offer]


class OfferMemory:
    """What was offered, in one file."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._held: dict[tuple[str, str], Remembered] = {}
        self._states: dict[str, str] = {}
        self._turn = asyncio.Lock()
        try:
            found = msgspec.json.decode(place.read_bytes(), type=list[Remembered])
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:  # then all of them are asked again
            log.warning("what plugins offered cannot be read: %s", error)
            return
        self._held = {(each.plugin, each.python): each for each in found}

    def find(self, plugin: str, python: str) -> Sequence[Offer] | None:
        """Return what an interpreter of a plugin offers, None where it must be asked."""
        held = self._held.get((plugin, python))
        if held is None or not held.state or held.state != self.state(python):
            return None
        return held.offers

    async def keep(self, plugin: str, python: str, offers: Sequence[Offer], *, before: str) -> None:
        """Remember what one said, where its environment is now as it was `before` it was asked."""
        state = await asyncio.to_thread(state_of, Path(python))
        if not state or state != before:
            return
        self._held[plugin, python] = Remembered(plugin, python, state, list(offers))
        try:
            async with self._turn:
                content = msgspec.json.encode(list(self._held.values()))
                await asyncio.to_thread(files.replace_private, self._place, content)
        except OSError as error:
            log.warning("what plugins offer is not remembered: %s", error)

    def state(self, python: str) -> str:
        """Return the state of an interpreter's environment as it was first seen, or empty."""
        if python not in self._states:
            self._states[python] = state_of(Path(python))
        return self._states[python]


def state_of(python: Path) -> str:
    """Return what changes with any file that an interpreter may import, empty where unknown."""
    home = python.parent.parent
    try:
        if SHARED in (home / "pyvenv.cfg").read_text(errors="replace").lower():
            return ""
        found = sorted(_files(home, python))
    except OSError:
        return ""
    if any(name.endswith(".pth") for name, _ in found):
        return ""
    digest = hashlib.sha256()
    for name, seen in found:
        digest.update(f"{name}\0{seen}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files(home: Path, python: Path) -> Iterator[tuple[str, str]]:
    yield str(python), _seen(os.stat(python))
    yield "pyvenv.cfg", _seen((home / "pyvenv.cfg").stat())
    for folder in home.glob("lib*/python*/site-packages"):
        yield from _below(str(folder))


def _below(folder: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _below(entry.path)
            elif entry.name.endswith(LOOKED_AT):
                yield entry.path, _seen(entry.stat())


def _seen(stat: os.stat_result) -> str:
    return f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"
