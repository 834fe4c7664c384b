"""Compares designs, the protocol with and without its parts, and mutants, in the same worlds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from msgspec import Struct

from tests.simulation import variants
from tests.simulation.campaign import percentiles
from tests.simulation.designs import DESIGNS, Lived
from tests.simulation.mutants import TWICE, named
from tests.simulation.records import Result
from tests.simulation.run import run_seed
from tests.simulation.world import World

HEAD = (
    "| variant | seeds | bad seeds | doubles | effects | liquidated | stopped "
    "| at risk while healthy, s (p50 / p99 / max) |"
)
RULE = "|---|--:|--:|--:|--:|--:|--:|---|"

PARTS: Sequence[tuple[str, Callable[[World], None], int]] = (
    ("the protocol: log, lease of 15 s, fence, witness", variants.core_only, 2),
    ("and signatures back-dated by 25 s, closing where critical", variants.quick_and_closing, 2),
    ("**and a lease of 5 s and a stop at the venue: the full design**", variants.full_design, 10),
    ("**the full design, funding settled every minute or so**", variants.full_and_funded, 2),
    ("the full design at a venue that ignores signature times", variants.ignores_signatures, 1),
)
"""Name, world, and how many times as many seeds as the others get."""

MUTANTS = (
    "timeout-is-failure",
    "send-before-log",
    "no-fence-wait",
    "nothing-between-two-cores",
    "no-lease",
    "no-index",
    "server-error-is-failure",
    "broken-client-is-failure",
    "sent-of-the-dead-was-not-sent",
    "no-monotone-reads",
    "sign-at-send",
    "net-funding",
)
"""Those that have a row of their own."""


class Row(Struct, kw_only=True):
    """A line of the table."""

    variant: str
    seeds: int
    bad: int = 0
    doubles: int = 0
    positions: int = 0
    effects: int = 0
    kills: int = 0
    liquidated: int = 0
    stopped: int = 0
    dwell: dict[str, float] = {}

    def markdown(self) -> str:
        """Return the line as Markdown."""
        dwell = " / ".join(
            f"{self.dwell[name]:.0f}" for name in ("p50", "p99", "max") if self.dwell
        )
        bad = f"**{self.bad}**" if self.bad else "0"
        return (
            f"| {self.variant} | {self.seeds} | {bad} | {self.doubles} | {self.effects} "
            f"| {self.liquidated} of {self.positions} | {self.stopped} | {dwell} |"
        )


def lived(result: Result) -> Lived:
    """Return a record of the whole platform in the measures of this table."""
    return Lived(
        seed=result.seed,
        bad=any(violation.kind in TWICE for violation in result.violations),
        doubles=result.count("double") + result.count("double-rescue"),
        positions=result.positions,
        effects=result.effects,
        kills=result.kills,
        liquidated=result.liquidated,
        stopped=result.stopped,
        dwell=result.dwell,
    )


def _one(variant: str, seed: int) -> Lived:
    for design in DESIGNS:
        if design.name == variant:
            found = design.live(seed)
            found.bad = found.doubles > 0
            return found
    for name, world, _ in PARTS:
        if name == variant:
            return lived(run_seed(seed, prepare=world))
    return lived(named(variant.removeprefix("without: ")).live(seed))


def variants_of(seeds: int) -> list[tuple[str, int]]:
    """Return every variant with the number of its seeds."""
    found = [(design.name, seeds) for design in DESIGNS]
    found += [(name, seeds * times) for name, _, times in PARTS]
    return found + [(f"without: {name}", seeds) for name in MUTANTS]


def table(
    seeds: int, jobs: int, told: Callable[[str], None] = lambda _: None, *, only: str = ""
) -> list[Row]:
    """Live through the seeds from 0 on in every variant whose name has `only` in it."""
    rows: list[Row] = []
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for variant, count in variants_of(seeds):
            if only not in variant:
                continue
            row = summed(variant, pool.map(partial(_one, variant), range(count), chunksize=5))
            rows.append(row)
            told(row.markdown())
    return rows


def merged(known: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return all rows in the order of the table, the new ones in place of those known before."""
    rows = {row.variant: row for row in (*known, *new)}
    return [rows[variant] for variant, _ in variants_of(1) if variant in rows]


def summed(variant: str, seeds: Iterable[Lived]) -> Row:
    """Return what seeds of one variant come to."""
    row, dwell = Row(variant=variant, seeds=0), list[float]()
    for one in seeds:
        row.seeds += 1
        row.bad += one.bad
        dwell += one.dwell
        for name in ("doubles", "positions", "effects", "kills", "liquidated", "stopped"):
            setattr(row, name, getattr(row, name) + getattr(one, name))
    row.dwell = percentiles(sorted(dwell))
    return row


def markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    return "\n".join((HEAD, RULE, *(row.markdown() for row in rows))) + "\n"
