"""Carry: telling of funding, getting out of its way, or collecting it."""

from __future__ import annotations

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor_carry.carry import Carry
from axisor_carry.config import CarryConfig
from axisor_carry.memory import CarryMemory

__all__ = ["Carry", "CarryConfig", "CarryMemory"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the strategy to users."""
    register(Carry)
