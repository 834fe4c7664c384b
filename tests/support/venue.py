"""A whole venue around the simulated exchange, with faults on its lines that can be switched on.

It checks what the real one does: a signature outside its window is refused on arrival. `effects`
holds every action that took effect, which is what tests count.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from axisor.errors import (
    AxisorError,
    NotSupported,
    VenueAuth,
    VenueClockSkew,
    VenueRefused,
    VenueUnavailable,
)
from axisor.exchange.account import Account
from axisor.exchange.happenings import Closed
from axisor.exchange.ids import seeded_ids
from axisor.exchange.market import Market
from axisor.exchange.quote import Quote
from axisor.intents import Action
from axisor.model import AccountState, Candle, Funding, Order, Position, Price, Tick
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

WINDOW_MS = 30_000
EARLY_MS = 5
"""Two clocks read in whole milliseconds may differ by that much."""

ACCOUNT = "trader"


class SimFeed:
    """The MarketFeed port, fed by the test."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._ticks: asyncio.Queue[Tick] = asyncio.Queue()

    def put(self, tick: Tick) -> None:
        """Deliver a tick to whoever reads."""
        self._ticks.put_nowait(tick)

    async def ticker(self) -> Tick:
        """Read the present tick, or what the test wants to be answered in its place."""
        venue = self._venue
        if venue.down or venue.feed_down:
            raise VenueUnavailable("The simulated feed is down.")
        tick = replace(venue.tick(), source="rest")
        return tick if venue.answers is None else replace(tick, last=venue.answers)

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield ticks as the test moves the price, the present one first."""
        yield self._venue.tick()
        while True:
            yield await self._ticks.get()

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return no candles; this market has no past."""
        return ()

    async def clock_offset(self) -> ClockOffset:
        """Measure the venue's clock."""
        venue = self._venue
        if venue.feed_down:
            raise VenueUnavailable("The simulated feed is down.")
        venue.measures += 1
        began_ms = venue.clock.monotonic_ms()
        ours = venue.clock.now() - venue.true_time()
        took_ms = venue.clock.monotonic_ms() - began_ms  # a busy machine parts the two
        off_ms = venue.offset_ms - ours // timedelta(milliseconds=1)
        return ClockOffset(
            offset_ms=off_ms + venue.misjudged_ms, uncertainty_ms=venue.uncertainty_ms + took_ms
        )

    async def aclose(self) -> None:
        """Nothing is open."""


class SimLine:
    """The VenueAccount port over one simulated account. Faults wait in the venue."""

    signature_window_ms = WINDOW_MS

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read the account; a stale reading shows it as it was some effects ago."""
        venue = self._venue
        venue.tries += 1
        if venue.key_refused:
            raise VenueAuth("The key was revoked.")
        if venue.down:
            raise VenueUnavailable("The simulated line is down.")
        await asyncio.sleep(0)
        venue.reads += 1
        venue.read_lanes.add(lane)
        if venue.stale_reads and venue.before is not None:
            venue.stale_reads -= 1
            return venue.before
        seen = venue.lens(venue.state())
        if venue.slow_reads:
            venue.slow_reads -= 1
            await venue.clock.sleep(1)
        return seen

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Carry an action out, with the next fault in line, if any."""
        venue = self._venue
        fault = venue.faults.pop(0) if venue.faults else ""
        if fault.startswith("queue:"):
            await venue.clock.sleep(float(fault[6:]))
        try:
            leave()
        except AxisorError as error:
            return Refused(error)
        venue.sent.append(action)
        venue.lanes.append(lane)
        if fault == "refuse-key":
            return Refused(VenueAuth("The key lacks a right."))
        if fault == "refuse-stamp":
            return Refused(VenueClockSkew("Timestamp is outside the accepted window."))
        if venue.down or fault == "refuse-connection":
            return Refused(VenueUnavailable("The simulated line is down."))
        if fault == "lose-request":
            await venue.clock.sleep(5)
            return Unknown("The request was lost.")
        if fault.startswith("late:"):
            late = asyncio.ensure_future(self._later(action, signed_at_ms, float(fault[5:])))
            venue.under_way.append(late)
            await venue.clock.sleep(5)
            return Unknown("The answer did not come in time.")
        if fault == "slow":
            await venue.clock.sleep(8)
        result = venue.arrive(action, signed_at_ms)
        if fault == "lose-response":
            await venue.clock.sleep(5)
            return Unknown("The answer was lost.")
        if fault == "raise":
            raise ConnectionResetError("the line broke")
        return result

    async def _later(self, action: Action, signed_at_ms: int, seconds: float) -> None:
        await self._venue.clock.sleep(seconds)
        self._venue.arrive(action, signed_at_ms)

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended."""
        trade = next((t for t in self._venue.account.isolated.closed() if t.id == id), None)
        return None if trade is None else ended(trade, self._venue.ends.get(id, "closed"))

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return what carries a client id."""
        self._up()
        return find(self._venue.account, client_id)

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return funding payments, newest first."""
        self._up()
        return fundings(self._venue.account, position)

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers, newest first."""
        self._up()
        return transfers(self._venue.account, after)

    def _up(self) -> None:
        if self._venue.down:
            raise VenueUnavailable("The simulated line is down.")

    async def rights(self) -> KeyRights:
        """Return that nothing is known of the key."""
        return KeyRights(scopes=frozenset(), can_withdraw=None)

    async def changes(self) -> AsyncIterator[str]:
        """Hint whenever the venue did something by itself."""
        while True:
            if self._venue.key_refused:
                self._venue.logins += 1
                raise VenueAuth("The key was revoked.")
            await self._venue.changed.wait()
            self._venue.changed.clear()
            yield "changed"

    async def warm(self) -> None:
        """Nothing needs warming."""

    def budget(self) -> RateBudget:
        """Return a full budget."""
        return RateBudget(limit=Decimal(5), available=Decimal(5), waiting=0)

    async def aclose(self) -> None:
        """Nothing is open."""


