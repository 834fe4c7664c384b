"""Reads a SQLite database from end to end while its core works, once a day: disks forget."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import structlog

from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.ports import Clock
from axisor_server.adapters.database import closing

FIRST_S = 60.0
EVERY_S = 24 * 3_600.0
CODE = "database_damaged"
PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT)
"""Errors that say nothing of the file: the next look is another one."""

log = structlog.get_logger("axisor.soundness")


class Soundness:
    """Looks after the file of a core's database. `told` hears of damage, each time it is found."""

    def __init__(
        self, database: Path, clock: Clock, *, told: Callable[[NoticeGiven], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._told = told

    async def run(self) -> None:
        """Look a minute after the start and then every day, until cancelled."""
        wait_s = FIRST_S
        while True:
            await self._clock.sleep(wait_s)
            await self.look()
            wait_s = EVERY_S

    async def look(self) -> None:
        """Read the database once, beside all else."""
        found = await self._check()
        if not found:
            return
        closing.doubt(self._database)
        log.error("the database is damaged", error=found)
        text = (
            f"The file of the database is damaged: {found}. The next start will refuse it. Stop the"
            " core, keep a copy of its directory, and restore the newest backup that verifies."
        )
        self._told(NoticeGiven(severity=Severity.CRIT, code=CODE, text=text))

    async def _check(self) -> str:
        uri = f"{self._database.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        reading = asyncio.ensure_future(asyncio.to_thread(check, connection))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            connection.interrupt()
            await reading
            raise
        finally:
            connection.close()


def check(connection: sqlite3.Connection) -> str:
    """Return what SQLite finds first that is wrong, empty where it finds nothing or was stopped."""
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended one
        return "" if code in PASSING else str(error)
    return "" if found == "ok" else str(found)
