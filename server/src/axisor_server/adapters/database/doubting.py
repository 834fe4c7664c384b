"""Marks a SQLite database whose last commit may be gone, so that nothing is done unknowing."""

from __future__ import annotations

import logging
import sqlite3
import time
import uuid

from axisor_server.adapters.backup.marking import mark
from axisor_server.domain.backups import Restored

WHY = "The disk may have lost what was written last."

log = logging.getLogger(__name__)


def doubt(connection: sqlite3.Connection) -> None:
    """Treat what is left as if it had been restored from a backup of its last entry."""
    now_us = time.time_ns() // 1_000
    connection.execute("BEGIN IMMEDIATE")
    (last_us,) = connection.execute("SELECT max(time) FROM journal").fetchone()
    heads = dict(connection.execute("SELECT stream, sequence FROM journal_head").fetchall())
    restored = Restored(
        backup=str(uuid.uuid4()),
        why=WHY,
        backup_us=now_us if last_us is None else last_us,
        time_us=now_us,
        heads=heads,
    )
    mark(connection.execute, restored)
    connection.execute("COMMIT")
    log.error("%s Nothing is sent until it is known what that was.", WHY)
