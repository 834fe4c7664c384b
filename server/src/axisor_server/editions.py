"""The versions of strategies that are installed: those in the core, and those of runners.

A plugin in the core has one version on the disk, and those that were imported since the core
started. One in runners has as many as it has environments.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from typing import Any

from axisor.errors import ConfigInvalid, UpgradeUnsound
from axisor.remote import Offer
from axisor.sources import code_of, sources_of
from axisor.strategy import Strategy
from axisor.versions import Version
from axisor_server.adapters.beside import load_beside
from axisor_server.adapters.running import Environments
from axisor_server.domain.editions import Edition, matches, pick
from axisor_server.domain.hosting import Hosted, stand_in
from axisor_server.introducing import Ask
from axisor_server.offering import PYTHON, Described, interpreters, version_of
from axisor_server.plugins import Plugins
from axisor_server.settings import Settings

log = logging.getLogger(__name__)

AT_ONCE = 4
"""How many environments are asked at once; each is a process."""

SHARED = frozenset({"configure", "register_venues"})
"""Hooks of a plugin that others hold something of: two versions of it would not share it."""


class InstalledEditions:
    """The versions of every strategy of a core."""

    def __init__(
        self,
        plugins: Plugins,
        settings: Settings,
        environments: Environments,
        described: Described,
        ask: Ask | None = None,
    ) -> None:
        """Take what is installed, what runners were found to offer, and how they are asked."""
        self._plugins = plugins
        self._settings = settings
        self._environments = environments
        self._ask = ask or _nobody
        self._editions: dict[str, list[Edition]] = {}
        # By name: what an entry point says of itself is read when it is asked, and gone by then.
        self._names = {name: _name(entry) for name, entry in plugins.entries.items()}
        # What was imported first stays in memory: a plugin that comes again is that version.
        codes = self._imported = {name: self._installed(name) for name in plugins.entries}
        for name, strategy in plugins.strategies.items():
            if issubclass(strategy, Hosted):
                version = version_of(strategy.offer)
            else:
                version = codes.get(plugins.owners[name], Version())
            self._editions[name] = [Edition(version, strategy)]
        for plugin, offered in described.items():
            self._learn(plugin, offered)

    def admit(self, plugin: str, entry: EntryPoint) -> None:
        """Take in a plugin that was enabled in the core after it began."""
        self._names[plugin] = _name(entry)
        version = self._imported.setdefault(plugin, self._installed(plugin))
        for name, strategy in self._plugins.strategies.items():
            if self._plugins.owners[name] == plugin:
                self._editions[name] = [Edition(version, strategy)]

    def forget(self, plugin: str) -> None:
        """Have no version at hand any more of what a plugin offers that is about to go."""
        for name in [name for name, owner in self._plugins.owners.items() if owner == plugin]:
            self._editions.pop(name, None)

    def learn(self, plugin: str, offered: Sequence[tuple[str, Sequence[Offer]]]) -> None:
        """Take in what a plugin was found to offer after the core began."""
        for name, strategy in self._plugins.strategies.items():
            if self._plugins.owners[name] == plugin and issubclass(strategy, Hosted):
                self._editions[name] = [Edition(version_of(strategy.offer), strategy)]
        self._learn(plugin, offered)

    def version_of(self, strategy: type[Strategy[Any, Any]]) -> Version:
        """Return which version a class is, an empty one where nobody can tell."""
        for each in self._editions.get(strategy.name, ()):
            if each.strategy is strategy:
                return each.version
        return Version()

    def find(self, name: str, version: Version) -> type[Strategy[Any, Any]] | None:
        """Return a version that was loaded, or None."""
        for each in self._editions.get(name, ()):
            if each.version == version:
                return each.strategy
        return None

    async def load(self, name: str, wanted: str, *, beside: Version) -> Edition:
        """Load a version beside the one that decides; an empty `wanted` is the newest other one.

        Raises VersionNotFound, UpgradeUnsound.
        """
        if not beside:
            raise UpgradeUnsound(
                f"Nobody can tell which version of {name} decides.",
                fix="A program that comes by itself is changed by whoever runs it.",
                strategy=name,
            )
        plugin = self._plugins.owners[name]
        if self._environments.spawns(plugin) or plugin in interpreters(self._settings):
            await self._look(plugin)
            found = pick(self._editions[name], wanted, name=name, beside=beside)
            if not self._environments.has(plugin, beside.code):
                raise UpgradeUnsound(
                    f"{beside} of {name} is nowhere any more; there would be no way back.",
                    fix="Install the new version in an environment of its own, beside the old one.",
                    strategy=name,
                )
            return found
        if not any(matches(each.version, wanted) for each in self._editions[name]):
            await self._import(name, plugin)
        return pick(self._editions[name], wanted, name=name, beside=beside)

    async def _look(self, plugin: str) -> None:
        """Describe every environment of a plugin anew: one of them may have been changed."""
        pythons = interpreters(self._settings).get(plugin, [PYTHON])
        turns = asyncio.Semaphore(AT_ONCE)

        async def look(python: str) -> tuple[str, Sequence[Offer]]:
            async with turns:
                try:
                    return python, await self._ask(plugin, python)
                except ConfigInvalid as error:  # what cannot be read is not at hand
                    log.warning("%s", error.message)
                    return python, ()

        self._learn(plugin, await asyncio.gather(*map(look, pythons)))

    def _learn(self, plugin: str, offered: Sequence[tuple[str, Sequence[Offer]]]) -> None:
        places = {}
        for python, offers in offered:
            for offer in offers:
                places[offer.code] = python
                self._know(offer)
        self._environments.put(plugin, places)

    def _know(self, offer: Offer) -> None:
        known = self._editions.setdefault(offer.name, [])
        if offer.code and all(each.version != version_of(offer) for each in known):
            known.append(Edition(version_of(offer), stand_in(offer)))

    async def _import(self, name: str, plugin: str) -> None:
        """Import what is on the disk now, where that is another version."""
        entry = self._plugins.entries.get(plugin)
        if entry is None:
            return
        version, sources = self._installed(plugin), sources_of(entry.module)
        if not version or self.find(name, version) is not None:
            return
        shared = self._plugins.hooks(plugin) & SHARED
        if shared:
            raise UpgradeUnsound(
                f"The plugin {plugin} has a part in the core that cannot be there twice: "
                f"{', '.join(sorted(shared))}.",
                strategy=name,
            )
        found = await load_beside(entry.module, sources)
        for each, strategy in found.items():
            if each in self._editions and self._plugins.owners.get(each) == plugin:
                self._editions[each].append(Edition(version, strategy))

    def _installed(self, plugin: str) -> Version:
        """Return which version of a plugin is on the disk now, an empty one where none is."""
        try:
            version = distribution(self._names[plugin]).version
        except (PackageNotFoundError, ValueError):
            return Version()
        return Version(version, code_of(self._plugins.entries[plugin].module))


async def _nobody(plugin: str, python: str) -> Sequence[Offer]:
    """Ask nobody where no runner is started."""
    raise ConfigInvalid(f"The plugin {plugin} is not asked here.", plugin=plugin)


def _name(entry: EntryPoint) -> str:
    return "" if entry.dist is None else str(entry.dist.metadata["Name"])
