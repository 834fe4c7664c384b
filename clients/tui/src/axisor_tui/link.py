"""Feeds the console from a core: its streams, and the guard's forecast.

The streams resume by themselves. The forecast is asked for again when something changed or the
price moved on, at most every two seconds, so that a console costs the core little.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from axisor.client import Client, every
from axisor.errors import AxisorError
from axisor.watch import Disconnected, Reconnected
from axisor.wire.records import SeenEvent, Snapshot, TickReport
from axisor_tui.app import Emit
from axisor_tui.state import (
    GuardSeen,
    Happened,
    Linked,
    LinkLost,
    PriceSeen,
    Snapped,
)

FORECAST_S = 2.0
"""The forecast is asked for at most this often."""


async def feed(client: Client, account: str, emit: Emit, *, clock: Callable[[], int]) -> None:
    """Emit everything the core says about an account until cancelled.

    Raises what the core refuses for good, such as PermissionDenied.
    """
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_events(client, account, emit, changed))
        tasks.create_task(_prices(client, account, emit, changed, clock))
        tasks.create_task(_forecasts(client, account, emit, changed))


async def _events(client: Client, account: str, emit: Emit, changed: asyncio.Event) -> None:
    async for item in client.events.watch(account):
        match item:
            case Snapshot():
                emit(Linked(client.target))
                emit(Snapped(item))
            case SeenEvent():
                emit(Happened(item))
            case Disconnected():
                emit(LinkLost(item.problem))
            case Reconnected():
                emit(Linked(client.target))
        changed.set()


async def _prices(
    client: Client, account: str, emit: Emit, changed: asyncio.Event, clock: Callable[[], int]
) -> None:
    async for item in client.market.watch_ticks(account):
        if isinstance(item, TickReport):
            emit(PriceSeen(item, clock()))
            changed.set()


async def _forecasts(client: Client, account: str, emit: Emit, changed: asyncio.Event) -> None:
    async for _ in _bursts(changed):
        # Without a guard or a price there is no forecast; the panels say so from the state.
        with suppress(AxisorError):
            plan = await client.guard.plan(account)
            floors = await client.guard.floor(account)
            covers = await every(
                lambda token: client.guard.list_coverage(account, page_token=token)
            )
            emit(GuardSeen(plan.rows, floors.floors, covers))


async def _bursts(changed: asyncio.Event) -> AsyncIterator[None]:
    """Yield once for each burst of changes."""
    while True:
        await changed.wait()
        changed.clear()
        yield
        await asyncio.sleep(FORECAST_S)
