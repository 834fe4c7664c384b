"""Exits: closing positions at a profit, a loss, a time or before funding."""

from __future__ import annotations

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor_exits.config import ExitsConfig
from axisor_exits.exits import Exits
from axisor_exits.memory import ExitsMemory, Held

__all__ = ["Exits", "ExitsConfig", "ExitsMemory", "Held"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the strategy to users."""
    register(Exits)
