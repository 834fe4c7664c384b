"""The report of a back-test as plain data, with a version, for programs and for pages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from axisor.backtest.recorder import Event
from axisor.backtest.report import percent, side_word
from axisor.backtest.run import Lived, Outcome
from axisor.metrics import Metrics
from axisor.model import Sats

VERSION = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""


class MarketSheet(Struct, frozen=True, kw_only=True):
    """Which market was walked, and what trading in it costs."""

    name: str
    starts_at: datetime
    ends_at: datetime
    prints: int
    candles: int
    first_price: Decimal
    last_price: Decimal
    fee_tier: int | None
    funding_rate: Decimal
    latency_ms: int


class CurveSheet(Struct, frozen=True, kw_only=True):
    """Samples as columns; a distance is the least since the sample before, None without position.

    `drawdown_sats` is how far equity is below its highest so far.
    """

    time: tuple[datetime, ...]
    price: tuple[Decimal, ...]
    equity_sats: tuple[Sats, ...]
    drawdown_sats: tuple[Sats, ...]
    distance_pct: tuple[str | None, ...]


class AccountSheet(Struct, frozen=True, kw_only=True):
    """How one account fared."""

    name: str
    strategy: str
    config: dict[str, Any]
    balance_sats: Sats
    opened: tuple[str, ...]
    decision_hash: str
    decisions: int
    actions: int
    added_sats: Sats
    fees_sats: Sats
    funding_sats: Sats
    equity_sats: Sats
    min_distance_pct: str | None
    metrics: Metrics
    events: tuple[Event, ...]
    curve: CurveSheet
    notices: tuple[str, ...]


class Sheet(Struct, frozen=True, kw_only=True):
    """A whole back-test. `line_pct` is the distance below which time is time at risk."""

    version: int = VERSION
    market: MarketSheet
    line_pct: str
    sample_s: int
    decision_hash: str
    metrics: Metrics
    accounts: tuple[AccountSheet, ...]


def sheet(outcome: Outcome) -> Sheet:
    """Return the report of an outcome; equal outcomes have equal reports."""
    path, costs = outcome.market.path, outcome.costs
    return Sheet(
        market=MarketSheet(
            name=outcome.market.name,
            starts_at=path.time(0),
            ends_at=path.time(len(path) - 1),
            prints=len(path),
            candles=outcome.market.candles,
            first_price=path.price(0),
            last_price=path.price(len(path) - 1),
            fee_tier=costs.fee_tier,
            funding_rate=costs.funding_rate,
            latency_ms=round(costs.latency.total_seconds() * 1000),
        ),
        line_pct=percent(outcome.terms.line),
        sample_s=round(outcome.spacing.total_seconds()),
        decision_hash=outcome.decision_hash,
        metrics=outcome.metrics,
        accounts=tuple(_account(each) for each in outcome.accounts),
    )


def _account(lived: Lived) -> AccountSheet:
    plan = lived.plan
    return AccountSheet(
        name=plan.name,
        strategy=plan.strategy.name,
        config=msgspec.to_builtins(plan.config),
        balance_sats=plan.balance,
        opened=tuple(
            f"{side_word(each.side)} {each.leverage}x {each.quantity}" for each in plan.openings
        ),
        decision_hash=lived.decision_hash,
        decisions=len(lived.decisions),
        actions=lived.actions,
        added_sats=lived.added,
        fees_sats=lived.fees,
        funding_sats=lived.funding,
        equity_sats=lived.samples[-1].equity,
        min_distance_pct=None if lived.least is None else percent(lived.least),
        metrics=lived.metrics,
        events=lived.events,
        curve=_curve(lived),
        notices=lived.notices,
    )


def _curve(lived: Lived) -> CurveSheet:
    highest = lived.plan.balance
    falls: list[Sats] = []
    for each in lived.samples:
        highest = max(highest, each.equity)
        falls.append(highest - each.equity)
    return CurveSheet(
        time=tuple(each.time for each in lived.samples),
        price=tuple(each.price for each in lived.samples),
        equity_sats=tuple(each.equity for each in lived.samples),
        drawdown_sats=tuple(falls),
        distance_pct=tuple(
            None if each.distance is None else percent(each.distance) for each in lived.samples
        ),
    )
