"""Many seeds on several processes, and what they come to together."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from tests.simulation.records import Result
from tests.simulation.run import run_seed

REGRESSIONS = Path(__file__).with_name("regressions.txt")
CHUNK, LIFE = 4, 250
"""How many seeds a process is given at once, and how many times before another takes its place."""

SUMMED = (
    "positions", "effects", "requests", "intents", "commands", "kills", "pauses", "events",
    "liquidated", "stopped", "closed", "conflated", "steps",
)  # fmt: skip


class Total(Struct, kw_only=True):
    """What a campaign came to. `broken` counts seeds by the promise they broke."""

    seeds: int = 0
    bad: int = 0
    virtual_s: float = 0.0
    sums: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    failpoints: dict[str, int] = field(default_factory=dict)
    dwell: dict[str, float] = field(default_factory=dict)


def total(results: Iterable[Result]) -> Total:
    """Return what results come to together."""
    found = Total()
    sums: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    failpoints: Counter[str] = Counter()
    dwell: list[float] = []
    for result in results:
        found.seeds += 1
        found.bad += bool(result.violations)
        found.virtual_s += result.seconds
        sums.update({name: getattr(result, name) for name in SUMMED})
        broken.update({violation.kind for violation in result.violations})
        faults.update(result.faults)
        failpoints.update(result.failpoints)
        dwell += result.dwell
    found.sums, found.broken = dict(sums), dict(broken)
    found.faults, found.failpoints = dict(sorted(faults.items())), dict(sorted(failpoints.items()))
    found.dwell = percentiles(sorted(dwell))
    return found


def percentiles(ordered: Sequence[float]) -> dict[str, float]:
    """Return the middle, the 99th of a hundred and the largest of ordered figures."""
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {
        "p50": ordered[round(last * 0.5)],
        "p99": ordered[round(last * 0.99)],
        "max": ordered[last],
    }


def run_seeds(seeds: Sequence[int], *, jobs: int = 1) -> Iterator[Result]:
    """Yield the record of every seed, in order, from so many processes."""
    if jobs == 1:
        yield from map(run_seed, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=LIFE) as pool:
        yield from pool.imap(run_seed, seeds, chunksize=CHUNK)


def go_on(seeds: Sequence[int], path: Path, *, jobs: int = 1) -> Iterator[Result]:
    """Yield the record of every seed; those that a file holds are read from it, others added to it.

    The file holds a record a line. A last line that broke off counts for nothing.
    """
    known: set[int] = set()
    whole = 0
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                result = msgspec.json.decode(line, type=Result)
                if result.seed in seeds and result.seed not in known:
                    known.add(result.seed)
                    yield result
    with path.open("ab") as file:
        file.truncate(whole)
        for result in run_seeds([seed for seed in seeds if seed not in known], jobs=jobs):
            file.write(msgspec.json.encode(result) + b"\n")
            file.flush()
            yield result


class Regression(Struct, frozen=True):
    """A seed that once broke a promise, and why it is kept."""

    seed: int
    why: str


def regressions(path: Path = REGRESSIONS) -> tuple[Regression, ...]:
    """Return the seeds that always run first."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        seed, _, why = line.partition("#")
        if seed.strip():
            found.append(Regression(int(seed), why.strip()))
    return tuple(found)


def remember(result: Result, path: Path = REGRESSIONS) -> bool:
    """Keep a seed that broke a promise; return whether it is new."""
    if any(known.seed == result.seed for known in regressions(path)):
        return False
    first = result.violations[0]
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{result.seed}  # {first.kind}: {first.detail[:80]}\n")
    return True


def encode(results: Sequence[Result]) -> bytes:
    """Return results with their total as JSON."""
    return msgspec.json.encode({"total": total(results), "seeds": results})
