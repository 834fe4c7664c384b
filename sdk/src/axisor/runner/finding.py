"""Finds the strategies of a plugin that is installed beside this interpreter."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from axisor.errors import ConfigInvalid, SettingsInvalid, StrategyNotFound
from axisor.hookspecs import PROJECT, review_intent
from axisor.remote import Offer, offer_of
from axisor.sources import code_of
from axisor.strategy import Strategy

GROUP = "axisor"
REVIEW = review_intent.__name__


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


def reviews(module: object) -> bool:
    """Return whether a plugin has an implementation of `review_intent`, under whatever name."""
    marked = [(name, getattr(module, name, None)) for name in dir(module)]
    found = [(name, getattr(each, f"{PROJECT}_impl", None)) for name, each in marked]
    return any(
        isinstance(options, dict) and (options.get("specname") or name) == REVIEW
        for name, options in found
    )


def strategy_of(plugin: str, name: str) -> type[Strategy[Any, Any]]:
    """Return one strategy of a plugin. Raises StrategyNotFound."""
    found = find(plugin)
    if name not in found:
        raise StrategyNotFound(f"The plugin {plugin} offers no strategy `{name}`.", strategy=name)
    return found[name]


def offers(plugin: str) -> list[Offer]:
    """Return what a core must know of a plugin's strategies.

    Raises ConfigInvalid for a plugin that reviews: a runner is never asked to, and it would seem
    to have agreed to everything.
    """
    entry = _entry(plugin)
    version = entry.dist.version if entry.dist else ""
    found = find(plugin)
    if reviews(entry.load()):
        raise ConfigInvalid(
            f"The plugin {plugin} reviews what is asked for (`review_intent`), which no runner is"
            " asked to do.",
            fix="Name it in `plugins`, or take the review out of it.",
            plugin=plugin,
        )
    code = code_of(entry.module)
    return [
        offer_of(strategy, plugin=plugin, version=version, code=code)
        for _, strategy in sorted(found.items())
    ]


def _entry(plugin: str) -> EntryPoint:
    for entry in entry_points(group=GROUP, name=plugin):
        return entry
    raise SettingsInvalid(f"No plugin `{plugin}` is installed beside this Python.", plugin=plugin)
