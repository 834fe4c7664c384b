"""A venue in this process whose price and lines a test moves: the simulated exchange behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from axisor.errors import AxisorError, SettingsInvalid, VenueUnavailable
from axisor.exchange import Account, Closed, Market, Quote, seeded_ids
from axisor.intents import Action
from axisor.model import AccountState, Candle, Funding, Order, Position, Sats, Tick
from axisor.ports import (
    Clock,
    ClockOffset,
    ClosedPosition,
    Credentials,
    KeyRights,
    Lane,
    Leave,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    Unknown,
    free_to_leave,
)
from axisor.simulated import ENDS, carry_out, ended, find, fundings, transfers
from axisor.testing.clock import FixedClock

ACCOUNT = "simulator"
FUNDING_RATE = Decimal("0.0001")
"""For eight hours, of every settlement."""


class Simulator:
    """Implements the `Venue` port with one account of play sats, the same for the same calls.

    `move` is the market, `down` cuts every line, and `faults` meet the next actions in turn: an
    error refuses one, "request" loses it on its way, "answer" loses the answer to it. `done` holds
    what took effect.
    """

    name = "simulator"
    networks: Mapping[str, str] = {"sim": ""}

    def __init__(
        self,
        *,
        price: Decimal | int | str = 100_000,
        balance: Sats = 1_000_000,
        clock: Clock | None = None,
    ) -> None:
        self.clock = FixedClock() if clock is None else clock
        quote = Quote.at(Decimal(price), self.clock.now())
        self.exchange = Market(quote, seeded_ids(1), FUNDING_RATE)
        self.books: Account = self.exchange.open_account(ACCOUNT, balance)
        self.down = False
        self.faults: list[AxisorError | str] = []
        self.done: list[Action] = []
        self.ends: dict[str, str] = {}
        self.changed = asyncio.Event()
        self._listeners: list[asyncio.Queue[Tick | None]] = []

    @property
    def tick(self) -> Tick:
        """Return the present tick."""
        seen = self.exchange.quote.tick(self.clock.now())
        due = self.exchange.funding_time
        return replace(seen, funding_rate=FUNDING_RATE, funding_time=due)

    def move(self, *prices: Decimal | int | str, every: timedelta = timedelta(seconds=1)) -> None:
        """Print each price in turn, market time moving on before it; the exchange acts on it.

        A clock that can be moved moves along.
        """
        for price in prices:
            time = self.exchange.quote.time + every
            if isinstance(self.clock, FixedClock) and self.clock.now() < time:
                self.clock.move(time - self.clock.now())
            events = self.exchange.advance(Quote.at(Decimal(price), time))
            for event in events:
                if isinstance(event.happening, Closed):
                    self.ends[event.happening.trade.id] = ENDS[event.happening.by]
            if events:
                self.changed.set()
            for listener in self._listeners:
                listener.put_nowait(self.tick)

    def market(
        self, *, network: str = "sim", url: str | None = None, clock: Clock | None = None
    ) -> SimulatorFeed:
        """Return a feed of its prices. Raises SettingsInvalid for another network than `sim`."""
        self._known(network)
        listener: asyncio.Queue[Tick | None] = asyncio.Queue()
        self._listeners.append(listener)
        return SimulatorFeed(self, listener)

    def account(
        self,
        *,
        network: str = "sim",
        url: str | None = None,
        credentials: Credentials | None = None,
        clock: Clock | None = None,
    ) -> SimulatorAccount:
        """Return its account, whatever the key. Raises SettingsInvalid for another network."""
        self._known(network)
        return SimulatorAccount(self)

    def _known(self, network: str) -> None:
        if network not in self.networks:
            raise SettingsInvalid(f"The simulator has no network `{network}`.", network=network)

    def check_line(self) -> None:
        """Raise VenueUnavailable while every line is cut."""
        if self.down:
            raise VenueUnavailable("The simulator's lines are cut.")

    def act(self, action: Action) -> SendResult:
        """Carry an action out at the present price, or meet the next fault."""
        fault = self.faults.pop(0) if self.faults else ""
        if isinstance(fault, AxisorError):
            return Refused(fault)
        if fault == "request":
            return Unknown("The request was lost on its way.")
        try:
            self.check_line()
            answer = carry_out(self.books, action, self.exchange.quote)
        except AxisorError as error:
            return Refused(error)
        self.done.append(action)
        return Unknown("The answer was lost.") if fault == "answer" else answer


class SimulatorFeed:
    """Implements the `MarketFeed` port: the present tick first, then one for each move."""

    def __init__(self, simulator: Simulator, heard: asyncio.Queue[Tick | None]) -> None:
        self._simulator, self._heard = simulator, heard

    async def ticker(self) -> Tick:
        """Read the present tick."""
        self._simulator.check_line()
        return replace(self._simulator.tick, source="rest")

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield the present tick, and each that follows until this is closed."""
        yield self._simulator.tick
        while (tick := await self._heard.get()) is not None:
            yield tick

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return none: this market has no past."""
        return ()

    async def clock_offset(self) -> ClockOffset:
        """Return that both clocks are one."""
        return ClockOffset(offset_ms=0, uncertainty_ms=0)

    async def aclose(self) -> None:
        """End the ticks."""
        self._heard.put_nowait(None)


class SimulatorAccount:
    """Implements the `VenueAccount` port over the simulator's one account."""

    signature_window_ms = 30_000

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read the account as it is."""
        self._simulator.check_line()
        market = self._simulator.exchange
        return self._simulator.books.state(market.quote.time, market.quote)

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Carry an action out, or meet the next fault."""
        try:
            leave()
        except AxisorError as error:
            return Refused(error)
        return self._simulator.act(action)

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended."""
        self._simulator.check_line()
        trade = next((t for t in self._simulator.books.isolated.closed() if t.id == id), None)
        return None if trade is None else ended(trade, self._simulator.ends.get(id, "closed"))

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return what carries a client id."""
        self._simulator.check_line()
        return find(self._simulator.books, client_id)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return the funding payments of a position, newest first."""
        self._simulator.check_line()
        return fundings(self._simulator.books, position)

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers, newest first."""
        self._simulator.check_line()
        return transfers(self._simulator.books, after)

    async def rights(self) -> KeyRights:
        """Return that everything but withdrawing is allowed."""
        return KeyRights(scopes=frozenset(), can_withdraw=False)

    async def changes(self) -> AsyncIterator[str]:
        """Yield a word whenever the exchange did something by itself."""
        while True:
            await self._simulator.changed.wait()
            self._simulator.changed.clear()
            yield "changed"

    async def warm(self) -> None:
        """Nothing needs warming."""

    def budget(self) -> RateBudget:
        """Return that nothing is limited."""
        return RateBudget(limit=Decimal(1_000), available=Decimal(1_000), waiting=0)

    async def aclose(self) -> None:
        """Nothing is open."""
