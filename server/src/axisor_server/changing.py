"""The plugins of one core as they can be changed while it runs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import msgspec

from axisor.errors import AxisorError, ConfigInvalid, FieldInvalid, PluginInUse
from axisor_server.adapters.beside import imported
from axisor_server.duties import admit, plugin_report
from axisor_server.plugins import GROUP, Plugins
from axisor_server.running import Running
from axisor_server.services.status import PluginReport
from axisor_server.settings import Settings

OURS = frozenset(
    f"axisor-{name}"
    for name in (
        *("balance", "carry", "channels", "entries", "exits"),
        *("limits", "lnmarkets", "logbook", "margin-guard"),
    )
)
"""Distributions whose plugins are let into the core without a word."""


def installed() -> dict[str, EntryPoint]:
    """Return the plugins that are installed beside the core now, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def is_ours(entry: EntryPoint) -> bool:
    """Return whether a plugin is one of Axisor's own."""
    return entry.dist is not None and entry.dist.metadata["Name"] in OURS


class ChangingPlugins:
    """Those that are installed beside the core, and those that the settings run in runners.

    `given` are the settings of plugins by name, as the settings file has them; venues keep the pace
    of `core`, what the core is set to.
    """

    def __init__(
        self,
        plugins: Plugins,
        running: Running | None,
        given: Mapping[str, Mapping[str, Any]],
        core: Settings | None = None,
        entries: Callable[[], Mapping[str, EntryPoint]] = installed,
    ) -> None:
        self._plugins = plugins
        self._running = running
        self._given = given
        self._entries = entries
        self._core = core or Settings()
        self._handed: dict[str, Mapping[str, Any] | None] = {}

    def report(self, name: str) -> PluginReport:
        """Return how a plugin is. Raises FieldInvalid."""
        state = self._plugins.states.get(name)
        if state is not None:
            faults = 0 if self._running is None else self._running.runners.faults(name)
            return plugin_report(state, faults)
        entry = self._entry(name)
        version = entry.dist.version if entry.dist else "unknown"
        return PluginReport(name=name, version=version, enabled=False)

    def takes_settings(self, name: str) -> bool:
        """Return whether a plugin takes settings of its own, or may where it is not enabled."""
        if self._running is not None and self._running.spawns(name):
            return False
        return self._plugins.takes_settings(name) or not self.report(name).enabled

    def settings(self, name: str) -> Mapping[str, Any] | None:
        """Return the settings that a plugin was handed last, None for those of the file."""
        return self._handed.get(name)

    def given(self, name: str) -> Mapping[str, Any]:
        """Return the settings that the settings file has for a plugin."""
        return self._given.get(name, {})

    def schema(self, name: str) -> bytes:
        """Return the JSON Schema of a plugin's settings, empty where it describes none."""
        shape = self._plugins.shapes.get(name)
        return b"" if shape is None else msgspec.json.encode(msgspec.json.schema(shape))

    def check_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        """Hold settings to what the plugin describes, where it does. Raises ConfigInvalid."""
        with _refused(name):
            self._plugins.check(name, settings)

    async def enable(
        self,
        name: str,
        settings: Mapping[str, Any] | None,
        *,
        in_core: bool = False,
        waits: bool = True,
    ) -> None:
        """Register a plugin with settings, None for those of the file: in the core, or in runners.

        One of others comes into the core only where the settings name it, or `in_core` says so.
        Unless somebody `waits`, it may say later what it offers. Raises FieldInvalid,
        ConfigInvalid, PluginInUse.
        """
        report = self.report(name)
        if report.enabled and report.error:
            raise ConfigInvalid(
                f"The plugin {name} is enabled and kept out: {report.error}.",
                fix="Mend it and start the core again, or disable it first.",
                plugin=name,
            )
        if report.enabled:
            return
        running = self._running
        if running is not None and self._goes_to_runners(name, running, in_core=in_core):
            if not running.spawns(name):
                running.adopt(name)
            await running.introduce(name, waits=waits)
        else:
            await self._register(name, self._entry(name), settings)
        error = self._plugins.states[name].error
        if error:
            self.disable(name)
            raise ConfigInvalid(f"The plugin {name} cannot be enabled: {error}.", plugin=name)

    def check(self, name: str, *, in_core: bool) -> None:
        """Refuse what would not be enabled, as far as is known without importing it.

        Raises FieldInvalid, PluginInUse.
        """
        if self._running is not None and not self.report(name).enabled:
            self._goes_to_runners(name, self._running, in_core=in_core)

    def _goes_to_runners(self, name: str, running: Running, *, in_core: bool) -> bool:
        if running.spawns(name):
            return True
        if in_core or name in self._core.plugins or is_ours(self._entry(name)):
            return False
        if not running.adopts:
            raise PluginInUse(
                f"The plugin {name} is not one of Axisor's, and nothing would separate it from"
                " your keys in the core.",
                fix='Have it run in runners: runner.spawn = ["*"]; or enable it with --in-core.',
                plugin=name,
            )
        return True

    def disable(self, name: str) -> None:
        """Take away all that a plugin offers, reviews and observes."""
        if self._running is not None:
            self._running.forget(name)
        if name in self._plugins.states:
            self._plugins.withdraw(name)
        self._handed.pop(name, None)

    def configure(self, name: str, settings: Mapping[str, Any] | None) -> None:
        """Hand a plugin settings, None for those of the file. Raises ConfigInvalid."""
        with _refused(name):
            self._plugins.hand(name, self.given(name) if settings is None else settings)
        self._handed[name] = settings

    def miss(self, name: str, reason: str) -> None:
        """Have whatever adds risk refused until a plugin that reviews is as it should be."""
        self._plugins.miss(name, reason)

    async def _register(
        self, name: str, entry: EntryPoint, settings: Mapping[str, Any] | None
    ) -> None:
        try:
            module = await imported(entry)
        except Exception as error:  # a plugin's import may fail in any way; the house stands
            raise ConfigInvalid(
                f"The plugin {name} cannot be imported: {type(error).__name__}: {error}.",
                plugin=name,
            ) from error
        self._plugins.states.pop(name, None)
        version = entry.dist.version if entry.dist else "unknown"
        self._plugins.register(name, module, version=version)
        try:
            self._prepare(name)
            self._hand(name, settings)
        except ConfigInvalid:
            self.disable(name)
            raise
        self._plugins.entries[name] = entry
        if self._running is not None:
            self._running.editions.admit(name, entry)

    def _prepare(self, name: str) -> None:
        for venue in self._plugins.states[name].venues:
            try:
                admit(self._plugins.venues[venue], self._core)
            except AxisorError as error:
                raise ConfigInvalid(error.message, plugin=name) from error

    def _hand(self, name: str, settings: Mapping[str, Any] | None) -> None:
        if self._plugins.takes_settings(name):
            self.configure(name, settings)
        elif settings is not None:
            raise ConfigInvalid(f"The plugin {name} takes no settings.", plugin=name)

    def _entry(self, name: str) -> EntryPoint:
        found = self._entries()
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise FieldInvalid(f"No plugin `{name}` is installed.{hint}", field="name")
        return found[name]


@contextmanager
def _refused(name: str) -> Iterator[None]:
    """Say of what a plugin refuses that it is its settings, and which of them where that is known.

    Raises ConfigInvalid.
    """
    try:
        yield
    except AxisorError as error:
        raise ConfigInvalid(error.message, **{**error.metadata, "plugin": name}) from error
