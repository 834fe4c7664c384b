"""Ten accounts of a hundred positions each, at venues within this process, for one core to guard.

One tick takes exactly one position below its trigger: the next nearest. How long the core takes is
the time from that print to the moment its request has arrived, both read from one monotonic clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

from tests.support.processes import KEY, PASSPHRASE, SECRET

from axisor.exchange import Event, NewTrade
from axisor.exchange.happenings import Changed
from axisor.model import OrderType, Side
from axisor.ports import Secret
from axisor_lnmarkets.sim.server import Simulator, serve
from axisor_lnmarkets.sim.settings import Settings

ACCOUNTS = 10
A_ACCOUNT = 100
BALANCE = 10**11
TRIGGER = Decimal("0.98")
STEEPEST, STEP = Decimal(30), Decimal("0.1")
"""Leverage of the first position and how much less each next one has: triggers 15 dollars apart."""

MARGIN = Decimal(20)
"""Dollars that a crash leaves between the price and the nearest liquidation."""

PATIENCE_S = 10.0


class Market:
    """One venue with one account, and its hundred positions."""

    def __init__(self, simulator: Simulator) -> None:
        self.url = simulator.url
        self._world = simulator.world
        self._arrived: asyncio.Future[float] | None = None
        self._crashed: list[float] | None = None
        self._world.listeners.append(self._listen)

    def open_positions(self, count: int = A_ACCOUNT) -> None:
        """Open so many positions, each a little nearer to its liquidation than the next."""
        world = self._world
        for number in range(count):
            order = NewTrade(
                type=OrderType.MARKET,
                side=Side.BUY,
                leverage=STEEPEST - STEP * number,
                quantity=1_000,
            )
            world.account.isolated.new_trade(world.now(), world.quote, order)
            world.settle_request()

    def _listen(self, events: tuple[Event, ...]) -> None:
        added = (e.happening for e in events if isinstance(e.happening, Changed))
        if any(change.by == "add_margin" for change in added):
            now = time.monotonic()
            if self._crashed is not None:
                self._crashed.append(now)
            if self._arrived is not None and not self._arrived.done():
                self._arrived.set_result(now)

    async def rescue(self) -> float:
        """Print a price just below the next trigger; return the seconds until margin arrives."""
        world = self._world
        nearest = max(trade.liquidation for trade in world.account.isolated.running())
        price = (nearest / TRIGGER * 2).to_integral_value("ROUND_FLOOR") / 2 - Decimal("0.5")
        self._arrived = asyncio.get_running_loop().create_future()
        started = time.monotonic()
        world.set_price(min(price, world.quote.last))
        try:
            return await asyncio.wait_for(self._arrived, PATIENCE_S) - started
        finally:
            self._arrived = None

    @property
    def requests(self) -> int:
        """Return how many signed requests have come until now, readings too."""
        return self._world.signed

    async def crash(self, seconds: float) -> list[float]:
        """Fall to just above the nearest liquidation; return when margin came, in seconds.

        That is below the trigger of every position that was not rescued yet. Raises TimeoutError
        where nothing came in time.
        """
        world = self._world
        nearest = max(trade.liquidation for trade in world.account.isolated.running())
        self._crashed = []
        started = time.monotonic()
        world.set_price(min(nearest + MARGIN, world.quote.last))
        await asyncio.sleep(seconds)
        came, self._crashed = self._crashed, None
        if not came:
            raise TimeoutError(f"no margin came within {seconds:g} s")
        return [at - started for at in came]


@asynccontextmanager
async def markets(
    accounts: int = ACCOUNTS, positions: int = A_ACCOUNT
) -> AsyncIterator[list[Market]]:
    """Serve so many venues of one account each until the block ends.

    They keep the venue's own rate limits.
    """
    async with AsyncExitStack() as stack:
        found = []
        for number in range(accounts):
            settings = Settings(
                key=KEY,
                secret=Secret(SECRET),
                passphrase=Secret(PASSPHRASE),
                balance=BALANCE,
                funding_rate=Decimal(0),
                anonymous_per_s=5,
                seed=number,
            )
            market = Market(await stack.enter_async_context(serve(settings)))
            market.open_positions(positions)
            found.append(market)
        yield found
