"""The margin guard: it keeps a position's liquidation away from the price."""

from __future__ import annotations

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor_margin_guard.config import GuardConfig, Override, Rule, preset, rule_for
from axisor_margin_guard.guard import MarginGuard
from axisor_margin_guard.memory import GuardMemory

__all__ = ["GuardConfig", "GuardMemory", "MarginGuard", "Override", "Rule", "preset", "rule_for"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the guard."""
    register(MarginGuard)
