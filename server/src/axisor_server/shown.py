"""What an operator sees of a core's plugins and settings."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from axisor_server import settings as settings_module
from axisor_server.plugins import Plugins
from axisor_server.services.status import PluginReport, SettingReport
from axisor_server.settings import Loaded


def plugin_reports(plugins: Plugins) -> Sequence[PluginReport]:
    """Return the plugins as an operator sees them."""
    return [
        PluginReport(
            name=state.name,
            version=state.version,
            enabled=state.enabled,
            error=state.error,
            strategies=tuple(state.strategies),
            venues=tuple(state.venues),
        )
        for _, state in sorted(plugins.states.items())
    ]


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
