"""What a command has of a core that may not run: its database to read, its strategies."""

from __future__ import annotations

from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor_server.adapters.database import Reading, read_postgres, read_sqlite
from axisor_server.plugins import Plugins
from axisor_server.services.replay import Strategies
from axisor_server.settings import Loaded, Settings


def postgres_url(settings: Settings) -> str:
    """Return the address of the PostgreSQL database, empty for SQLite. Raises SettingsInvalid."""
    url = settings.database.url
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise SettingsInvalid(
            "The database must be a postgresql:// address.", setting="database.url"
        )
    return url


def reading(loaded: Loaded, data_dir: Path) -> Reading:
    """Return a reading of the core's database, whether a core runs or not."""
    url = postgres_url(loaded.settings)
    return read_postgres(url) if url else read_sqlite(data_dir)


def strategies(loaded: Loaded) -> Strategies:
    """Return the strategies of the plugins that are enabled."""
    return Plugins.discover(loaded.settings.plugins).strategies
