"""The hooks a plugin may implement. Each is documented in docs/hooks.md and has a test.

Hooks are synchronous and quick. An implementation may take fewer arguments than its hook. None of
them is given the core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pluggy
from msgspec import Struct

from axisor.errors import AxisorError
from axisor.events import Event
from axisor.intents import Action
from axisor.notices import Notifier
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


class RegisterNotifier(Protocol):
    """Takes one notifier; raises ConfigInvalid for a name taken."""

    def __call__(self, notifier: Notifier) -> None:
        """Offer the notifier to users."""
        ...


@hookspec
def register_strategies(register: RegisterStrategy) -> None:
    """Offer strategies that users can run.

    When: once, as it is enabled: at the core's start or later; in runners, in each too.
    Arguments: `register` takes one class; it raises ConfigInvalid for a name empty or taken.
    Return: nothing. Call `register` once for each class.
    Raising: the plugin is quarantined and offers nothing; the others are not touched.
    Used by: `axisor-margin-guard`.
    Since: 0.1.0.
    """


@hookspec
def register_venues(register: RegisterVenue) -> None:
    """Offer exchanges.

    When: once, as it is enabled: at the core's start or later.
    Arguments: `register` takes one `axisor.ports.Venue`; it raises ConfigInvalid for a name taken.
    Return: nothing. Call `register` once for each venue.
    Raising: the plugin is quarantined and offers nothing; its accounts cannot be acted for.
    Used by: `axisor-lnmarkets`.
    Since: 0.1.0.
    """


@hookspec
def register_notifiers(register: RegisterNotifier) -> None:
    """Offer kinds of channels that people are told by.

    When: once, as it is enabled: at the core's start or later.
    Arguments: `register` takes one `axisor.notices.Notifier`; it raises ConfigInvalid for no name.
    Return: nothing. Call `register` once for each kind.
    Raising: the plugin is quarantined and offers nothing; its channels wait.
    Used by: `axisor-channels`.
    Since: 0.1.0.
    """


@hookspec
def configure(settings: Mapping[str, Any]) -> None:
    """Take the plugin's own settings, the table `[plugin.NAME]` of the core's settings file.

    When: once, after all are registered and before anything is reviewed or observed.
    Arguments: `settings` is that table; without one it is empty.
    Return: nothing. Keep what is needed.
    Raising: the core does not start. Raise ConfigInvalid for what makes no sense.
    Used by: `axisor-limits`.
    Since: 0.1.0.
    """


@hookspec
def describe_settings() -> type[Struct]:
    """Say the shape of the plugin's own settings, of which clients make forms.

    When: once, as the plugin is registered.
    Arguments: none.
    Return: a msgspec type whose fields have descriptions and ranges, such as a `Config`.
    Raising: the plugin is quarantined and offers nothing; so it is for what is no such type.
    Used by: `axisor-limits`.
    Since: 0.1.0.
    """
    raise NotImplementedError("A specification is not called.")


@hookspec
def review_intent(action: Action, run: str, view: View) -> AxisorError | None:
    """Refuse an action before it is sent.

    When: at each action of a run or a client, after the core's own review let it pass.
    Arguments: `action` is the wish; `run` whose it is, empty for a client; `view` the account.
    Return: the error that says why not, or None. One refusal of any plugin decides.
    Raising: counts as a refusal, also after the third fault, when the plugin is quarantined.
    Used by: `axisor-limits`, `axisor-margin-guard`.
    Since: 0.1.0.
    """


@hookspec
def observe_event(event: Event) -> None:
    """See what happened, once it is on disk.

    When: after each event, in a thread of its own; late perhaps, perhaps again, never before.
    Arguments: `event` is the entry of the journal; `stream` and `sequence` tell one from another.
    Return: nothing.
    Raising: it is shown twice more, then passed over and logged; after three such, no more.
    Used by: `axisor-logbook`.
    Since: 0.1.0.
    """


def hooks() -> dict[str, Callable[..., Any]]:
    """Return every hook's specification by its name, in the order they are written."""
    return {name: found for name, found in globals().items() if hasattr(found, f"{PROJECT}_spec")}