class SimVenue:
    """A venue with one market and one account."""

    name = "simx"

    def __init__(self, clock: Clock, *, price: str = "100000", balance: int = 1_000_000) -> None:
        self.clock = clock
        self.networks: Mapping[str, str] = {"sim": "", "signet": "", "mainnet": ""}
        quote = Quote.at(Decimal(price), clock.now())
        self.funding_rate = Decimal("0.0001")
        self.exchange = Market(quote, seeded_ids(21), self.funding_rate)
        self.exchange.open_account(ACCOUNT, balance)
        self.offset_ms = 0
        self.uncertainty_ms = 50
        self.misjudged_ms = 0
        self.answers: Decimal | None = None
        self.feed_down = False
        self.key_refused = False
        self.tries = 0
        self.logins = 0
        self.measures = 0
        self._began = (clock.now(), clock.monotonic_ms())
        self.faults: list[str] = []
        self.down = False
        self.stale_reads = 0
        self.slow_reads = 0
        self.before: AccountState | None = None
        self.sent: list[Action] = []
        self.lanes: list[Lane] = []
        self.effects: list[Action] = []
        self.reads = 0
        self.read_lanes: set[Lane] = set()
        self.ends: dict[str, str] = {}
        self.lens: Callable[[AccountState], AccountState] = lambda state: state
        self.changed = asyncio.Event()
        self.under_way: list[asyncio.Future[None]] = []
        self._feeds: list[SimFeed] = []

    @property
    def account(self) -> Account:
        """Return the simulated account."""
        found = self.exchange.account(ACCOUNT)
        assert found is not None
        return found

    def market(self, *, network: str, url: str | None, clock: Clock) -> SimFeed:
        """Return a feed of this venue's price."""
        feed = SimFeed(self)
        self._feeds.append(feed)
        return feed

    def account_line(self) -> SimLine:
        """Return a line of its own to the account."""
        return SimLine(self)

    def true_time(self) -> datetime:
        """Return the time that no step of our wall clock touches."""
        wall, began_ms = self._began
        return wall + timedelta(milliseconds=self.clock.monotonic_ms() - began_ms)

    def state(self) -> AccountState:
        """Return the account as it is."""
        return self.account.state(self.clock.now(), self.exchange.quote)

    def tick(self) -> Tick:
        """Return the present tick."""
        tick = self.exchange.quote.tick(self.clock.now())
        return replace(
            tick, funding_rate=self.funding_rate, funding_time=self.exchange.funding_time
        )

    def move(self, price: str) -> None:
        """Move the price; the exchange reacts first, then the feeds tell."""
        quote = Quote.at(Decimal(price), self.clock.now())
        events = self.exchange.advance(quote)
        for event in events:
            if isinstance(event.happening, Closed):
                self.ends[event.happening.trade.id] = ENDS[event.happening.by]
        if events:
            self.changed.set()
        for feed in self._feeds:
            feed.put(self.tick())

    def arrive(self, action: Action, signed_at_ms: int) -> SendResult:
        """Take a request as it arrives: check its stamp, then do it."""
        now_ms = int(self.true_time().timestamp() * 1000) + self.offset_ms
        if not -EARLY_MS <= now_ms - signed_at_ms <= WINDOW_MS:
            return Refused(VenueClockSkew("The timestamp is outside the window."))
        self.before = self.state()
        quote = self.exchange.quote
        try:
            answer = carry_out(self.account, action, quote)
        except (VenueRefused, NotSupported) as error:
            return Refused(error)
        self.effects.append(action)
        return answer


class SimVenueDoor:
    """The Venue port; the venue behind it outlives every core that uses it."""

    name = "simx"

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self.networks = venue.networks

    def market(self, *, network: str, url: str | None, clock: Clock) -> SimFeed:
        """Return a feed."""
        return self._venue.market(network=network, url=url, clock=clock)

    async def move_price(self, *, network: str, url: str, percent: Decimal, over_s: int) -> Price:
        """Move the price in one jump, to the next step, however long it is to take."""
        last = self._venue.exchange.quote.last
        self._venue.move(str(round(last * (100 + percent) / 50) / Decimal(2)))
        return self._venue.exchange.quote.last

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Clock
    ) -> SimLine:
        """Return a line to the account."""
        return self._venue.account_line()
