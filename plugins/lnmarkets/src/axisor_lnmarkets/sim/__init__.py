"""A simulated LN Markets: the exchange engine behind the venue's own REST v3 and Stream v1."""

from axisor_lnmarkets.sim.server import Simulator, serve
from axisor_lnmarkets.sim.settings import (
    CandlePrices,
    FixedPrice,
    ScenarioPrices,
    Settings,
    WalkPrices,
)

__all__ = [
    "CandlePrices",
    "FixedPrice",
    "ScenarioPrices",
    "Settings",
    "Simulator",
    "WalkPrices",
    "serve",
]
