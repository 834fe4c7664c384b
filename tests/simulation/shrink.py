"""Finds the fewest faults and the shortest time in which a seed still breaks its promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from tests.simulation.records import Result, Violation
from tests.simulation.run import HORIZON_S, run_seed

STEP_S = 10.0
TIMELINE = 60
"""Lines of the trace that are shown before the broken promise."""


class Minimal(Struct, frozen=True):
    """What is left of a failing seed."""

    seed: int
    kinds: tuple[str, ...]
    horizon_s: float
    violation: Violation
    timeline: tuple[str, ...]


def shrink(seed: int) -> Minimal | None:
    """Return the least that fails as the seed does, None where it does not fail."""
    whole = run_seed(seed)
    if not whole.violations:
        return None
    kind = whole.violations[0].kind

    def fails(kinds: Sequence[str], horizon_s: float = HORIZON_S) -> bool:
        return run_seed(seed, only=kinds, horizon_s=horizon_s).count(kind) > 0

    trace: list[str] = []
    every = sorted(whole.faults)
    if not fails(every):  # it needs a chance that a kind had and did not take
        violation = run_seed(seed, trace=trace).violations[0]
        return Minimal(seed, tuple(every), HORIZON_S, violation, _timeline(trace, violation))
    kinds = least(every, fails)
    horizon_s = _shortest(lambda horizon_s: fails(kinds, horizon_s))
    result = run_seed(seed, only=kinds, horizon_s=horizon_s, trace=trace)
    violation = next(v for v in result.violations if v.kind == kind)
    return Minimal(seed, tuple(kinds), horizon_s, violation, _timeline(trace, violation))


def least(items: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> list[str]:
    """Return a part of `items` that fails and of which no single part can be left out (ddmin)."""
    kept, parts = list(items), 2
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if fails(rest):
                kept, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), 2 * parts)
    return [] if kept and fails([]) else kept


def _shortest(fails: Callable[[float], bool]) -> float:
    low, high = 1, round(HORIZON_S / STEP_S)
    while low < high:
        middle = (low + high) // 2
        if fails(middle * STEP_S):
            high = middle
        else:
            low = middle + 1
    return high * STEP_S if fails(high * STEP_S) else HORIZON_S


def _timeline(trace: Sequence[str], violation: Violation) -> tuple[str, ...]:
    told = [line for line in trace if "StepTaken" not in line and "CoverageChanged" not in line]
    words = [word for word in violation.detail.split() if len(word) == 36 and word.count("-") == 4]
    about = [line for line in told if any(word in line for word in words)] if words else told
    return tuple(about[-TIMELINE:])


def describe(found: Minimal) -> str:
    """Return a minimal failure as text for people."""
    kinds = ", ".join(found.kinds) or "none at all"
    lines = [
        f"seed {found.seed}: {found.violation.kind}: {found.violation.detail}",
        f"needs these faults: {kinds}; and {found.horizon_s:.0f} s",
        *found.timeline,
    ]
    return "\n".join(lines)


def explain(results: Sequence[Result], *, most: int = 3) -> str:
    """Return why seeds failed, the first few of them shrunk."""
    bad = [result for result in results if result.violations]
    told = [f"seed {r.seed}: {v.kind}: {v.detail}" for r in bad for v in r.violations[:3]]
    for result in bad[:most]:
        found = shrink(result.seed)
        if found is not None:
            told.append(describe(found))
    return "\n".join(told)
