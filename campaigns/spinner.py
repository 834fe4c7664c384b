"""A plugin that troubles a core within its leash: computes at each tick, asks for too much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.intents import Intent, OpenPosition
from axisor.model import OrderType, Permission, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View


class SpinnerConfig(Config, frozen=True):
    """How much trouble it makes."""

    spin_ms: Annotated[int, Meta(ge=0, description="How long it computes at each tick.")] = 0
    orders: Annotated[int, Meta(ge=0, description="How many orders it asks for at each tick.")] = 0


class Spinner(Strategy[SpinnerConfig, Memory]):
    """Computes, then asks for orders far from the market, more than the venue takes."""

    name = "spinner"
    permissions = Permission.TRADE

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Spin and ask."""
        until = time.monotonic() + self.config.spin_ms / 1000
        while time.monotonic() < until:
            pass
        price = Decimal(20_000)
        for number in range(self.config.orders):
            yield OpenPosition(
                side=Side.BUY,
                type=OrderType.LIMIT,
                price=price + number,
                leverage=Decimal(1),
                quantity=1,
            )


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the spinner."""
    register(Spinner)
