"""What a restore changes in the database it brings back, so that nothing of before can mix with it.

Leases get an epoch far above every former one, and belong to nobody. Runs go on with a step far
above every former one, so that no new action has the id, and so the client id, of one that the lost
core may have sent. And a fact says that the database was restored, and where its journals ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from axisor_server.domain.backups import EPOCH_STEP, RESTORED, Manifest, Restored

Execute = Callable[[str, Sequence[object]], object]
"""Runs one statement written with `?`."""

STATEMENTS = (
    f"UPDATE leases SET epoch = epoch + {EPOCH_STEP}, owner = '', until_us = 0",  # noqa: S608
    "INSERT INTO leases (account, owner, epoch, until_us)"  # noqa: S608
    f" SELECT id, '', {EPOCH_STEP}, 0 FROM accounts WHERE 1 = 1 ON CONFLICT (account) DO NOTHING",
    f"UPDATE runs SET step = step + {EPOCH_STEP}",  # noqa: S608
)


def mark(execute: Execute, restored: Restored) -> None:
    """Mark a database as restored, within the transaction that restores it."""
    for statement in STATEMENTS:
        execute(statement, ())
    execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (RESTORED, msgspec.json.encode(restored).decode()),
    )


def restored_from(manifest: Manifest, *, time_us: int) -> Restored:
    """Return the fact that a database came from a backup."""
    return Restored(
        backup=manifest.id,
        backup_us=manifest.time_us,
        time_us=time_us,
        heads={stream: head.sequence for stream, head in manifest.heads.items()},
    )
