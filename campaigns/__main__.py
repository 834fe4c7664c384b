"""Runs campaigns by name, prints what they found, and fails if any figure is missed."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click
import msgspec
from benchmarks.measure import environment

from campaigns.registry import CAMPAIGNS
from campaigns.report import Campaign, Figures, Report, markdown, raw

RESULTS = Path("campaigns/results")
SEED = 21
BUDGETS = {Figures.QUICK: 300.0, Figures.FULL: 7_200.0}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(CAMPAIGNS)))
@click.option("--full/--quick", default=True, help="All that is promised, or a few minutes of it.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Where chance begins.")
@click.option("--budget", type=float, help="Most seconds for one campaign.")
@click.option(
    "--json",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=RESULTS,
    show_default=True,
    help="Where the figures are kept, a file for each campaign.",
)
@click.option("--resume", is_flag=True, help="Leave out what was met before, at these figures.")
def main(
    names: tuple[str, ...], full: bool, seed: int, budget: float | None, folder: Path, resume: bool
) -> None:
    """Run the named campaigns, or all, one after another."""
    figures = Figures.FULL if full else Figures.QUICK
    folder.mkdir(parents=True, exist_ok=True)
    missed: list[str] = []
    for name in names or tuple(CAMPAIGNS):
        path = folder / f"{name}-{figures.value}.json"
        if resume and _met(path):
            click.echo(f"## {name}: met before, in {path}\n")
            continue
        report = asyncio.run(timed(CAMPAIGNS[name], figures, seed, budget or BUDGETS[figures]))
        path.write_bytes(msgspec.json.format(msgspec.json.encode(raw(report, environment()))))
        click.echo(markdown(report))
        missed += [f"{name}: {miss}" for miss in report.misses]
    for miss in missed:
        click.echo(f"MISSED  {miss}")
    sys.exit(bool(missed))


async def timed(campaign: Campaign, figures: Figures, seed: int, budget: float) -> Report:
    """Run one campaign and note how long it took."""
    started = time.monotonic()
    report = await campaign(figures, seed, budget)
    report.seconds = time.monotonic() - started
    return report


def _met(path: Path) -> bool:
    return path.exists() and bool(msgspec.json.decode(path.read_bytes())["ok"])


if __name__ == "__main__":
    main()
