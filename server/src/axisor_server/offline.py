"""What a command has of a core that may not run: its database to read, its strategies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from axisor.errors import CheckpointInvalid
from axisor_server.adapters.backup.before import before_migration
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.checkpoints import read_checkpoints
from axisor_server.adapters.database import (
    Reading,
    postgres_store,
    read_postgres,
    read_sqlite,
    sqlite_store,
)
from axisor_server.adapters.running import Environments
from axisor_server.adapters.signing import is_genuine
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.domain import audit_keys
from axisor_server.domain.audit_keys import read_public
from axisor_server.domain.checkpoints import KIND, Checkpoint, check_signed, from_document
from axisor_server.editions import InstalledEditions
from axisor_server.engine.editions import Editions
from axisor_server.links import database_url
from axisor_server.offering import offer
from axisor_server.plugins import Plugins
from axisor_server.ports import Store
from axisor_server.services.replay import Strategies
from axisor_server.settings import Loaded


def reading(loaded: Loaded, data_dir: Path) -> Reading:
    """Return a reading of the core's database, whether a core runs or not."""
    url = database_url(loaded.settings)
    return read_postgres(url) if url else read_sqlite(data_dir)


def checkpoints(reading: Reading, file: Path | None, key: str | None) -> list[Checkpoint]:
    """Return the checkpoints of a file, or those that the database keeps, each proved signed.

    Raises CheckpointInvalid, also where the database has no key and none is given.
    """
    if file is None:
        documents = reading.read(lambda view: view.documents(KIND))
        found = [each for document in documents for each in from_document(document).latest]
    else:
        found = list(read_checkpoints(file))
    if found:
        public = read_public(key) if key else _own_key(reading)
        for each in found:
            check_signed(each, partial(is_genuine, public))
    return found


def streams(reading: Reading, checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Return the journals there are, and those there should be by checkpoints."""
    there: Mapping[str, int] = reading.read(lambda view: view.sequences())
    return sorted({*there, *(each.stream for each in checkpoints)})


def _own_key(reading: Reading) -> bytes:
    record = reading.read(lambda view: view.document(audit_keys.KIND, audit_keys.ID))
    if record is None:
        raise CheckpointInvalid("This database has no key of its own: give --key.")
    return audit_keys.from_document(record).public


def strategies(loaded: Loaded) -> tuple[Strategies, Editions]:
    """Return the strategies of the plugins that are enabled, those that run elsewhere too, and
    which versions of them are installed.
    """
    plugins = Plugins.discover(loaded.settings.plugins)
    described = offer(plugins, loaded.settings)
    editions = InstalledEditions(plugins, loaded.settings, Environments(), described)
    return plugins.strategies, editions


@asynccontextmanager
async def opened_store(loaded: Loaded, data_dir: Path) -> AsyncIterator[Store]:
    """Give the core's database to write, without a core on SQLite.

    Raises StoreInUse where a core holds it, StoreUnavailable where there is none.
    """
    reading(loaded, data_dir).close()
    url = database_url(loaded.settings)
    place = Place(data_dir=data_dir, database_url=url)
    before = before_migration(
        place, clock=SystemClock(), ids=SystemIds(), version=version("axisor-server")
    )
    store: Store
    if url:
        store = postgres_store(url, before=before)
    else:
        store = sqlite_store(data_dir, before=before)
    await store.open()
    try:
        yield store
    finally:
        await store.close()
