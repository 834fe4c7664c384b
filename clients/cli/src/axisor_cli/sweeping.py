"""Sweeps of `axisor backtest`: on every core of this machine, with a bar, and their tables."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from axisor_cli.output import Column, Printer, cell

if TYPE_CHECKING:
    from axisor.backtest import Market, Plan, Terms
    from axisor.backtest.sweep import Job, Row, Sweep, SweepSheet

FIGURES = (
    Column("net_pl_sats", "net P/L sat", number=True),
    Column("net_of_protection_sats", "net of protection sat", number=True),
    Column("max_drawdown_sats", "drawdown sat", number=True),
    Column("sharpe", "sharpe", number=True, places=2),
    Column("liquidations", "liquidated", number=True),
)


def sweep(
    given: Mapping[str, Any],
    printer: Printer,
    market: Market,
    plans: Sequence[Plan],
    terms: Terms,
) -> None:
    """Try every variant that was asked for and write how they fared."""
    from axisor.backtest.sweep import Sweep, parse_sweep

    trial = Sweep(market, plans, parse_sweep(given["sweep"]), terms)
    parts, objective = given["walk_forward"], given["objective"]
    workers = min(given["processes"] or os.cpu_count() or 1, trial.size(parts))
    with bar("back-tests", trial.size(parts)) as advance, _running(trial, workers) as make:
        pool = _Counted(make, advance)
        if parts is None:
            report = trial.rank(pool.run, objective)
        else:
            report = trial.walk_forward(pool.run, objective, parts)
    if printer.is_data:
        printer.record(msgspec.to_builtins(report))
    else:
        _show(report, printer)


class _Advance(Struct, frozen=True):
    progress: Progress
    task: TaskID

    def to(self, done: int, of: int | None = None) -> None:
        """Show how much is done, and of how much where that is news."""
        self.progress.update(self.task, completed=done, total=of)


@contextmanager
def bar(what: str, of: int) -> Iterator[_Advance]:
    """Show a bar on standard error while something is done; nothing where nobody looks."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with progress:
        yield _Advance(progress, progress.add_task(what, total=of))


class _Make:
    """Makes jobs in this process, or spread over a pool."""

    def __init__(self, trial: Sweep, pool: ProcessPoolExecutor | None) -> None:
        self._trial, self._pool = trial, pool

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Row]:
        """Return the rows in the order of the jobs."""
        if self._pool is None:
            return map(self._trial.make, jobs)
        return self._pool.map(_make, jobs)


class _Counted:
    """Runs jobs and tells the bar of each that is done."""

    def __init__(self, make: _Make, advance: _Advance) -> None:
        self._make, self._advance, self._done = make, advance, 0

    def run(self, jobs: Sequence[Job]) -> Iterator[Row]:
        """Yield the rows in the order of the jobs."""
        for row in self._make(jobs):
            self._done += 1
            self._advance.to(self._done)
            yield row


@contextmanager
def _running(trial: Sweep, workers: int) -> Iterator[_Make]:
    if workers == 1:
        yield _Make(trial, None)
        return
    # Started afresh, not forked: what runs here beside this may hold locks. The market is sent to
    # each process once, not with each job.
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(trial,),
    ) as pool:
        yield _Make(trial, pool)


_held: list[Sweep] = []


def _begin(trial: Sweep) -> None:
    _held[:] = [trial]


def _make(job: Job) -> Row:
    return _held[0].make(job)


def _show(report: SweepSheet, printer: Printer) -> None:
    names = list(report.rows[0].values)
    varied = tuple(Column(f"={name}", name, number=True) for name in names)
    printer.rows([_row(row) for row in report.rows], (*varied, *FIGURES))
    printer.say(
        f"\n{report.market}: {len(report.rows):,} variants, best first by {report.objective}"
    )
    if not report.folds:
        return
    printer.say("\nChosen on one part, judged on the next:")
    rows = [
        {"judged_from": fold.judged_from, "chosen": _words(fold.chosen), **_row(fold.judged)}
        for fold in report.folds
    ]
    printer.rows(rows, (Column("judged_from", "judged from"), Column("chosen", "chosen"), *FIGURES))
    printer.say(f"\nforward net {cell(report.forward_net_pl_sats)} sat")


def _row(row: Row) -> dict[str, Any]:
    protection = row.metrics.protection
    return {
        **{f"={name}": value for name, value in row.values.items()},
        **msgspec.structs.asdict(row.metrics),
        "net_of_protection_sats": None if protection is None else protection.net_sats,
    }


def _words(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row.values.items())
