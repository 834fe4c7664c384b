"""A planted look into the future is found, and so is a wake that comes too late."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

import pytest

from axisor.backtest import Market, Opening, Plan, parse_scenario, plan, play
from axisor.intents import Intent, OpenPosition
from axisor.model import Permission, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor.testing.probes import (
    SeesTheFuture,
    SleepsTooLong,
    check_no_lookahead,
    check_wakes,
)
from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard
from tests.sdk.backtest.support import NoConfig, Woken, walk

MARKET = play(parse_scenario("volatile duration=30m tick=5s strength=3"))


class OracleConfig(Config, frozen=True):
    """The price to buy at."""

    price: Decimal


class Oracle(Strategy[OracleConfig, Memory]):
    """Buys at a price that somebody told it."""

    name = "oracle"
    permissions = Permission.TRADE

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        if tick.price <= self.config.price:
            yield OpenPosition(side=Side.BUY, leverage=1, quantity=1)


def knowing_the_low(market: Market) -> Plan:
    """Plant the bug: the configuration is fitted to the whole market, its future too."""
    low = Decimal(int(market.path.halves.min())) / 2
    return Plan(name="oracle", balance=1_000_000, strategy=Oracle, config=OracleConfig(price=low))


class Peeking(Strategy[NoConfig, Memory]):
    """Buys before a rise, for it was handed the prices of a second later."""

    name = "peeking"
    permissions = Permission.TRADE
    later: ClassVar[dict[str, int]] = {}

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        if self.later.get(tick.time.isoformat(), 0) > 100:
            yield OpenPosition(side=Side.BUY, leverage=1, quantity=1)


def peeking(market: Market) -> Plan:
    """Plant the bug: a column shifted the wrong way, as in a table of prices."""
    path = market.path
    Peeking.later = {
        path.time(place).isoformat(): int(path.halves[place + 1] - path.halves[place])
        for place in range(len(path) - 1)
    }
    return Plan(name="peeking", balance=1_000_000, strategy=Peeking, config=NoConfig())


def guard(_: Market) -> Plan:
    return plan(
        name="guard",
        balance=30_000_000,
        strategy=MarginGuard,
        config=b'{"trigger": "2", "target": "5"}',
        openings=("long 25x 2500", "short 25x 1000"),
    )


def dips(_: Market) -> Plan:
    config = b'{"margin": 2000, "step": "2"}'
    return plan(name="dips", balance=1_000_000, strategy=DipBuyer, config=config, openings=())


@pytest.mark.parametrize("planted", [knowing_the_low, peeking])
def test_a_planted_look_into_the_future_is_found(planted):
    with pytest.raises(SeesTheFuture, match="it decided"):
        check_no_lookahead(planted, MARKET)


@pytest.mark.parametrize("honest", [guard, dips])
def test_our_strategies_decide_by_the_past_alone(honest):
    check_no_lookahead(honest, MARKET, cuts=4)


def test_the_guard_is_woken_whenever_it_has_to_act():
    check_wakes(guard(MARKET), play(parse_scenario("volatile duration=10m tick=5s strength=3")))


def test_a_wake_that_forgets_a_position_is_found():
    # `Woken` asks for a wake per position, and the last one replaces those before it.
    held = (Opening(Side.BUY, Decimal(20), 500), Opening(Side.SELL, Decimal(8), 99))
    forgetful = Plan(name="a", balance=40_000_000, strategy=Woken, config=NoConfig(), openings=held)

    with pytest.raises(SleepsTooLong, match="Called at every print, it decided AddMargin"):
        check_wakes(forgetful, Market("made", walk(0, 1_500)))
