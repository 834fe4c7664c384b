"""The plugin host: finds plugins, imports the enabled ones, and guards every call into them.

Found is not enabled: entry points are listed from metadata, only names in the settings are
imported. A plugin that fails to import, to register or in a call is quarantined with its error, and
the house stands. Only `review_intent` fails closed: a reviewer that raises, or is quarantined, has
refused, and where one may be absent because it could not be loaded, whatever adds risk is refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy
import structlog
from msgspec import Struct

from axisor import hookspecs
from axisor.errors import (
    AxisorError,
    ConfigInvalid,
    ReviewRefused,
    SettingsInvalid,
    StrategyNotFound,
    VenueNotFound,
)
from axisor.events import Event
from axisor.intents import Action
from axisor.notices import Notifier
from axisor.ports import Venue
from axisor.remote import Offer
from axisor.strategy import Strategy, View
from axisor_server.domain.hosting import stand_in
from axisor_server.domain.intent import increases_risk
from axisor_server.shaping import fit, shape_of, unfit
from axisor_server.suspecting import as_refusal, may_review, missed

GROUP = "axisor"
FAULT_LIMIT = 3
"""Faults after which a plugin is quarantined."""

OBSERVED_AGAIN_S = (0.05, 0.25)
"""After which pauses an event is shown again to an observer that raised at it."""

NOTIFIER_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")

log = structlog.get_logger("axisor.plugins")


class PluginState(Struct):
    """A plugin as an operator sees it. `error` is empty while all is well.

    `place` is `core`, `runner` or `remote`, empty where it does not run.
    """

    name: str
    version: str
    enabled: bool
    strategies: list[str] = []
    venues: list[str] = []
    notifiers: list[str] = []
    hooks: list[str] = []
    faults: int = 0
    error: str = ""
    place: str = ""

    @property
    def quarantined(self) -> bool:
        """Return whether the plugin is kept out after a failure."""
        return bool(self.error)


class Plugins:
    """The enabled plugins and what they offer.

    Build it with `discover` or from modules in tests.
    """

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self.states: dict[str, PluginState] = {}
        self.strategies: dict[str, type[Strategy[Any, Any]]] = {}
        self.venues: dict[str, Venue] = {}
        self.notifiers: dict[str, Notifier] = {}
        self.owners: dict[str, str] = {}
        self.shapes: dict[str, type[Struct]] = {}
        self._absent: set[str] = set()
        self.entries: dict[str, EntryPoint] = {}

    @classmethod
    def discover(
        cls, enabled: Iterable[str], given: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Plugins:
        """Return the host of the plugins installed, with the enabled ones imported and registered.

        `given` are the settings of plugins by name; None leaves them unconfigured. Raises
        SettingsInvalid for an enabled name that is not installed, and as `configure` does.
        """
        host = cls()
        found = {entry.name: entry for entry in entry_points(group=GROUP)}
        wanted = tuple(enabled)
        for name in wanted:
            if name not in found:
                near = difflib.get_close_matches(name, found, n=1)
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise SettingsInvalid(f"No plugin `{name}` is installed.{hint}", plugin=name)
        for name, entry in sorted(found.items()):
            host._admit(name, entry, enabled=name in wanted)
        if given is not None:
            host.configure(given)
        return host

    def configure(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        """Hand every enabled plugin that takes settings its own.

        Raises SettingsInvalid for settings of a plugin that is not enabled, cannot be used, takes
        none, or refuses them: a reviewer that is silently absent would let everything pass.
        """
        takers = self._takers()
        for name in given:
            state = self.states.get(name)
            if state is None or not state.enabled:
                raise unfit(name, f"it is not enabled.{_near(name, self.states)}")
            if state.quarantined:
                raise unfit(name, f"it cannot be used: {state.error}")
            if name not in takers:
                raise unfit(name, "it takes none.")
        for name in takers:
            self.hand(name, given.get(name, {}))

    def takes_settings(self, name: str) -> bool:
        """Return whether a plugin in this process takes settings."""
        return name in self._takers()

    def check(self, name: str, settings: Mapping[str, Any]) -> None:
        """Hold settings to the shape that a plugin said they have. Raises SettingsInvalid."""
        fit(name, self.shapes.get(name), settings)

    def hand(self, name: str, settings: Mapping[str, Any]) -> None:
        """Hand a plugin that takes settings its own. Raises SettingsInvalid where it refuses."""
        self.check(name, settings)
        impl, given = self._takers()[name], {"settings": settings}
        try:
            impl.function(**{key: given[key] for key in impl.argnames})
        except AxisorError as error:
            raise unfit(name, f"it refuses them: {error.message}") from error
        except Exception as error:  # the boundary: what it raises says that it is not ready
            raise unfit(name, f"it failed with {type(error).__name__}: {error}") from error

    def _takers(self) -> dict[str, Any]:
        return {impl.plugin_name: impl for impl in self._manager.hook.configure.get_hookimpls()}

    def _admit(self, name: str, entry: EntryPoint, *, enabled: bool) -> None:
        version = entry.dist.version if entry.dist else "unknown"
        state = self.states[name] = PluginState(name=name, version=version, enabled=enabled)
        if not enabled:
            return
        try:
            module = entry.load()
        except Exception as error:  # a plugin's import may fail in any way; the house stands
            self._quarantine(state, "import", error)
            if may_review(entry):
                self._may_have_reviewed(state)
            return
        self.entries[name] = entry
        self.register(name, module, version=version)

    def register(self, name: str, module: ModuleType | object, *, version: str = "") -> None:
        """Register an imported plugin under a name; a failure quarantines it."""
        state = self.states.setdefault(name, PluginState(name=name, version=version, enabled=True))
        try:
            self._manager.register(module, name)
            self._manager.check_pending()
        except Exception as error:  # pluggy raises its own kinds for misspelt hooks
            self._quarantine(state, "register", error)
            if any(each.startswith("review") for each in dir(module)):
                self._may_have_reviewed(state)
            self._manager.unregister(name=name)
            return
        state.place = "core"
        state.hooks = [
            hook
            for hook in hookspecs.hooks()
            if any(i.plugin_name == name for i in getattr(self._manager.hook, hook).get_hookimpls())
        ]
        self._call(state, "register_strategies", register=self._strategy_taker(state))
        self._call(state, "register_venues", register=self._venue_taker(state))
        self._call(state, "register_notifiers", register=self._notifier_taker(state))
        self._shape(state)
        if state.quarantined:
            self._forget(state)

    def _shape(self, state: PluginState) -> None:
        """Keep what a plugin says of its settings; what is no shape quarantines it."""
        described = self._call(state, "describe_settings")
        try:
            if described is not None:
                self.shapes[state.name] = shape_of(described)
        except TypeError as error:
            self._quarantine(state, "describe_settings", error)

    def host(self, name: str, offers: Iterable[Offer], *, place: str = "runner") -> None:
        """Offer strategies that run elsewhere; what is wrong with one quarantines the plugin.

        `place` is `runner` where the core starts what runs them, `remote` where others do.
        """
        state = self.states.setdefault(name, PluginState(name=name, version="", enabled=True))
        state.enabled, state.place = True, place
        take = self._strategy_taker(state)
        for offer in offers:
            state.version = offer.version
            try:
                take(stand_in(offer))
            except ConfigInvalid as error:
                self._quarantine(state, "offer", error)
        if state.quarantined:
            self._forget(state)

    def withdraw(self, name: str) -> None:
        """Take away all that a plugin offers, reviews and observes."""
        if self._manager.has_plugin(name):
            self._manager.unregister(name=name)
        state = self.states[name]
        self._forget(state)
        self._absent.discard(name)
        self.entries.pop(name, None)
        self.states[name] = PluginState(name=name, version=state.version, enabled=False)

    def expect(self, name: str) -> None:
        """Know of a plugin that runs elsewhere and has not said yet what it offers."""
        self.states[name] = PluginState(name=name, version="", enabled=True, place="runner")

    def hooks(self, name: str) -> frozenset[str]:
        """Return the hooks that a plugin in this process implements."""
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or ()
        return frozenset(caller.name for caller in callers)

    def bar(self, name: str, reason: str) -> None:
        """Keep a plugin out that runs elsewhere, for a reason that an operator is shown."""
        state = self.states.setdefault(name, PluginState(name=name, version="", enabled=True))
        state.error = f"runner: {reason}"
        log.error("plugin quarantined", plugin=name, version=state.version, error=state.error)

    def _strategy_taker(self, state: PluginState) -> Callable[[type[Strategy[Any, Any]]], None]:
        def take(strategy: type[Strategy[Any, Any]]) -> None:
            name = getattr(strategy, "name", "")
            if not name or name in self.strategies:
                raise ConfigInvalid(
                    f"{state.name} offers {strategy.__name__} under the name `{name}`, "
                    "which is empty or taken.",
                    plugin=state.name,
                )
            self.strategies[name] = strategy
            self.owners[name] = state.name
            state.strategies.append(name)

        return take

    def _venue_taker(self, state: PluginState) -> Callable[[Venue], None]:
        def take(venue: Venue) -> None:
            if venue.name in self.venues:
                raise ConfigInvalid(
                    f"{state.name} offers a second venue `{venue.name}`.", plugin=state.name
                )
            self.venues[venue.name] = venue
            state.venues.append(venue.name)

        return take

    def _notifier_taker(self, state: PluginState) -> Callable[[Notifier], None]:
        def take(notifier: Notifier) -> None:
            name = notifier.name
            if not NOTIFIER_NAME.fullmatch(name) or name in self.notifiers:
                raise ConfigInvalid(
                    f"{state.name} offers a notifier `{name}`, which is no name or taken.",
                    plugin=state.name,
                )
            self.notifiers[name] = notifier
            state.notifiers.append(name)

        return take

    def _call(self, state: PluginState, hook: str, **arguments: Any) -> Any:
        """Call one plugin's implementation of a hook, with the arguments it asks for."""
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            if impl.plugin_name == state.name:
                try:
                    return impl.function(**{key: arguments[key] for key in impl.argnames})
                except Exception as error:  # the boundary: whatever a plugin raises stops here
                    self._quarantine(state, hook, error)
        return None

    def miss(self, name: str, reason: str) -> None:
        """Take a plugin that is to review for absent, for a reason that an operator is shown."""
        state = self.states.setdefault(name, PluginState(name=name, version="", enabled=True))
        state.enabled, state.error = True, reason
        self._may_have_reviewed(state)

    def _may_have_reviewed(self, state: PluginState) -> None:
        state.hooks = ["review_intent"]
        self._absent.add(state.name)

    def _quarantine(self, state: PluginState, where: str, error: Exception) -> None:
        state.error = f"{where}: {type(error).__name__}: {error}"
        log.error("plugin quarantined", plugin=state.name, version=state.version, error=state.error)

    def _forget(self, state: PluginState) -> None:
        self.shapes.pop(state.name, None)
        for name in state.strategies:
            self.strategies.pop(name, None)
            self.owners.pop(name, None)
        for name in state.venues:
            self.venues.pop(name, None)
        for name in state.notifiers:
            self.notifiers.pop(name, None)

    def strategy(self, name: str) -> type[Strategy[Any, Any]]:
        """Return a strategy by name. Raises StrategyNotFound naming the nearest."""
        if name in self.strategies:
            return self.strategies[name]
        raise StrategyNotFound(f"No enabled plugin offers `{name}`.{_near(name, self.strategies)}")

    def venue(self, name: str) -> Venue:
        """Return a venue by name. Raises VenueNotFound naming the nearest."""
        if name in self.venues:
            return self.venues[name]
        raise VenueNotFound(f"No enabled plugin offers `{name}`.{_near(name, self.venues)}")

    def review(self, action: Action, run: str, view: View) -> AxisorError | None:
        """Ask every reviewer; return the first refusal. A reviewer that raises has refused.

        What adds risk is refused while an enabled plugin that may review could not be loaded;
        what protects is not, for a guard must not fail with its neighbour.
        """
        if self._absent and increases_risk(action):
            return missed(min(self._absent))
        for impl in self._manager.hook.review_intent.get_hookimpls():
            given = {"action": action, "run": run, "view": view}
            try:
                refusal = impl.function(**{key: given[key] for key in impl.argnames})
            except Exception as error:  # fail closed: an unsure reviewer refuses
                self._fault(impl.plugin_name, error)
                return ReviewRefused(
                    f"The reviewer {impl.plugin_name} failed, which counts as a refusal.",
                    plugin=impl.plugin_name,
                )
            if refusal is not None:
                return as_refusal(impl.plugin_name, refusal)
        return None

    def observe(self, event: Event, pause: Callable[[float], None] = lambda seconds: None) -> None:
        """Show every observer a durable event, again for a moment where it raises.

        What one cannot take then is passed over and logged by its place in the journal, where it
        stays; an observer that could not take three events is quarantined. `pause` waits.
        """
        failing = {
            impl.plugin_name: impl
            for impl in self._manager.hook.observe_event.get_hookimpls()
            if not self.states[impl.plugin_name].quarantined
        }
        errors: dict[str, Exception] = {}
        for wait_s in (*OBSERVED_AGAIN_S, None):
            errors = {}
            for name, impl in list(failing.items()):
                try:
                    impl.function(**{key: event for key in impl.argnames if key == "event"})
                    del failing[name]
                except Exception as error:  # an observer's trouble is its own
                    errors[name] = error
            if not failing:
                return
            if wait_s is not None:
                pause(wait_s)
        for name, raised in errors.items():
            place = {"stream": event.stream, "sequence": event.sequence}
            log.error("event not observed", plugin=name, **place, error=repr(raised))
            self._fault(name, raised)

    def _fault(self, name: str, error: Exception) -> None:
        state = self.states[name]
        state.faults += 1
        log.warning("plugin fault", plugin=name, faults=state.faults, error=repr(error))
        if state.faults >= FAULT_LIMIT:
            self._quarantine(state, "call", error)


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean `{near[0]}`?" if near else ""
