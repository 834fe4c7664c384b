"""What strategies of strangers a core offers: asked of their own Python, or read from files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from axisor.errors import AxisorError, SettingsInvalid
from axisor.remote import Offer
from axisor_server.adapters.running import Confines, describe_all
from axisor_server.adapters.running.describing import MOST_BYTES, read_offers
from axisor_server.choices import Runner
from axisor_server.plugins import Plugins
from axisor_server.settings import Settings


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


def interpreters(settings: Settings) -> dict[str, str]:
    """Return the interpreter of each plugin that runs in processes of its own.

    Raises SettingsInvalid for one that is to run in the core too.
    """
    found: dict[str, str] = {}
    for word in settings.runner.spawn:
        name, _, python = word.partition("=")
        if name in settings.plugins:
            raise SettingsInvalid(
                f"The plugin {name} is to run both in the core and in runners.",
                fix="Name it in plugins or in runner.spawn, not in both.",
                setting="runner.spawn",
            )
        found[name] = python or sys.executable
    return found


def offer(plugins: Plugins, settings: Settings) -> None:
    """Offer the strategies of plugins that run elsewhere; one that cannot say them is kept out.

    Raises SettingsInvalid for a file of offers that cannot be read.
    """
    said = describe_all(interpreters(settings), confines_of(settings.runner))
    for name, offers in said.items():
        try:
            plugins.host(name, offers())
        except AxisorError as error:
            plugins.bar(name, error.message)
    for place in settings.runner.offers:
        for each in _read(place):
            plugins.host(each.plugin, [each], place="remote")


def _read(place: str) -> Sequence[Offer]:
    try:
        with Path(place).open("rb") as file:
            return read_offers(file.read(MOST_BYTES))
    except OSError as error:
        raise SettingsInvalid(
            f"The offers in {place} cannot be read: {error.strerror}.", setting="runner.offers"
        ) from error
