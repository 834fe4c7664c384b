"""A core with an account for clients to speak to, and for each of them a line that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec import Struct

from axisor.client import Client
from axisor.model import MarginMode, OrderType, Price, Side
from axisor.wire.records import SeenEvent
from tests.support.cutting import Wire, laid
from tests.support.processes import Core, Simulator, add_account, core, simulator

LIMIT = 90_000
"""Far below the price, so that an order rests and its position is never opened."""


class House(Struct):
    """A core, its venue, and a client of ours that speaks to it directly.

    Orders are placed `alone`, so that what the venue has taken can be counted, and disturbed.
    """

    folder: Path
    core: Core
    sim: Simulator
    client: Client
    account: str
    alone: asyncio.Lock

    @property
    def parent(self) -> str:
        """Return the account's name."""
        return f"accounts/{self.account}"

    @property
    def certificate(self) -> Path:
        """Return the core's certificate."""
        return self.core.data / "tls" / "cert.pem"

    async def placed(self) -> int:
        """Return how many orders the venue has taken, by its own ledger."""
        return len(await self.sim.ledger("new_trade"))

    async def stir(self) -> None:
        """Let something happen that the journal tells of."""
        async with self.alone:
            await self.client.orders.place(
                self.account,
                margin_mode=MarginMode.ISOLATED,
                type=OrderType.LIMIT,
                side=Side.BUY,
                quantity=1,
                leverage=Decimal(10),
                price=Price(LIMIT),
            )

    async def last(self) -> int:
        """Return the sequence of the newest event."""
        (newest,) = (
            await self.client.events.list(self.account, newest_first=True, page_size=1)
        ).items
        return newest.sequence

    async def journal(self, until: int) -> list[SeenEvent]:
        """Return the events of the journal up to a sequence."""
        found: list[SeenEvent] = []
        while len(found) < until:
            page = await self.client.events.list(
                self.account, after=len(found), before=until + 1, page_size=500
            )
            found += page.items
        return found


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Keep all of it running until the block ends."""
    async with (
        simulator(folder) as sim,
        core(folder) as running,
        running.client() as client,
    ):
        account = await add_account(client, sim.url)
        yield House(folder, running, sim, client, account, asyncio.Lock())


class Trial(Struct):
    """One client's trial: the house, and a line of its own."""

    house: House
    line: Wire

    @property
    def address(self) -> str:
        """Return where the line begins."""
        return f"127.0.0.1:{self.line.port}"

    def order(self) -> dict[str, Any]:
        """Return an order that rests, under a request id of its own."""
        return {
            "account": self.house.parent,
            "request_id": str(uuid4()),
            "quantity_usd": 1,
            "leverage": "10",
            "limit_price_usd": str(LIMIT),
        }


@asynccontextmanager
async def trial(at: House) -> AsyncIterator[Trial]:
    """Lay a line to the core for one client."""
    host, _, port = at.core.listen.rpartition(":")
    async with laid(lambda: asyncio.open_connection(host, int(port))) as line:
        yield Trial(at, line)
