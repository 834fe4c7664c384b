"""What a backup says of itself, what its file is called, and which old ones may go.

A full backup holds everything. A part holds what came after the backup before it: the new entries
of the journals, and every row that is not certainly as it was. Parts follow one another in a chain
that begins with a full backup, and only a whole chain can be restored.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from axisor_server.domain.journal import from_us

FORMAT = 1
"""The layout of backups; a core reads the layouts it knows and refuses others."""

EPOCH_STEP = 1_000_000
"""How far a restore raises leases and runs, so that nothing of before shares a number with it."""

RESTORED = "restored"
"""The fact of a database that says that it came from a backup."""

TAKEN = "%Y%m%dT%H%M%SZ"

PARTS_KEPT = 2
"""Of how many of the newest full backups the parts are kept too."""


class Kind(enum.StrEnum):
    """Whether a backup stands alone."""

    FULL = "full"
    PART = "part"


class Head(Struct, frozen=True):
    """Where a journal ended, its hash in hexadecimal digits."""

    sequence: int
    hash: str


class Member(Struct, frozen=True):
    """A file within a backup."""

    name: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """A backup in figures.

    `base` is the full backup its chain begins with, `follows` the one before it ('' for a full
    one), `number` its place in the chain. `counts` has the rows of each table, `left_out` the files
    of the data directory that were too large to be settings or keys.
    """

    format: int = FORMAT
    id: str
    kind: Kind
    base: str
    follows: str = ""
    number: int = 0
    time_us: int
    version: str
    revision: str
    database: str
    heads: Mapping[str, Head]
    counts: Mapping[str, int]
    members: tuple[Member, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def time(self) -> datetime:
        """Return when it was taken."""
        return from_us(self.time_us)


class Restored(Struct, frozen=True, kw_only=True):
    """The fact of a database that it lacks something: since when, and where its journals ended.

    `backup` is the id of the backup it came from, or of the incident that cut it short, `why` a
    sentence about it. Whatever happened between the two times is not in it.
    """

    backup: str
    why: str = "Restored from a backup."
    backup_us: int
    time_us: int
    heads: Mapping[str, int]


class Name(NamedTuple):
    """What the name of a backup's file tells without any key."""

    taken: str
    kind: Kind
    base: str
    number: int
    id: str

    @property
    def time(self) -> datetime:
        """Return when it was taken, to the second."""
        return datetime.strptime(self.taken, TAKEN).replace(tzinfo=UTC)

    def __str__(self) -> str:
        return f"axisor-{self.taken}-{self.kind.value}-{self.base}-{self.number:05}-{self.id}.age"


_NAME = re.compile(r"axisor-(\d{8}T\d{6}Z)-(full|part)-([0-9a-f]{12})-(\d{5,})-([0-9a-f]{12})\.age")


def short(id: str) -> str:
    """Return the part of a backup's id that file names carry: its random end."""
    return id.replace("-", "")[-12:]


def name_of(manifest: Manifest) -> Name:
    """Return the name of a backup's file; names sort by time."""
    return Name(
        manifest.time.strftime(TAKEN),
        manifest.kind,
        short(manifest.base),
        manifest.number,
        short(manifest.id),
    )


def parse_name(name: str) -> Name | None:
    """Return what a file's name tells, or None where it is no backup's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    taken, kind, base, number, id = found.groups()
    return Name(taken, Kind(kind), base, int(number), id)


class Retention(Struct, frozen=True, kw_only=True):
    """How many full backups stay: the newest, the last of each day, the last of each week."""

    keep: int = 7
    daily: int = 7
    weekly: int = 4


def expendable(names: Iterable[Name], retention: Retention) -> list[Name]:
    """Return which backups may be deleted, oldest first.

    The newest full one always stays, and so does every part of the newest two. A part whose full
    backup goes or is missing is of no use and goes as well.
    """
    ordered = sorted(names)
    fulls = [name for name in ordered if name.kind is Kind.FULL]
    kept = {name.id for name in fulls[-max(1, retention.keep) :]}
    kept |= {name.id for name in _last_of(fulls, _day, retention.daily)}
    kept |= {name.id for name in _last_of(fulls, _week, retention.weekly)}
    whole = {name.id for name in fulls[-PARTS_KEPT:] if name.id in kept}
    return [
        name
        for name in ordered
        if (name.id not in kept if name.kind is Kind.FULL else name.base not in whole)
    ]


def _day(name: Name) -> str:
    return name.taken[:8]


def _week(name: Name) -> str:
    year, week, _ = name.time.isocalendar()
    return f"{year}/{week:02}"


def _last_of(fulls: Sequence[Name], period: Callable[[Name], str], count: int) -> list[Name]:
    last = {period(name): name for name in fulls}
    return [last[key] for key in sorted(last)[-count:]] if count > 0 else []
