"""A core with an account for clients to speak to, and a line to it that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from tests.support.cutting import Wire, laid
from tests.support.processes import Core, Simulator, add_account, core, simulator

from axisor.client import Client
from axisor.model import MarginMode, OrderType, Price, Side
from axisor.wire.records import SeenEvent

LIMIT = 90_000
"""Far below the price, so that an order rests and its position is never opened."""


class House(Struct):
    """What a script needs: a core, its venue, the line to it, and a client that goes past the line."""

    folder: Path
    core: Core
    sim: Simulator
    line: Wire
    client: Client
    account: str

    @property
    def parent(self) -> str:
        """Return the account's name."""
        return f"accounts/{self.account}"

    @property
    def address(self) -> str:
        """Return where the line begins."""
        return f"127.0.0.1:{self.line.port}"

    @property
    def certificate(self) -> Path:
        """Return the core's certificate."""
        return self.core.data / "tls" / "cert.pem"

    async def placed(self) -> int:
        """Return how many orders the venue has taken, by its own ledger."""
        return len(await self.sim.ledger("new_trade"))

    async def stir(self) -> None:
        """Let something happen, past the line, that the journal tells of."""
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
    async with simulator(folder) as sim, core(folder) as running:
        host, _, port = running.listen.rpartition(":")
        async with (
            laid(lambda: asyncio.open_connection(host, int(port))) as line,
            running.client() as client,
        ):
            account = await add_account(client, sim.url)
            yield House(folder, running, sim, line, client, account)
