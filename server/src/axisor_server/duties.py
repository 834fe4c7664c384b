"""What the settings make of a core: roles, leases and pace, and what it reports of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from axisor.errors import SettingsInvalid
from axisor.ports import Paced, Proxied, Venue
from axisor_server import settings as settings_module
from axisor_server.domain.confirmations import Waits
from axisor_server.domain.sessions import Terms
from axisor_server.engine.settings import EngineSettings
from axisor_server.plugins import Plugins, PluginState
from axisor_server.ports import Ids
from axisor_server.services.status import PluginReport, SettingReport
from axisor_server.settings import Loaded, Role, Settings


def _check_roles(settings: Settings) -> None:
    if not settings.roles:
        raise SettingsInvalid("A core needs a role.", setting="roles")
    if not settings.database.url and set(settings.roles) != set(Role):
        raise SettingsInvalid(
            "On SQLite one core has every role: no other could work with its database.",
            fix="Name a PostgreSQL with database.url, or leave roles as it is.",
            setting="roles",
        )
    if settings.lease.renew_ms * 3 > settings.lease.ttl_ms:
        raise SettingsInvalid(
            "A lease must be renewed three times before it ends.", setting="lease.renew_ms"
        )


def engine_settings(settings: Settings, ids: Ids) -> EngineSettings:
    """Return how the engine is to behave. Raises SettingsInvalid for roles that do not fit."""
    _check_roles(settings)
    return replace(
        EngineSettings.of(settings, owner=_owner(settings, ids)),
        lead=Role.ENGINE in settings.roles,
        follow=Role.API in settings.roles,
        lease_ms=settings.lease.ttl_ms,
        renew_ms=settings.lease.renew_ms,
        share_ms=min(1_000, settings.lease.renew_ms),
    )


def _owner(settings: Settings, ids: Ids) -> str:
    """Return under which name leases are taken.

    Beside SQLite's locked directory there is only one core, whoever it was before: it takes its own
    leases again at once. Replicas on one database each have a name of their own.
    """
    if not settings.database.url:
        return "the core of this directory"
    return f"{socket.gethostname()}/{os.getpid()}/{ids.new()[-8:]}"


def terms_of(settings: Settings) -> Terms:
    """Return how long sign-ins last."""
    minute_us, day_us = 60_000_000, 86_400_000_000
    return Terms(
        access_us=settings.tokens.access_minutes * minute_us,
        idle_us=settings.tokens.idle_days * day_us,
        absolute_us=settings.tokens.most_days * day_us,
    )


def waits_of(settings: Settings) -> Waits:
    """Return how long prepared calls wait. Raises SettingsInvalid for waits that do not fit."""
    found = settings.confirmations
    if found.commit_s > found.approve_s:
        raise SettingsInvalid(
            "Nobody can commit a call longer than it waits.",
            fix="Make confirmations.commit_s at most confirmations.approve_s.",
            setting="confirmations.commit_s",
        )
    second_us = 1_000_000
    return Waits(
        commit_us=found.commit_s * second_us,
        approve_us=found.approve_s * second_us,
        drift_percent=found.drift_percent,
    )


def keep_pace(plugins: Plugins, settings: Settings) -> None:
    """Tell the venues how fast they may be asked, and through which proxy. Raises
    SettingsInvalid where one cannot go through it.
    """
    for venue in plugins.venues.values():
        admit(venue, settings)


def admit(venue: Venue, settings: Settings) -> None:
    """Tell a venue how fast it may be asked, and through which proxy. Raises SettingsInvalid."""
    if isinstance(venue, Paced):
        venue.keep_pace(settings.venue.pace())
    if not settings.venue.proxy:
        return
    if not isinstance(venue, Proxied):
        raise SettingsInvalid(
            f"The venue {venue.name} cannot be reached through a proxy.",
            money="Its requests would go out beside the proxy.",
            fix="Disable the plugin, or leave venue.proxy empty.",
            setting="venue.proxy",
        )
    venue.use_proxy(settings.venue.proxy)


def plugin_reports(
    plugins: Plugins, faults: Callable[[str], int] = lambda plugin: 0
) -> Sequence[PluginReport]:
    """Return the plugins as an operator sees them; `faults` counts those of runners."""
    return [plugin_report(state, faults(state.name)) for _, state in sorted(plugins.states.items())]


def plugin_report(state: PluginState, faults: int) -> PluginReport:
    """Return a plugin as an operator sees it; `faults` are those of its runners."""
    return PluginReport(
        name=state.name,
        version=state.version,
        enabled=state.enabled,
        error=state.error,
        strategies=tuple(state.strategies),
        venues=tuple(state.venues),
        hooks=tuple(state.hooks),
        faults=state.faults + faults,
        place=state.place,
    )


def setting_reports(loaded: Loaded) -> Sequence[SettingReport]:
    """Return every setting with its source; a password within an address is left out."""
    return [
        SettingReport(name=name, value=_shown(value), source=loaded.sources[name])
        for name, value in settings_module.values(loaded.settings).items()
    ]


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    scheme, separator, rest = text.partition("://")
    if separator and "@" in rest:
        return f"{scheme}://***@{rest.rpartition('@')[2]}"
    return text


def split(address: str, setting: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[host]:port`. Raises SettingsInvalid."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise SettingsInvalid(f"{address!r} is not HOST:PORT.", setting=setting)
    return host, int(port)
