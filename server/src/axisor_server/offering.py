"""What strategies of strangers a core offers: asked of their own Python, or read from files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import TypeAlias

from axisor.errors import AxisorError, ConfigInvalid, SettingsInvalid
from axisor.remote import Offer
from axisor.versions import Version
from axisor_server.adapters.running import Confines, describe_all
from axisor_server.adapters.running.describing import MOST_BYTES, read_offers
from axisor_server.choices import Runner
from axisor_server.domain.editions import age
from axisor_server.plugins import Plugins
from axisor_server.settings import Settings

PYTHON = sys.executable

ANY = "*"
"""In `runner.spawn`: whatever is installed beside the core and enabled while it runs."""


def confines_of(chosen: Runner) -> Confines:
    """Return the limits that the settings ask for."""
    return Confines(
        memory_mib=chosen.memory_mib,
        files=chosen.files,
        processes=chosen.processes,
        cpu_s=chosen.cpu_s,
        uid=chosen.uid,
        priority=chosen.priority,
    )


def interpreters(settings: Settings) -> dict[str, list[str]]:
    """Return the interpreters of each plugin that runs in processes of its own.

    There is one for each version at hand: a path with `*` is looked up anew each time. Raises
    SettingsInvalid for a plugin that is to run in the core too.
    """
    found: dict[str, list[str]] = {}
    for word in settings.runner.spawn:
        name, _, python = word.partition("=")
        if name == ANY:
            continue
        if name in settings.plugins:
            raise SettingsInvalid(
                f"The plugin {name} is to run both in the core and in runners.",
                fix="Name it in plugins or in runner.spawn, not in both.",
                setting="runner.spawn",
            )
        found.setdefault(name, []).extend(_paths(python) if "*" in python else [python or PYTHON])
    return found


def _paths(pattern: str) -> list[str]:
    return sorted(glob(pattern))


Described: TypeAlias = dict[str, list[tuple[str, Sequence[Offer]]]]
"""What each interpreter of a plugin offers, by plugin."""


def offer(plugins: Plugins, settings: Settings) -> Described:
    """Offer the strategies of plugins that run elsewhere; one that cannot say them is kept out.

    Of several versions the newest is offered. Returns all of them. Raises SettingsInvalid for a
    file of offers that cannot be read.
    """
    found = Described()
    said = describe_all(interpreters(settings), confines_of(settings.runner))
    for name, offers in said.items():
        try:
            found[name] = [(python, offer()) for python, offer in offers.items()]
            host(plugins, name, found[name])
        except AxisorError as error:
            plugins.bar(name, error.message)
    offer_files(plugins, settings)
    return found


def host(plugins: Plugins, name: str, offered: Sequence[tuple[str, Sequence[Offer]]]) -> None:
    """Offer the newest version of a plugin. Raises ConfigInvalid where there is none."""
    plugins.host(name, _newest([offers for _, offers in offered]))


def offer_files(plugins: Plugins, settings: Settings) -> None:
    """Offer what files say of programs that come by themselves. Raises SettingsInvalid."""
    for place in settings.runner.offers:
        for each in _read(place):
            plugins.host(each.plugin, [each], place="remote")


def _newest(offered: Sequence[Sequence[Offer]]) -> Sequence[Offer]:
    """Return what the newest version of a plugin offers. Raises ConfigInvalid without any."""
    found = [each for each in offered if each]
    if not found:
        raise ConfigInvalid("No Python is where its settings look for one, or it offers nothing.")
    return max(found, key=lambda offers: age(version_of(offers[0])))


def version_of(offer: Offer) -> Version:
    """Return which version an offer is of."""
    return Version(offer.version, offer.code)


def _read(place: str) -> Sequence[Offer]:
    try:
        with Path(place).open("rb") as file:
            return read_offers(file.read(MOST_BYTES))
    except OSError as error:
        raise SettingsInvalid(
            f"The offers in {place} cannot be read: {error.strerror}.", setting="runner.offers"
        ) from error
