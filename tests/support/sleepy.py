"""A plugin of the core that takes settings, offers a strategy, and can be told to break."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

from axisor.errors import ConfigInvalid
from axisor.hookspecs import RegisterStrategy, hookimpl
from axisor.strategy import Config, Memory, Strategy
from axisor_limits import Limits

SLEEPY = "sleepy"


class Doze(Strategy[Config, Memory]):
    """Does nothing."""

    name = "doze"


class Sleepy:
    """Takes `naps`, a number."""

    def __init__(self) -> None:
        self.naps: Any = 1

    @hookimpl
    def configure(self, settings: Mapping[str, Any]) -> None:
        """Take them."""
        naps = settings.get("naps", 1)
        if not isinstance(naps, int):
            raise ConfigInvalid("`naps` is a number.")
        self.naps = naps

    @hookimpl
    def register_strategies(self, register: RegisterStrategy) -> None:
        """Offer the strategy."""
        register(Doze)


class Judge:
    """Reviews."""

    @hookimpl
    def review_intent(self, action: Any) -> None:
        """Let everything pass."""


class Venues:
    """Brings a venue."""

    @hookimpl
    def register_venues(self, register: Any) -> None:
        """Offer one of the kit's."""
        from axisor.testing import Simulator

        register(Simulator())


PLUGIN, JUDGE, VENUES, LIMITS = Sleepy(), Judge(), Venues(), Limits()

ENTRIES = {
    name: EntryPoint(name=name, value=f"tests.support.sleepy:{attribute}", group="axisor")
    for name, attribute in {
        SLEEPY: "PLUGIN",
        "judge": "JUDGE",
        "venues": "VENUES",
        "limits": "LIMITS",
        "broken": "NOTHING",
    }.items()
}
"""As they would be installed; one of them cannot be imported."""
