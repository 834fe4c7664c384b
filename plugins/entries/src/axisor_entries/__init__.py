"""Entries: opening positions at a price, by indicators, by the clock, on a grid."""

from __future__ import annotations

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor_entries.averages import AverageEntry
from axisor_entries.dca import Dca
from axisor_entries.grid import Grid
from axisor_entries.price import PriceEntry
from axisor_entries.strength import RsiEntry

__all__ = ["AverageEntry", "Dca", "Grid", "PriceEntry", "RsiEntry"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the strategies to users."""
    for strategy in (PriceEntry, RsiEntry, AverageEntry, Dca, Grid):
        register(strategy)
