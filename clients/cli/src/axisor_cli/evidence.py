"""Entries of journals and checkpoints as others can check them: lines of JSON, and tables."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axisor_cli.output import Column
from axisor_cli.telling import sentence

if TYPE_CHECKING:
    from axisor.wire.audit import AuditEntry, Checkpoint

COLUMNS = (
    Column("sequence", "entry", number=True),
    Column("time", "time"),
    Column("principal", "who"),
    Column("kind", "kind"),
    Column("text", "what"),
)
FORMAT = 1


def as_row(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as people read it."""
    event = entry.event
    return {
        "journal": entry.journal,
        "sequence": event.sequence,
        "time": event.time,
        "principal": entry.principal,
        "kind": event.kind,
        "text": sentence(event),
    }


def as_line(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry with all that its hash is made of."""
    # The payload goes out as the text that was hashed: JSON written anew could differ.
    return {
        "sequence": entry.event.sequence,
        "time_us": _micros(entry.event.time),
        "mode": entry.event.mode.value,
        "payload": entry.payload.decode(),
        "hash": entry.event.hash.hex(),
    }


def _micros(time: datetime) -> int:
    delta = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def as_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as the core writes it to its file."""
    return {
        "checkpoint": FORMAT,
        "stream": checkpoint.journal,
        "sequence": checkpoint.sequence,
        "hash": checkpoint.hash.hex(),
        "root": checkpoint.root.hex(),
        "time_us": _micros(checkpoint.time),
        "key": checkpoint.key,
        "signature": checkpoint.signature.hex(),
    }


async def write_history(file: Path, entries: AsyncIterator[AuditEntry]) -> int:
    """Write a whole journal, a line for each entry; returns how many there are."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        async for entry in entries:
            if count == 0:
                out.write(json.dumps({"audit": FORMAT, "stream": entry.journal}) + "\n")
            out.write(json.dumps(as_line(entry)) + "\n")
            count += 1
    return count


async def write_table(file: Path, entries: AsyncIterator[AuditEntry]) -> int:
    """Write entries as a table for people; returns how many there are."""
    count = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow([column.key for column in COLUMNS])
        async for entry in entries:
            record = as_row(entry)
            rows.writerow([_safe(str(record[column.key])) for column in COLUMNS])
            count += 1
    return count


def _safe(text: str) -> str:
    # A spreadsheet takes a cell that begins so for a formula.
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
