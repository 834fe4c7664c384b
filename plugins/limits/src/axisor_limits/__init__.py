"""Limits of a portfolio: what would go beyond them is refused, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axisor.errors import AxisorError, ConfigInvalid
from axisor.hookspecs import hookimpl
from axisor.intents import Action
from axisor.strategy import View
from axisor_limits.config import LimitsConfig, read
from axisor_limits.reviewing import review

__all__ = ["Limits", "LimitsConfig", "plugin"]


class Limits:
    """The plugin. It refuses everything that can be refused until it was given its limits."""

    def __init__(self) -> None:
        self._config: LimitsConfig | None = None

    @hookimpl
    def configure(self, settings: Mapping[str, Any]) -> None:
        """Take the limits. Raises ConfigInvalid where they make no sense or there are none."""
        self._config = read(settings)

    @hookimpl
    def describe_settings(self) -> type[LimitsConfig]:
        """Say which limits there are."""
        return LimitsConfig

    @hookimpl
    def review_intent(self, action: Action, view: View) -> AxisorError | None:
        """Refuse what would go beyond a limit."""
        if self._config is None:
            raise ConfigInvalid("The limits were not given to the plugin that keeps them.")
        return review(self._config, action, view)


plugin = Limits()
"""What the entry point names: the core hands it its settings once, when it starts."""
