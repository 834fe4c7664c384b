"""Runs the measurements and prints them as Markdown, with the raw figures as JSON beside."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from benchmarks import (
    audit,
    backtest,
    crash,
    fanout,
    guard,
    journal,
    start,
    ticks,
    unary,
    wire,
)
from benchmarks.against import compare
from benchmarks.measure import Part, Plan, environment, markdown

MEASURES: dict[str, Callable[[Plan], list[Part]]] = {
    "guard": guard.run,
    "journal": journal.run,
    "audit": audit.run,
    "backtest": backtest.run,
    "ticks": ticks.run,
    "crash": crash.run,
    "fanout": fanout.run,
    "unary": unary.run,
    "start": start.run,
    "cost": wire.run,
}
RUNS = 5
RESULTS = Path("benchmarks/results")


@click.command()
@click.option(
    "--only", type=click.Choice(tuple(MEASURES)), multiple=True, help="Measure just this."
)
@click.option("--quick", is_flag=True, help="One short run of each: proves it works, no figures.")
@click.option("--full", is_flag=True, help="Back-test the whole year too.")
@click.option("--runs", type=click.IntRange(1, 50), default=RUNS, show_default=True)
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where the raw figures go.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Raw figures of another time, to compare with.",
)
@click.option(
    "--plots", type=click.Path(path_type=Path, file_okay=False), help="Draw pictures into it."
)
@click.option("--peers", is_flag=True, help="Back-test with other programs too; installs them.")
def main(
    only: tuple[str, ...],
    quick: bool,
    full: bool,
    runs: int,
    path: Path | None,
    against: Path | None,
    plots: Path | None,
    peers: bool,
) -> None:
    """Measure Axisor: what counts is a ratio within one run, on one machine."""
    started = time.perf_counter()
    plan = Plan(runs=runs, full=full, peers=peers)
    if quick:
        plan = Plan(runs=1, warm=0, quick=True)
    found = environment()
    click.echo("# Measured\n")
    for name, value in found.items():
        click.echo(f"- {name}: {value}")
    click.echo()
    parts: list[Part] = []
    for name in only or tuple(MEASURES):
        for part in MEASURES[name](plan):
            parts.append(part)
            click.echo(markdown(part))
    seconds = time.perf_counter() - started
    now = datetime.now(UTC)
    target = path or RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    raw = {"time": now, "seconds": seconds, "environment": found, "parts": parts}
    target.write_bytes(msgspec.json.format(msgspec.json.encode(raw)))
    if against is not None:
        click.echo(markdown(compare(msgspec.json.decode(against.read_bytes()), parts)))
    if plots is not None:
        from benchmarks.plots import draw

        for drawn in draw(parts, plots):
            click.echo(f"picture: {drawn}")
    click.echo(f"{seconds:.0f} s; raw figures: {target}")


if __name__ == "__main__":
    main()
