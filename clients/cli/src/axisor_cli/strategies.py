"""Finds strategies among the plugins installed, for commands that need no core."""

from __future__ import annotations

import difflib
from importlib.metadata import entry_points
from typing import Any

import pluggy

from axisor import hookspecs
from axisor.errors import StrategyNotFound
from axisor.strategy import Strategy


def find_strategy(name: str) -> type[Strategy[Any, Any]]:
    """Return the strategy of this name. Raises StrategyNotFound naming the nearest.

    Every plugin installed is imported: no core and no key is near.
    """
    found: dict[str, type[Strategy[Any, Any]]] = {}
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for entry in entry_points(group=hookspecs.PROJECT):
        manager.register(entry.load(), entry.name)
    manager.hook.register_strategies(register=lambda cls: found.setdefault(cls.name, cls))
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise StrategyNotFound(f"No installed plugin offers `{name}`.{hint}", strategy=name)
