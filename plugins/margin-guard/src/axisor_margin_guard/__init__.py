"""The margin guard: it keeps a position's liquidation away from the price."""

from __future__ import annotations

from axisor.errors import AxisorError
from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.intents import Action
from axisor.strategy import View
from axisor_margin_guard import reviewing
from axisor_margin_guard.config import GuardConfig, Override, Rule, preset, rule_for
from axisor_margin_guard.guard import MarginGuard
from axisor_margin_guard.memory import GuardMemory

__all__ = ["GuardConfig", "GuardMemory", "MarginGuard", "Override", "Rule", "preset", "rule_for"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the guard."""
    register(MarginGuard)


@hookimpl
def review_intent(action: Action, view: View) -> AxisorError | None:
    """Refuse to take margin out at the edge of liquidation, whoever asks."""
    return reviewing.review(action, view)
