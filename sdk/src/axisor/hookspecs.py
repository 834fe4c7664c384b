"""The hooks a plugin may implement. Each is documented in docs/hooks.md and has a test.

Hooks are synchronous and quick. An implementation may take fewer arguments than its hook. None of
them is given the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pluggy

from axisor.errors import AxisorError
from axisor.events import Event
from axisor.intents import Action
from axisor.ports import Venue
from axisor.strategy import Strategy, View

PROJECT = "axisor"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class RegisterStrategy(Protocol):
    """Takes one strategy class; raises ConfigInvalid where the class is not fit."""

    def __call__(self, strategy: type[Strategy[Any, Any]]) -> None:
        """Offer the class to users."""
        ...


class RegisterVenue(Protocol):
    """Takes one venue."""

    def __call__(self, venue: Venue) -> None:
        """Offer the venue to users."""
        ...


@hookspec
def register_strategies(register: RegisterStrategy) -> None:
    """Offer strategies that users can run. Call `register` once for each class."""


@hookspec
def register_venues(register: RegisterVenue) -> None:
    """Offer exchanges. Call `register` once for each."""


@hookspec
def configure(settings: Mapping[str, Any]) -> None:
    """Take the plugin's own settings: the table `[plugin.NAME]`, empty where there is none.

    Called once, before anything else is asked of a reviewer or observer. Raise ConfigInvalid for
    settings that make no sense: the core does not start then.
    """


@hookspec
def review_intent(action: Action, run: str, view: View) -> AxisorError | None:
    """Refuse an action before it is sent, by returning the error that says why.

    One refusal is enough, and a reviewer that raises has refused. `run` is empty for a client's
    command.
    """


@hookspec
def observe_event(event: Event) -> None:
    """See each event after it is durable. It may come late or again; it is never lost."""
