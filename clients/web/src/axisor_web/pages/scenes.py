"""What one page shows: a reading of its account, and what else its parts need."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from msgspec import Struct

from axisor.client import Client, every
from axisor.model import Order, OrderState
from axisor.states import ConfirmationState
from axisor.wire.confirmations import Confirmation
from axisor.wire.notices import AlertSummary, MuteSummary
from axisor.wire.records import PositionReport
from axisor_web.pages.readings import Reading, read
from axisor_web.pages.telling import Lines, lines_of

PARTS = {
    "bar": "parts/bar.html",
    "notes": "parts/notes.html",
    "safety": "parts/safety.html",
    "positions": "parts/positions.html",
    "activity": "parts/activity.html",
    "automations": "parts/automations.html",
    "waiting": "parts/waiting.html",
    "position": "parts/position.html",
    "guard": "parts/guard.html",
    "orders": "parts/orders.html",
    "phone": "parts/phone.html",
    "alerts": "parts/alerts.html",
}
"""The parts of pages that are painted again while somebody looks, by name."""

FEW = 8

T = TypeVar("T")


class Scene(Struct, frozen=True):
    """Everything that the parts of one page show."""

    reading: Reading
    lines: Lines = Lines()
    orders: tuple[Order, ...] = ()
    waiting: tuple[Confirmation, ...] = ()
    alerts: tuple[AlertSummary, ...] = ()
    mutes: tuple[MuteSummary, ...] = ()

    def position(self, id: str) -> PositionReport | None:
        """Return an open position, None where it is gone."""
        return next((each for each in self.reading.positions if each.position.id == id), None)


async def scene(client: Client, wanted: str | None, parts: frozenset[str]) -> Scene:
    """Read what the parts of a page need. Raises what the core refuses with."""
    reading = await read(client, wanted)
    return await around(client, reading, parts)


async def around(client: Client, reading: Reading, parts: frozenset[str]) -> Scene:
    """Read what the parts need beside the account itself."""
    account = reading.account.id
    lines, orders, waiting, alerts, mutes = await asyncio.gather(
        lines_of(client, account, most=FEW) if "activity" in parts else _nothing(Lines()),
        _orders(client, account) if "orders" in parts else _nothing(()),
        _waiting(client, account) if "waiting" in parts else _nothing(()),
        _alerts(client, account) if "alerts" in parts else _nothing(()),
        _mutes(client, account) if "alerts" in parts else _nothing(()),
    )
    return Scene(reading, lines, orders, waiting, alerts, mutes)


async def _orders(client: Client, account: str) -> tuple[Order, ...]:
    open_ones = await every(
        lambda token: client.orders.list(account, states=[OrderState.OPEN], page_token=token)
    )
    done = await client.orders.list(
        account, states=[OrderState.FILLED, OrderState.CANCELED], page_size=50
    )
    return (*open_ones, *done.items)


async def _waiting(client: Client, account: str) -> tuple[Confirmation, ...]:
    page = await client.confirmations.list(account, states=[ConfirmationState.PENDING])
    # What its preparer can still commit waits in a dialog somewhere; the rest needs another's word.
    return tuple(each for each in page.items if each.commit_until is None)


async def _alerts(client: Client, account: str) -> tuple[AlertSummary, ...]:
    return await every(
        lambda token: client.notices.list_alerts(account, only_open=True, page_token=token)
    )


async def _mutes(client: Client, account: str) -> tuple[MuteSummary, ...]:
    rules = await client.notices.rules()
    return tuple(each for each in rules.mutes if each.account == account)


async def _nothing(value: T) -> T:
    return value
