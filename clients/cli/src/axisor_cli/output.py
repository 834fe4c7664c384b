"""How answers are written: tables for people, JSON for programs, one line each for pipes.

Money is shown in whole sats with separators, prices in dollars, both with their unit in the
heading. JSON has the same names and plain numbers; decimals are strings, so that nothing is
rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import click
import msgspec
from msgspec import Struct

FORMATS = ("table", "plain", "json", "ndjson")


class Column(Struct, frozen=True):
    """A column of a table: the key of its values, its heading, and whether it is a number."""

    key: str
    heading: str
    number: bool = False


class Printer:
    """Writes answers in one format."""

    def __init__(self, format: str, *, color: bool) -> None:
        self.format = format
        self._color = color

    @property
    def is_data(self) -> bool:
        """Return whether the output is for programs."""
        return self.format in ("json", "ndjson")

    def rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
        """Write rows; JSON has every key, a table only its columns."""
        if self.format == "json":
            self._json(list(rows))
        elif self.format == "ndjson":
            for row in rows:
                self.line(row)
        elif self.format == "plain":
            for row in rows:
                click.echo("\t".join(cell(row.get(column.key)) for column in columns))
        else:
            self._table(rows, columns)

    def record(self, record: Mapping[str, Any]) -> None:
        """Write one thing, a line for each of its parts."""
        if self.is_data:
            self._json(dict(record))
            return
        width = max((len(key) for key in record), default=0)
        for key, value in record.items():
            click.echo(f"{key.replace('_', ' '):<{width}}  {cell(value)}")

    def line(self, record: Mapping[str, Any], text: str | None = None) -> None:
        """Write one item of a stream: JSON on a line, or its text."""
        if self.is_data:
            click.echo(to_json(dict(record)))
        else:
            click.echo(text if text is not None else "  ".join(cell(v) for v in record.values()))

    def say(self, text: str) -> None:
        """Write a sentence for people; programs do not see it."""
        if not self.is_data:
            click.echo(text)

    def _json(self, value: Any) -> None:
        click.echo(msgspec.json.format(to_json(value), indent=2))

    def _table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
        if not rows:
            click.echo("none")
            return
        # Imported here: most commands draw no table, and drawing is what takes long to import.
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.heading, justify="right" if column.number else "left")
        for row in rows:
            table.add_row(*(cell(row.get(column.key)) for column in columns))
        console = Console(no_color=not self._color, highlight=False, soft_wrap=True)
        console.print(table)


def cell(value: Any) -> str:
    """Return a value as people read it: thousands separated, nothing for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return str(value)


def to_json(value: Any) -> str:
    """Return a value as JSON; decimals become strings, times ISO 8601."""
    return msgspec.json.encode(value, order="deterministic").decode()
