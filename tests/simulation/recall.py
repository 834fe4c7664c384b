"""Sessions that know which tables change, and reads that are answered again while none did.

Every answer comes from the database through the production SQL; it is only not asked again for what
no commit can have changed since.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct

from axisor_server.adapters.database import statements as sql
from axisor_server.adapters.database.reader import SqlReader, to_entry, to_record
from axisor_server.adapters.database.sqlite import SqliteSession
from axisor_server.domain.journal import Entry

R = TypeVar("R", bound=Struct)
Row = tuple[Any, ...]


@cache
def _changes(text: str) -> str:
    """Return the table that a statement changes; "" where it changes none.

    Raises ValueError for one that changes the past, as no statement of the core does.
    """
    found = re.match(r"(INSERT INTO|UPDATE|DELETE FROM) (\w+)", text)
    if found is None:
        return ""
    if found[2] == "journal" and found[1] != "INSERT INTO":
        raise ValueError(f"A journal only grows: {text}")
    return found[2]


@cache
def _reads(text: str) -> frozenset[str]:
    """Return the tables whose rows alone decide what a statement answers; none if time does too."""
    if "{now}" in text or not text.startswith("SELECT"):
        return frozenset()
    return frozenset(re.findall(r"(?:FROM|JOIN) (\w+)", text))


class TellingSession(SqliteSession):
    """A connection that notes in `changed` which tables it wrote to."""

    def __init__(self, connection: sqlite3.Connection, now_us: Callable[[], int]) -> None:
        super().__init__(connection, now_us)
        self.changed: set[str] = set()

    def execute(self, text: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run a statement and note what it changes."""
        table = _changes(text)
        if table:
            self.changed.add(table)
        return super().execute(text, values)


class Rows:
    """The rows of an answer that was given before, and the records made of them so far."""

    __slots__ = ("_rows", "records")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.records: tuple[Any, ...] | None = None

    def fetchone(self) -> Row | None:
        """Return the first row or None; whoever asks so asks once."""
        return self._rows[0] if self._rows else None

    def fetchall(self) -> Sequence[Row]:
        """Return all rows."""
        return self._rows


class Recall(SqliteSession):
    """Reads of what is committed. `forget` must be told of every table that a commit changed."""

    def __init__(self, connection: sqlite3.Connection, now_us: Callable[[], int]) -> None:
        super().__init__(connection, now_us)
        self._answers: dict[str, dict[Sequence[object], Rows]] = {}
        self._of_table: dict[str, list[dict[Sequence[object], Rows]]] = {}
        self._journals: dict[str, list[Entry]] = {}
        self._whole: set[str] = set()

    def execute(self, text: str, values: Sequence[object] = ()) -> Any:
        """Run a statement, or answer as before."""
        answers = self._answers.get(text)
        if answers is None:
            if not _reads(text):
                return super().execute(text, values)
            answers = self._answers[text] = {}
            for table in _reads(text):
                self._of_table.setdefault(table, []).append(answers)
        found = answers.get(values)
        if found is None:
            found = answers[values] = Rows(super().execute(text, values).fetchall())
        return found

    def forget(self, tables: Collection[str]) -> None:
        """Ask again for everything that tables decide."""
        for table in tables:
            for answers in self._of_table.get(table, ()):
                answers.clear()
        if "journal" in tables:
            self._whole.clear()

    def clear(self) -> None:
        """Remember nothing, as if nothing had been asked."""
        self.forget(self._of_table)
        self._journals.clear()
        self._whole.clear()

    def journal(self, stream: str) -> Sequence[Entry] | None:
        """Return a whole journal, of which only what is new is read; None where it has holes."""
        entries = self._journals.setdefault(stream, [])
        if stream not in self._whole:
            newer = super().execute(sql.ENTRIES, (stream, len(entries), -1)).fetchall()
            entries += map(to_entry, newer)
            if entries and entries[-1].sequence != len(entries):
                del self._journals[stream]
                return None
            self._whole.add(stream)
        return entries


class RecallReader(SqlReader):
    """Reads that make records once of each answer, as records never change."""

    def __init__(self, recall: Recall) -> None:
        super().__init__(recall)
        self._recall = recall

    def entries(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return entries above a sequence, in order."""
        known = self._recall.journal(stream)
        if known is None:
            return super().entries(stream, after=after, limit=limit)
        return tuple(known[after : after + limit])

    def _all(self, record: type[R], text: str, *values: object) -> tuple[R, ...]:
        found = self._session.execute(text, values)
        if not isinstance(found, Rows):
            return tuple(to_record(record, row) for row in found.fetchall())
        if found.records is None:
            found.records = tuple(to_record(record, row) for row in found.fetchall())
        return found.records

    def _one(self, record: type[R], text: str, *values: object) -> R | None:
        found = self._all(record, text, *values)
        return found[0] if found else None
