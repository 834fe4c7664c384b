"""Finds runs by the beginning of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axisor.errors import RunNotFound
from axisor_cli.session import unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Run


async def all_runs(client: Client, account: str) -> tuple[Run, ...]:
    """Return every run of an account, newest first."""
    from axisor.client import every

    return await every(lambda token: client.strategies.list_runs(account, page_token=token))


async def find_run(client: Client, account: str, wanted: str) -> Run:
    """Return the one run whose id begins so. Raises RunNotFound."""
    runs = await all_runs(client, account)
    found = unique(wanted, [each.id for each in runs], RunNotFound)
    return next(each for each in runs if each.id == found)
