"""Runs every point of a grid twice, guarded and not, over the same prints."""

from __future__ import annotations

from collections.abc import Callable

from axisor.backtest.grid import Grid, Slot, slots
from axisor.backtest.path import Path
from axisor.backtest.report import PositionRow, Report, percent, side_word, summarise
from axisor.backtest.session import Ended, Session, Setup
from axisor.exchange import seeded_ids


def run_twins(
    path: Path,
    grid: Grid,
    setup: Setup,
    *,
    candles: int,
    elapsed: Callable[[], float],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Open a guarded and an unguarded twin at each point of the grid and report how they fared.

    `elapsed` tells the seconds since the start, `progress` hears of each pair.
    """
    points = tuple(slots(grid, path))
    pairs: list[tuple[PositionRow, PositionRow]] = []
    for number, slot in enumerate(points):
        kept, bare = (
            Session(path, slot, setup, seeded_ids(number), guarded=guarded).run()
            for guarded in (True, False)
        )
        pairs.append((_row(slot, kept, guarded=True), _row(slot, bare, guarded=False)))
        progress(number + 1, len(points))
    found = tuple(pairs)
    return Report(
        positions=tuple(row for pair in found for row in pair),
        summary=summarise(found, candles=candles, seconds=elapsed()),
    )


def _row(slot: Slot, ended: Ended, *, guarded: bool) -> PositionRow:
    return PositionRow(
        id=f"{slot.id}-{'guarded' if guarded else 'unguarded'}",
        side=side_word(slot.side),
        leverage=str(slot.leverage),
        guarded=guarded,
        opened_at=ended.opened_at,
        liquidated_at=ended.liquidated_at,
        actions=ended.actions,
        added_sats=ended.added,
        min_distance_pct=percent(ended.least_distance),
        gap=ended.gap if guarded else False,
        capped=ended.capped if guarded else False,
        margin_sats=ended.margin,
        equity_sats=ended.equity,
    )
