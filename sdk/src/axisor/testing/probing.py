"""The probes over a made-up market, as a plugin's check runs them. Needs the extra `backtest`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from axisor.backtest import Market, Opening, Plan, parse_scenario, play
from axisor.model import Side
from axisor.strategy import Strategy, decode_config
from axisor.testing.probes import check_no_lookahead, check_wakes

MARKET = "volatile duration=20m tick=5s strength=3"
BALANCE = 10_000_000
OPENINGS = (
    Opening(side=Side.BUY, leverage=Decimal(25), quantity=2_500),
    Opening(side=Side.SELL, leverage=Decimal(30), quantity=1_500),
)
CUTS = 4


def no_lookahead(strategy: type[Strategy[Any, Any]], config: dict[str, Any]) -> None:
    """Hold a strategy's decisions to the past. Raises SeesTheFuture."""
    prepared = _plan(strategy, config)
    check_no_lookahead(lambda _: prepared, _market(), cuts=CUTS)


def wakes(strategy: type[Strategy[Any, Any]], config: dict[str, Any]) -> None:
    """Hold a strategy that waits to what it does when called at each print."""
    if not strategy.every_tick:
        check_wakes(_plan(strategy, config), _market())


def _market() -> Market:
    return play(parse_scenario(MARKET))


def _plan(strategy: type[Strategy[Any, Any]], config: dict[str, Any]) -> Plan:
    return Plan(
        name="checked",
        balance=BALANCE,
        strategy=strategy,
        config=decode_config(strategy, msgspec.json.encode(config)),
        openings=OPENINGS,
    )
