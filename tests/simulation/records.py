"""What one seed came to, as figures and as a list of what went wrong."""

from __future__ import annotations

from msgspec import Struct, field


class Violation(Struct, frozen=True):
    """A promise that was broken: which, when, and what shows it."""

    kind: str
    at: float
    detail: str


class Result(Struct, kw_only=True):
    """The record of one seed."""

    seed: int
    hash: str = ""
    seconds: float = 0.0
    converged_s: float | None = None
    steps: int = 0
    accounts: int = 0
    positions: int = 0
    replicas: int = 0
    effects: int = 0
    intents: int = 0
    requests: int = 0
    commands: int = 0
    kills: int = 0
    pauses: int = 0
    liquidated: int = 0
    stopped: int = 0
    closed: int = 0
    conflated: int = 0
    events: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    failpoints: dict[str, int] = field(default_factory=dict)
    dwell: list[float] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Return how often a promise of this kind was broken."""
        return sum(1 for v in self.violations if v.kind == kind)
