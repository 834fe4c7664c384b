"""The file of the ring: one line a key, of which the first seals and every one opens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from axisor.errors import SettingsInvalid

PREFIX = "axisor-vault-"
COMMENT = "#"
MOST_KEYS = 64


class Line(Struct, frozen=True):
    """A key as the file has it: the way it is kept, and what that way needs to find it."""

    way: str
    text: str

    def __repr__(self) -> str:
        return f"Line({self.way!r}, …)"

    def __str__(self) -> str:
        return f"{PREFIX}{self.way}:{self.text}"


def parse(content: bytes, path: Path) -> tuple[Line, ...]:
    """Return the keys of a file, the one that seals first. Raises SettingsInvalid."""
    try:
        rows = [row.strip() for row in content.decode("ascii").splitlines()]
        found = tuple(_line(row) for row in rows if row and not row.startswith(COMMENT))
        if not found or len(found) > MOST_KEYS or len(set(found)) < len(found):
            raise ValueError("none, too many, or one twice")
    except ValueError:
        raise no_vault_key(path) from None
    return found


def written(lines: Iterable[Line]) -> bytes:
    """Return the file with these keys."""
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def no_vault_key(path: Path) -> SettingsInvalid:
    """Return what is raised for a file that holds something else."""
    return SettingsInvalid(
        f"{path} is not a vault key.",
        money="Without it no stored exchange key opens.",
        fix="Restore it from your backup.",
        path=path,
    )


def _line(row: str) -> Line:
    way, colon, text = row.removeprefix(PREFIX).partition(":")
    if not row.startswith(PREFIX) or not colon:
        raise ValueError("no key")
    return Line(way, text)
