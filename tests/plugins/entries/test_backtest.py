"""Entries over whole markets: what they opened is on the account's ledger, no more."""

from __future__ import annotations

from typing import Any

import pytest

from axisor.strategy import Strategy
from axisor_entries import AverageEntry, Dca, Grid, PriceEntry, RsiEntry
from tests.plugins import played

ORDER = {"margin": 20_000, "leverage": 3, "stop_loss": 10}
CASES: tuple[tuple[type[Strategy[Any, Any]], dict[str, Any]], ...] = (
    (PriceEntry, {"again": True, "take_profit": 1}),
    (RsiEntry, {"interval_min": 5, "period": 7, "level": 35}),
    (AverageEntry, {"interval_min": 5, "fast": 3, "slow": 8}),
    (Dca, {"every_min": 60}),
    (Grid, {"levels": 9}),
)


def run(strategy: type[Strategy[Any, Any]], config: dict[str, Any], path: list[Any]) -> None:
    """Play a strategy around the first price, and require that it opened within reason."""
    first = int(path[0][1])
    if strategy is PriceEntry:
        config = {**config, "below": first * 99 // 100}
    if strategy is Grid:
        config = {**config, "lowest": first * 90 // 100, "spacing": first // 75}

    done = played.play(strategy, {**ORDER, **config}, path)

    opened = done.requests.count("new_trade")
    hours = (path[-1][0] - path[0][0]).total_seconds() / 3600
    assert 0 < opened <= hours * 12
    assert opened == done.pilot.actions
    assert set(done.requests) == {"new_trade"}
    if strategy is Dca:
        assert opened <= hours


@pytest.mark.parametrize(("strategy", "config"), CASES)
@pytest.mark.parametrize("seed", played.SEEDS)
def test_over_a_seeded_market(
    strategy: type[Strategy[Any, Any]], config: dict[str, Any], seed: int
):
    run(strategy, config, played.seeded(seed))


@pytest.mark.parametrize(("strategy", "config"), CASES)
def test_over_real_minutes(strategy: type[Strategy[Any, Any]], config: dict[str, Any]):
    run(strategy, config, played.real())
