"""Engines that share one database: their processes, and who holds which account."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import psycopg
from msgspec import Struct
from tests.support.nursery import Nursery

from campaigns.nursery import QuickCore
from campaigns.venue import PACE


class Loss(Struct, frozen=True):
    """An account whose engine was struck: when, by the wall clock, and under which epoch."""

    account: str
    at: float
    epoch: int


class Engine:
    """One core among its like."""

    def __init__(self, folder: Path, number: int, dsn: str, quick: Nursery, lease: dict[str, str]):
        self.core = QuickCore(
            folder, "--database", dsn, name=f"core-{number}", variables={**PACE, **lease}
        )
        self.core.nursery = quick

    @property
    def pid(self) -> int:
        """Return its process's id."""
        assert self.core.process is not None
        return self.core.process.pid

    @property
    def alive(self) -> bool:
        """Return whether its process runs, or stands still."""
        return self.core.process is not None and self.core.process.returncode is None

    def share_key(self, first: Engine) -> None:
        """Use the same key for the exchange keys as another, as all cores of a database must."""
        self.core.data.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(first.core.data / "vault.key", self.core.data / "vault.key")

    def holds(self, accounts: Sequence[str], held: dict[str, tuple[str, int]]) -> list[str]:
        """Return which of the accounts it acts for."""
        own = f"/{self.pid}/"
        return [account for account in accounts if own in held.get(account, ("", 0))[0]]


def leases(dsn: str) -> dict[str, tuple[str, int]]:
    """Return owner and epoch of each account's lease."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(b"SELECT account, owner, epoch FROM leases").fetchall()
    return {account: (owner, epoch) for account, owner, epoch in rows}
