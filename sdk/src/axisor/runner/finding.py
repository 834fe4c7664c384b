"""Finds the strategies of a plugin that is installed beside this interpreter."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from axisor.errors import SettingsInvalid, StrategyNotFound
from axisor.remote import Offer, offer_of
from axisor.sources import code_of
from axisor.strategy import Strategy

GROUP = "axisor"


def find(plugin: str) -> dict[str, type[Strategy[Any, Any]]]:
    """Import a plugin and return its strategies by name.

    Raises SettingsInvalid where it is not installed; what its import raises passes through.
    """
    module = _entry(plugin).load()
    found: dict[str, type[Strategy[Any, Any]]] = {}

    def register(strategy: type[Strategy[Any, Any]]) -> None:
        found[strategy.name] = strategy

    offer = getattr(module, "register_strategies", None)
    if offer is not None:
        offer(register)
    return found


def strategy_of(plugin: str, name: str) -> type[Strategy[Any, Any]]:
    """Return one strategy of a plugin. Raises StrategyNotFound."""
    found = find(plugin)
    if name not in found:
        raise StrategyNotFound(f"The plugin {plugin} offers no strategy `{name}`.", strategy=name)
    return found[name]


def offers(plugin: str) -> list[Offer]:
    """Return what a core must know of a plugin's strategies."""
    entry = _entry(plugin)
    version = entry.dist.version if entry.dist else ""
    found = find(plugin)
    code = code_of(entry.module)
    return [
        offer_of(strategy, plugin=plugin, version=version, code=code)
        for _, strategy in sorted(found.items())
    ]


def _entry(plugin: str) -> EntryPoint:
    for entry in entry_points(group=GROUP, name=plugin):
        return entry
    raise SettingsInvalid(f"No plugin `{plugin}` is installed beside this Python.", plugin=plugin)
