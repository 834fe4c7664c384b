"""What a campaign finds: its figures, what each was measured against, and the table they make."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

Cell: TypeAlias = str | int | float | bool | None


class Figures(StrEnum):
    """How much is done: the few minutes of a test, or everything that is promised."""

    QUICK = "quick"
    FULL = "full"


class Finding(Struct, frozen=True):
    """One figure; `wanted` says in words what it must be, empty where it is only told.

    `measured` tells a time, which another machine or load changes, from a count, which it must not.
    """

    name: str
    value: Cell
    wanted: str = ""
    ok: bool = True
    measured: bool = False


class Report(Struct, kw_only=True):
    """What one campaign found. `lines` are for a reader who wonders, each a sentence."""

    name: str
    title: str
    figures: Figures
    seed: int
    findings: list[Finding] = []
    lines: list[str] = []
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Return whether every figure is what it must be."""
        return all(finding.ok for finding in self.findings)

    @property
    def misses(self) -> list[str]:
        """Return the figures that are not what they must be, in words."""
        return [f"{f.name}: {f.value}, wanted {f.wanted}" for f in self.findings if not f.ok]

    @property
    def broken(self) -> list[str]:
        """Return the lines about counts that are not what they must be: no time is among them."""
        names = [
            finding.name for finding in self.findings if not finding.ok and not finding.measured
        ]
        return [*names, *(line for line in self.lines if line.startswith(tuple(names)) and names)]

    def tell(self, name: str, value: Cell) -> None:
        """Add a figure that nothing depends on."""
        self.findings.append(Finding(name, value))

    def none(self, name: str, found: Sequence[object]) -> None:
        """Add a count that must be zero, with what was found instead."""
        self.findings.append(Finding(name, len(found), "0", not found))
        self.lines.extend(f"{name}: {item}" for item in found[:20])

    def least(self, name: str, value: float, wanted: float) -> None:
        """Add a figure that must not be below another."""
        self.findings.append(Finding(name, value, f"≥ {wanted:g}", value >= wanted))

    def most(self, name: str, value: float | None, wanted: float, unit: str = "s") -> None:
        """Add a measure that must not be above another; None, not measured, is a miss."""
        ok = value is not None and value <= wanted
        self.findings.append(Finding(f"{name} ({unit})", value, f"≤ {wanted:g}", ok, measured=True))


Campaign: TypeAlias = Callable[[Figures, int, float], Awaitable[Report]]
"""Runs to its end or to the end of its budget in seconds, from a seed."""


def percentile(samples: Sequence[float], percent: float) -> float | None:
    """Return the least sample that so many percent do not exceed, None where there are none."""
    if not samples:
        return None
    return sorted(samples)[max(0, math.ceil(len(samples) * percent / 100) - 1)]


def spread(samples: Sequence[float]) -> str:
    """Return median, 99th percentile and maximum in words, to the millisecond."""
    if not samples:
        return "none"
    p50, p99 = percentile(samples, 50), percentile(samples, 99)
    return f"p50 {p50:.3f}, p99 {p99:.3f}, max {max(samples):.3f} of {len(samples)}"


def markdown(report: Report) -> str:
    """Return a report as a Markdown table with its verdict."""
    verdict = "met" if report.ok else "MISSED"
    rows = [
        f"| {f.name} | {_shown(f.value)} | {f.wanted or '-'} | {_mark(f)} |"
        for f in report.findings
    ]
    head = f"## {report.name}: {report.title}: {verdict}"
    told = f"{report.figures.value} figures, seed {report.seed}, {report.seconds:.0f} s"
    table = ["| figure | found | wanted | |", "| --- | ---: | ---: | --- |", *rows]
    return "\n".join((head, "", told, "", *table, "", *(f"- {line}" for line in report.lines), ""))


def _mark(finding: Finding) -> str:
    if not finding.ok:
        return "MISSED"
    return "met" if finding.wanted else ""


def _shown(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def raw(report: Report, around: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a report: everything, with the machine it ran on."""
    return {"ok": report.ok, "report": report, "around": dict(around)}
