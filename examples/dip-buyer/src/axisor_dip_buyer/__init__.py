"""A strategy that buys a little each time the price has fallen another step."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.intents import Intent, OpenPosition
from axisor.model import Permission, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View


class DipConfig(Config, frozen=True):
    """How much to buy, and how deep a fall must be."""

    margin: Annotated[int, Meta(gt=0, description="Sats of margin in each buy.")]
    step: Annotated[Decimal, Meta(description="Percent the price must fall before a buy.")] = (
        Decimal(2)
    )


class DipMemory(Memory):
    """The price that the next fall is measured from."""

    anchor: Decimal | None = None


class DipBuyer(Strategy[DipConfig, DipMemory]):
    """Buys once for each step the price falls, and measures anew from every high and every buy."""

    name = "dip-buyer"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: DipConfig) -> Iterator[str]:
        """Refuse a step that no price could fall by, or that every price would."""
        if not 0 < config.step < 100:
            yield "The step must lie between 0 and 100 percent."

    def on_tick(self, tick: Tick, view: View) -> Iterator[Intent]:
        """Buy when the price is a step below the anchor."""
        anchor = self.memory.anchor
        if anchor is None or tick.price > anchor:
            self.memory.anchor = tick.price
        elif tick.price <= anchor * (1 - self.config.step / 100):
            self.memory.anchor = tick.price
            yield OpenPosition(side=Side.BUY, margin=self.config.margin, leverage=1)


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the strategy to users."""
    register(DipBuyer)
