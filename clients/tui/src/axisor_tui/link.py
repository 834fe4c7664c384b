"""Feeds the console from a core: its streams, the guard's forecast, and what waits for a word.

The streams resume by themselves. What must be asked for is asked for again when something changed
or the price moved on, at most every two seconds, so that a console costs the core little.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from axisor.client import Client
from axisor.errors import AccountNotFound, AxisorError
from axisor.identity import ConfirmationPrepared, ConfirmationSettled
from axisor.model import Permission, Sats
from axisor.watch import Disconnected, Reconnected
from axisor.wire.notices import AlertSummary
from axisor.wire.records import Account, SeenEvent, Snapshot, TickReport
from axisor_tui import alerting
from axisor_tui.desk import Desk
from axisor_tui.model.messages import (
    AlertSeen,
    AlertsLost,
    Happened,
    Linked,
    LinkLost,
    Message,
    NoAccountYet,
    PriceSeen,
    Snapped,
)

Emit: TypeAlias = Callable[[Message], None]

FORECAST_S = 2.0
"""The forecast is asked for at most this often."""

NEW_ACCOUNT_S = 2.0
"""A core without accounts is asked for one this often."""

ALERTS_S = 60.0
"""Alerts are listed this often; they are followed in between."""

ASKED_AGAIN = (ConfirmationPrepared, ConfirmationSettled)


class Link:
    """Connects to a core, chooses an account, and tells what happens until it is cancelled.

    `desk` is None until the account is chosen; `rights` are what the token may do there, once
    that was `learned`.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        account: str | None,
        *,
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connect, self._wanted, self._clock = connect, account, clock
        self._sleep = sleep
        self.desk: Desk | None = None
        self.rights = Permission.READ
        self.learned = False

    async def run(self, emit: Emit) -> None:
        """Emit everything the core says. Raises what it refuses for good."""
        async with self._connect() as client:
            chosen = await self._chosen(client, emit)
            self.desk = Desk(client, chosen.id)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(feed(self.desk, emit, clock=self._clock))
                tasks.create_task(self._learn(self.desk))

    async def _chosen(self, client: Client, emit: Emit) -> Account:
        """Return the account that is meant; where there is none at all, wait for the first."""
        while True:
            try:
                return await client.accounts.choose(self._wanted)
            except AccountNotFound:
                if (await client.accounts.list(page_size=1)).items:
                    raise
            emit(NoAccountYet(client.target))
            await self._sleep(NEW_ACCOUNT_S)

    async def _learn(self, desk: Desk) -> None:
        self.rights = await desk.rights()
        self.learned = True


class _Feed:
    """What the tasks of one feed share: what is to be asked again, and the free balance.

    `heard` are the alerts that came since they were listed last.
    """

    def __init__(self, desk: Desk, emit: Emit) -> None:
        self.desk, self.emit = desk, emit
        self.changed, self.waiting = asyncio.Event(), asyncio.Event()
        self.alerted = asyncio.Event()
        self.heard: list[AlertSeen] = []
        self.free: Sats | None = None


async def feed(desk: Desk, emit: Emit, *, clock: Callable[[], int]) -> None:
    """Emit everything the core says about an account until cancelled.

    Raises what the core refuses for good, such as PermissionDenied.
    """
    shared = _Feed(desk, emit)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_events(shared))
        tasks.create_task(_prices(shared, clock))
        tasks.create_task(_forecasts(shared))
        tasks.create_task(_confirmations(shared))
        tasks.create_task(_alerts(shared))
        tasks.create_task(_alert_lists(shared))


async def _events(shared: _Feed) -> None:
    desk, emit = shared.desk, shared.emit
    async for item in desk.client.events.watch(desk.account):
        match item:
            case Snapshot():
                shared.free = item.balance.balance.free
                emit(Linked(desk.client.target))
                emit(Snapped(item))
                shared.waiting.set()
                with suppress(AxisorError):
                    # The log begins with the past; without it, it begins with what comes.
                    emit(await desk.history(item.sequence + 1))
            case SeenEvent():
                emit(Happened(item))
                if isinstance(item.payload, ASKED_AGAIN):
                    shared.waiting.set()
            case Disconnected():
                emit(LinkLost(item.problem, item.retry_in_s))
            case Reconnected():
                emit(Linked(desk.client.target))
        shared.changed.set()


async def _prices(shared: _Feed, clock: Callable[[], int]) -> None:
    desk = shared.desk
    async for item in desk.client.market.watch_ticks(desk.account):
        if isinstance(item, TickReport):
            shared.emit(PriceSeen(item, clock()))
            shared.changed.set()


async def _forecasts(shared: _Feed) -> None:
    async for _ in _bursts(shared.changed):
        # Without a guard or a price there is no forecast; the panels say so from the state.
        with suppress(AxisorError):
            shared.emit(await shared.desk.forecast(shared.free))


async def _confirmations(shared: _Feed) -> None:
    async for _ in _bursts(shared.waiting):
        # A core that is away is said elsewhere; the next event asks again.
        with suppress(AxisorError):
            shared.emit(await shared.desk.waiting())


async def _alerts(shared: _Feed) -> None:
    desk, emit = shared.desk, shared.emit
    try:
        async for item in desk.client.notices.watch_alerts(desk.account):
            match item:
                case AlertSummary():
                    shared.heard.append(AlertSeen(item))
                    emit(shared.heard[-1])
                case Disconnected():
                    emit(AlertsLost(item.problem))
                case Reconnected():
                    shared.alerted.set()
    except AxisorError as error:
        # The screens say so; prices and positions go on.
        emit(AlertsLost(error.message))


async def _alert_lists(shared: _Feed) -> None:
    """List alerts at first, whenever some may have ended unheard, and now and then."""
    while True:
        shared.heard.clear()
        try:
            shared.emit(await alerting.alerts(shared.desk))
            for each in tuple(shared.heard):
                # It came while the list was made, which may not have it yet.
                shared.emit(each)
        except AxisorError as error:
            shared.emit(AlertsLost(error.message))
        with suppress(TimeoutError):
            async with asyncio.timeout(ALERTS_S):
                await shared.alerted.wait()
        shared.alerted.clear()


async def _bursts(changed: asyncio.Event) -> AsyncIterator[None]:
    """Yield once for each burst of changes."""
    while True:
        await changed.wait()
        changed.clear()
        yield
        await asyncio.sleep(FORECAST_S)
