"""Back-tests: a strategy's own decision code over real minutes, on the exchange engine.

A candle is walked as four prints; at each print come liquidation, then funding, then the strategy.
Long stretches in which neither the exchange nor the strategy has anything to do are skipped, which
changes nothing but the time it takes.
"""

from __future__ import annotations

from axisor.backtest.data import (
    Market,
    market_of_candles,
    parse_scenario,
    play,
    read_market,
    read_ticks,
)
from axisor.backtest.decisions import Decision, decision_hash, journaled
from axisor.backtest.grid import Grid, Slot, parse_grid
from axisor.backtest.path import Path
from axisor.backtest.plans import parse_opening, parse_plans, plan
from axisor.backtest.report import PositionRow, Report, Summary
from axisor.backtest.run import Lived, Opening, Outcome, Plan, Terms, back_test
from axisor.backtest.session import Ended, Session, Setup
from axisor.backtest.sheet import Sheet, sheet
from axisor.backtest.twins import run_twins
from axisor.backtest.walk import Costs

__all__ = [
    "Costs",
    "Decision",
    "Ended",
    "Grid",
    "Lived",
    "Market",
    "Opening",
    "Outcome",
    "Path",
    "Plan",
    "PositionRow",
    "Report",
    "Session",
    "Setup",
    "Sheet",
    "Slot",
    "Summary",
    "Terms",
    "back_test",
    "decision_hash",
    "journaled",
    "market_of_candles",
    "parse_grid",
    "parse_opening",
    "parse_plans",
    "parse_scenario",
    "plan",
    "play",
    "read_market",
    "read_ticks",
    "run_twins",
    "sheet",
]
