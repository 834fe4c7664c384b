"""How answers are written: tables for people, JSON for programs, one line each for pipes.

Money is shown in whole sats with separators, prices in dollars, both with their unit in the
heading. JSON has the same names and plain numbers; decimals are strings, so that nothing is
rounded.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import click
import msgspec
from msgspec import Struct

FORMATS = ("table", "plain", "json", "ndjson")


class Column(Struct, frozen=True):
    """A column of a table: its key, its heading, and whether it is a number.

    A number of `places` is cut to them, never rounded up: no distance looks longer than it is.
    """

    key: str
    heading: str
    number: bool = False
    places: int | None = None


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
                click.echo("\t".join(shown(row.get(column.key), column) for column in columns))
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
        """Write a sentence for people: beside data it goes to standard error."""
        click.echo(text, err=self.is_data)

    def _json(self, value: Any) -> None:
        click.echo(msgspec.json.format(to_json(value), indent=2))

    def _table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
        """Write a table as wide as its values: a figure that is cut short is a wrong figure."""
        if not rows:
            click.echo("none")
            return
        texts = [[shown(row.get(column.key), column) for column in columns] for row in rows]
        heads = [column.heading for column in columns]
        widths = [max(map(len, each)) for each in zip(heads, *texts, strict=True)]

        def joined(cells: Sequence[str]) -> str:
            return "  ".join(
                text.rjust(width) if column.number else text.ljust(width)
                for text, width, column in zip(cells, widths, columns, strict=True)
            ).rstrip()

        click.echo(self._bold(joined(heads)))
        for each in texts:
            click.echo(joined(each))

    def _bold(self, text: str) -> str:
        return click.style(text, bold=True) if self._color and sys.stdout.isatty() else text


def shown(value: Any, column: Column) -> str:
    """Return a value as its column shows it."""
    if column.places is not None and isinstance(value, Decimal):
        return f"{value.quantize(Decimal(1).scaleb(-column.places), ROUND_FLOOR):,f}"
    return cell(value)


def cell(value: Any) -> str:
    """Return a value as people read it: thousands separated, times in UTC, `-` for nothing."""
    if value is None or value in ("", (), [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return str(value)


def to_json(value: Any) -> str:
    """Return a value as JSON; decimals become strings, times ISO 8601."""
    return msgspec.json.encode(value, order="deterministic").decode()
