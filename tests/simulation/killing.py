"""Hunts mutants through seeds, and keeps the seeds that caught them, so that tests begin there."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.simulation.mutants import MUTANTS, Mutant, named

SEEDS = 200
"""Within so many seeds a mutant must be caught."""

PINNED = Path(__file__).with_name("kills.json")


class Kill(Struct, kw_only=True):
    """How a mutant fared: through how many seeds it went, and which of them caught it by what."""

    mutant: str
    seeds: int
    caught: dict[int, tuple[str, ...]] = {}

    @property
    def first(self) -> int | None:
        """Return the first seed that caught it."""
        return min(self.caught, default=None)

    @property
    def surprising(self) -> bool:
        """Return whether it lived though no other rule stands behind the one it lacks."""
        return not self.caught and not named(self.mutant).survives

    def markdown(self) -> str:
        """Return the line of a table."""
        kinds = sorted({kind for kinds in self.caught.values() for kind in kinds})
        first = "never" if self.first is None else f"at seed {self.first}"
        rate = f"{len(self.caught)} of {self.seeds}"
        rule = named(self.mutant).lacks
        return f"| `{self.mutant}` | {rule} | {first} | {rate} | {', '.join(kinds)} |"


def markdown(kills: Sequence[Kill]) -> str:
    """Return what was measured as a table, with the rule that each mutant lacks."""
    head = "| without | the rule | caught first | seeds that notice | by |\n|---|---|---|---|---|\n"
    return head + "".join(f"{kill.markdown()}\n" for kill in kills)


def hunt(mutant: Mutant, seeds: Sequence[int], *, enough: int = 0) -> Kill:
    """Live through seeds without a rule, until enough of them noticed (0: through all)."""
    kill = Kill(mutant=mutant.name, seeds=0)
    for seed in seeds:
        result = mutant.live(seed)
        kill.seeds += 1
        if mutant.caught(result):
            kinds = {v.kind for v in result.violations if v.kind in mutant.breaks}
            kill.caught[seed] = tuple(sorted(kinds))
            if len(kill.caught) == enough:
                break
    return kill


def _hunt(asked: tuple[str, int, int]) -> Kill:
    name, seeds, enough = asked
    return hunt(named(name), range(seeds), enough=enough)


def measure(names: Sequence[str], *, seeds: int, enough: int, jobs: int) -> Iterator[Kill]:
    """Hunt mutants from seed 0 on, side by side, and yield how each fared."""
    asked = [(name, seeds, enough) for name in names or [mutant.name for mutant in MUTANTS]]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_hunt, asked)


def pinned() -> dict[str, list[int]]:
    """Return the seeds that are known to catch each mutant."""
    return msgspec.json.decode(PINNED.read_bytes(), type=dict[str, list[int]])


def pin(kills: Sequence[Kill]) -> None:
    """Keep the seeds that caught mutants, besides those of mutants not hunted now."""
    known = pinned() if PINNED.exists() else {}
    known |= {kill.mutant: sorted(kill.caught)[:5] for kill in kills if kill.caught}
    text = msgspec.json.format(msgspec.json.encode(dict(sorted(known.items()))), indent=1)
    PINNED.write_bytes(text + b"\n")


def in_order(mutant: Mutant) -> list[int]:
    """Return the seeds to try: the known ones first, then all the others."""
    first = pinned().get(mutant.name, [])
    return first + [seed for seed in range(SEEDS) if seed not in first]
