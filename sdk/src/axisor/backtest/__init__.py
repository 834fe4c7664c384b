"""Back-tests: a strategy's own decision code over real minutes, on the exchange engine.

A candle is walked as four prints; at each print come liquidation, then funding, then the strategy.
Long stretches in which neither the exchange nor the strategy has anything to do are skipped, which
changes nothing but the time it takes.
"""

from __future__ import annotations

from axisor.backtest.grid import Grid, Slot, parse_grid
from axisor.backtest.path import Path
from axisor.backtest.report import PositionRow, Report, Summary
from axisor.backtest.session import Costs, Ended, Session, Setup
from axisor.backtest.twins import run_twins

__all__ = [
    "Costs",
    "Ended",
    "Grid",
    "Path",
    "PositionRow",
    "Report",
    "Session",
    "Setup",
    "Slot",
    "Summary",
    "parse_grid",
    "run_twins",
]
