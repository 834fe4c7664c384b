"""Balance: moving margin between positions, and holding a share of the sats as dollars."""

from __future__ import annotations

from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor_balance.hedge import Hedge, HedgeConfig
from axisor_balance.rebalance import Rebalance, RebalanceConfig

__all__ = ["Hedge", "HedgeConfig", "Rebalance", "RebalanceConfig"]


@hookimpl
def register_strategies(register: RegisterStrategy) -> None:
    """Offer the strategies to users."""
    register(Rebalance)
    register(Hedge)
