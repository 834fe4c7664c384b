"""The venue as one process sees it: the Venue ports over lines that lose, delay and garble."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import Context
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.structs import replace

from axisor.errors import (
    VenueAnswerInvalid,
    VenueAuth,
    VenueError,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.intents import Action
from axisor.model import AccountState, Candle, Funding, Order, Position, Tick
from axisor.ports import (
    ClockOffset,
    ClosedPosition,
    Credentials,
    KeyRights,
    Lane,
    RateBudget,
    Refused,
    SendResult,
    Transfer,
    Unknown,
)
from axisor_server.engine.paper import ended, find, fundings, transfers
from tests.simulation.exchange import WINDOW_MS, Request, SimExchange
from tests.simulation.faults import Faults
from tests.simulation.loop import Freezable, SimClock, SimLoop

T = TypeVar("T")

CLIENT_TIMEOUT_S = 8.0
READ_PARTS = 5
"""Requests that one reading of an account takes, side by side."""

LAG_S = 1.9
"""The most by which a reading of this venue is behind what it did."""

PER_S = 1.02
OTHERS, GUARDS = 3, 2
"""Requests in a window for readings and commands, and those kept for rescues."""


class SimVenue:
    """What all lines share: the exchange, the faults, and the outages now."""

    def __init__(self, exchange: SimExchange, faults: Faults, seed: int) -> None:
        self.exchange = exchange
        self.loop: SimLoop = exchange.loop
        self.faults = faults
        self.chance = random.Random(f"{seed}/line")
        self.down = False
        self.silent = False
        self.locked_until = 0.0
        self.retired_until = 0.0
        self.lines: list[SimLine] = []
        self.feeds: list[SimFeed] = []
        self.find_intent: Callable[[str, Action, int], tuple[str, bool]] = lambda *_: ("", False)
        self.prices_disturbed: Callable[[], None] = lambda: None
        self.disturbed: Callable[[str, str], None] = lambda *_: None
        exchange.on_change = self._hint

    def _hint(self, account: str, ours: bool) -> None:
        for line in self.lines:
            if line.account != account or self.down:
                continue
            if self.faults.strikes("hint-lost"):
                if not ours:
                    self.disturbed(account, "hint")
            else:
                self.later(self.net(), line.hint.set)

    def net(self) -> float:
        """Return how long a message takes one way."""
        return 0.01 + 0.12 * self.chance.random()

    def later(self, seconds: float, call: Callable[..., Any], *args: Any) -> None:
        """Have something happen at the venue or on the wire, whatever becomes of any process."""
        self.loop.call_later(seconds, call, *args, context=Context())

    def spread(self) -> None:
        """Tell every feed of the present price."""
        tick = self.tick()
        for feed in self.feeds:
            feed.offer(tick)

    def tick(self) -> Tick:
        """Return the present tick; who receives it stamps it."""
        quote = self.exchange.quote
        return Tick(
            time=quote.time,
            received=quote.time,
            last=quote.last,
            bid=quote.bid,
            ask=quote.ask,
            index=quote.index,
            funding_rate=self.exchange.rate,
            funding_time=self.exchange.market.funding_time,
        )

    def trouble(self) -> VenueError | None:
        """Return why no reading can be had at all now."""
        now = self.loop.time()
        if self.down:
            return VenueUnavailable("The simulated venue is down.")
        if now < self.locked_until:
            return VenueAuth("The simulated venue refuses the key.")
        if now < self.retired_until:
            return VenueAnswerInvalid("The simulated venue has no such address any more.")
        return None


class VenueDoor:
    """The Venue port of one process."""

    name = "simx"
    networks: Mapping[str, str] = {"signet": "", "sim": ""}

    def __init__(self, venue: SimVenue, process: Freezable, clock: SimClock) -> None:
        self.venue = venue
        self.process = process
        self.clock = clock
        self.dead = False
        self._mine: list[SimLine | SimFeed] = []

    def market(self, *, network: str, url: str | None, clock: Any) -> SimFeed:
        """Return a feed of prices."""
        feed = SimFeed(self)
        self.venue.feeds.append(feed)
        self._mine.append(feed)
        return feed

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Any
    ) -> SimLine:
        """Return a line to the account of a key."""
        line = SimLine(self, credentials.key.reveal())
        self.venue.lines.append(line)
        self._mine.append(line)
        return line

    def must_live(self) -> None:
        """Let nothing through once the process is dead."""
        if self.dead:
            raise asyncio.CancelledError

    def die(self) -> None:
        """Become inert."""
        self.dead = True
        for one in self._mine:
            if isinstance(one, SimLine):
                self.venue.lines.remove(one)
            else:
                self.venue.feeds.remove(one)


class SimFeed:
    """The MarketFeed port: ticks that come late, twice, in any order, or not at all."""

    def __init__(self, door: VenueDoor) -> None:
        self._door = door
        self._venue = door.venue
        self._ticks: deque[Tick] = deque()
        self._come = asyncio.Event()

    def offer(self, tick: Tick) -> None:
        """Send a tick on its way."""
        venue, faults = self._venue, self._venue.faults
        if venue.silent or venue.down:
            return
        if faults.strikes("tick-dropped"):
            return
        if faults.strikes("price-incomplete"):
            venue.prices_disturbed()
            tick = replace(tick, bid=None, ask=None)
        elif faults.strikes("price-disagrees"):
            venue.prices_disturbed()
            off = Decimal(faults.chance("price-disagrees").choice(("0.97", "1.03")))
            tick = replace(tick, bid=tick.last * off, ask=tick.last * off)
        delay = venue.net()
        if faults.strikes("tick-delayed"):
            delay += faults.chance("tick-delayed").uniform(0.5, 6)
        venue.later(delay, self._put, tick)
        if faults.strikes("tick-doubled"):
            venue.later(delay + 0.3, self._put, tick)

    def _put(self, tick: Tick) -> None:
        self._ticks.append(tick)
        self._come.set()

    async def ticker(self) -> Tick:
        """Read the present tick."""
        self._door.must_live()
        return replace(self._venue.tick(), received=self._door.clock.now(), source="rest")

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield ticks as they come."""
        while True:
            self._door.must_live()
            while not self._ticks:
                self._come.clear()
                await self._come.wait()
            yield replace(self._ticks.popleft(), received=self._door.clock.now())

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return no candles; this market has no past."""
        return ()

    async def clock_offset(self) -> ClockOffset:
        """Measure the venue's clock, wrong by no more than is said."""
        self._door.must_live()
        venue = self._venue
        await asyncio.sleep(venue.net() * 2)
        self._door.must_live()
        if venue.down or venue.faults.strikes("clock-unread"):
            raise VenueUnavailable("The simulated venue does not tell the time.")
        vague = 3_000 if venue.faults.strikes("clock-vague") else 120
        true = (venue.loop.now() - self._door.clock.now()).total_seconds() * 1000
        wrong = venue.chance.uniform(-vague, vague)
        return ClockOffset(offset_ms=round(true + wrong), uncertainty_ms=vague + 1)

    async def aclose(self) -> None:
        """Nothing is open."""


class Pace:
    """When each request may leave, so that no window holds more than the venue takes."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self._gone: dict[bool, deque[float]] = {
            True: deque(maxlen=GUARDS),
            False: deque(maxlen=OTHERS),
        }

    def next(self, lane: Lane) -> float:
        """Take the next place and return the seconds until it."""
        now = self._loop.time()
        gone = self._gone[lane is Lane.GUARD]
        at = now
        if len(gone) == gone.maxlen:
            at = max(now, gone[0] + PER_S)
        gone.append(at)
        return at - now


class SimLine:
    """The VenueAccount port of one process over one account."""

    signature_window_ms = WINDOW_MS

    def __init__(self, door: VenueDoor, account: str) -> None:
        self.door = door
        self.account = account
        self.hint = asyncio.Event()
        self._venue = door.venue
        self._loop = door.venue.loop
        self._faults = door.venue.faults
        self._pace = Pace(self._loop)

    # ---------------------------------------------------------------- readings

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read the account in five requests, each of which shows it at another moment."""
        self.door.must_live()
        venue, faults = self._venue, self._faults
        leave = [self._pace.next(lane) for _ in range(READ_PARTS)]
        shown = [self._loop.time() + wait + venue.net() for wait in leave]
        venue.chance.shuffle(shown)
        took = max(leave) + 2 * venue.net()
        if faults.strikes("read-slow"):
            took += faults.chance("read-slow").uniform(1, 9)
        began = self.door.clock.now()
        await asyncio.sleep(took)
        self.door.must_live()
        if faults.strikes("retired"):
            until = self._loop.time() + faults.chance("retired").uniform(0, 15)
            venue.retired_until = max(venue.retired_until, until)
        trouble = venue.trouble()
        if trouble is None and faults.strikes("read-failed"):
            trouble = VenueUnavailable("The reading was lost.")
        if trouble is not None:
            raise trouble
        if faults.strikes("read-stale"):
            lag = faults.chance("read-stale").uniform(0, LAG_S)
            shown = [when - lag for when in shown]
        return self._seen(shown, began)

    def _seen(self, shown: list[float], began: datetime) -> AccountState:
        exchange, faults = self._venue.exchange, self._faults
        parts = [exchange.state_at(self.account, when) for when in shown]
        positions = parts[1].positions
        unreadable: tuple[str, ...] = ()
        if positions and faults.strikes("unreadable"):
            lost = faults.chance("unreadable").choice(positions).id
            positions = tuple(p for p in positions if p.id != lost)
            unreadable = (lost,)
            self._venue.disturbed(self.account, "unreadable")
        return AccountState(
            balance=parts[0].balance,
            positions=positions,
            orders=parts[2].orders,
            cross=parts[3].cross,
            read_at=began,
            unreadable=unreadable,
        )

    async def _ask(self, read: Callable[[], T]) -> T:
        self.door.must_live()
        venue = self._venue
        await asyncio.sleep(self._pace.next(Lane.RECONCILE) + 2 * venue.net())
        self.door.must_live()
        trouble = venue.trouble()
        if trouble is not None:
            raise trouble
        if self._faults.strikes("witness-failed"):
            raise VenueUnavailable("The reading was lost.")
        return read()

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended."""
        return await self._ask(lambda: self._closed(id))

    def _closed(self, id: str) -> ClosedPosition | None:
        account = self._venue.exchange.account(self.account)
        trade = next((t for t in account.isolated.closed() if t.id == id), None)
        if trade is None:
            return None
        ends = (e.end for e in self._venue.exchange.endings if e.position == id)
        return ended(trade, next(ends, "closed"))

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return what carries a client id."""
        return await self._ask(lambda: find(self._venue.exchange.account(self.account), client_id))

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return funding payments, newest first."""
        return await self._ask(
            lambda: fundings(self._venue.exchange.account(self.account), position)
        )

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers, newest first."""
        return await self._ask(lambda: transfers(self._venue.exchange.account(self.account), after))

    async def rights(self) -> KeyRights:
        """Return that nothing is known of the key."""
        return KeyRights(scopes=frozenset(), can_withdraw=None)

    async def changes(self) -> AsyncIterator[str]:
        """Hint when something changed, unless the hint is lost."""
        while True:
            self.door.must_live()
            await self.hint.wait()
            self.hint.clear()
            if self._venue.down:
                raise VenueUnavailable("The stream broke.")
            yield "changed"

    async def warm(self) -> None:
        """Nothing needs warming."""

    def budget(self) -> RateBudget:
        """Return a full budget."""
        return RateBudget(limit=Decimal(5), available=Decimal(5), waiting=0)

    async def aclose(self) -> None:
        """Nothing is open."""

    # ---------------------------------------------------------------- changes

    async def send(
        self, action: Action, *, signed_at_ms: int, lane: Lane = Lane.COMMAND
    ) -> SendResult:
        """Carry an action out over a line that may do anything to it, once."""
        self.door.must_live()
        wait = self._pace.next(lane)
        if wait:
            await asyncio.sleep(wait)
            self.door.must_live()
        venue = self._venue
        refusal = self._refusal()
        if refusal is not None:
            venue.disturbed(self.account, "unsent")
            await asyncio.sleep(2 * venue.net())
            return Refused(refusal)
        intent, stale = venue.find_intent(self.account, action, signed_at_ms)
        request = Request(
            self.account,
            action,
            signed_at_ms,
            getattr(self.door.process, "name", ""),
            intent,
            self._loop.time(),
            stale,
        )
        venue.exchange.requests.append(request)
        answer: asyncio.Future[SendResult] = self._loop.create_future()
        self._travel(request, answer)
        timer = self._loop.call_later(CLIENT_TIMEOUT_S, self._give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def _give_up(self, answer: asyncio.Future[SendResult]) -> None:
        if not answer.done():
            answer.set_result(Unknown("No answer came in time."))

    def _refusal(self) -> VenueError | None:
        venue, faults, now = self._venue, self._faults, self._loop.time()
        if venue.down or faults.strikes("not-sent"):
            return VenueUnavailable("No connection could be made.")
        if faults.strikes("unauthorized"):
            until = now + faults.chance("unauthorized").uniform(0, 12)
            venue.locked_until = max(venue.locked_until, until)
        if now < venue.locked_until:
            return VenueAuth("The simulated venue refuses the key.")
        if faults.strikes("too-many"):
            return VenueRateLimited("The simulated venue has had too many requests.")
        if faults.strikes("refused"):
            return VenueRefused("The simulated venue refuses, and does not say why.")
        return None

    def _travel(self, request: Request, answer: asyncio.Future[SendResult]) -> None:
        venue, faults = self._venue, self._faults
        delay, work, back = venue.net(), 0.0, ""
        if faults.strikes("request-lost"):
            venue.disturbed(self.account, "unanswered")
            return
        if faults.strikes("error-before"):
            venue.disturbed(self.account, "unanswered")
            venue.later(delay * 2, _tell, answer, Unknown("HTTP 503, before anything was done."))
            return
        if faults.strikes("late"):
            delay = faults.chance("late").uniform(2, 29)
        if faults.strikes("beyond-window"):
            delay = faults.chance("beyond-window").uniform(30, 58)
        if faults.strikes("slow-venue"):
            work = faults.chance("slow-venue").uniform(0, 0.95)
        for kind in ("response-lost", "error-after", "mangled-answer", "client-broke"):
            if not back and faults.strikes(kind):
                back = kind
        if back or delay > 1:
            venue.disturbed(self.account, "unanswered")
        request.lands = self._loop.time() + delay + work
        venue.later(delay, self._arrive, request, answer, work, back)

    def _arrive(
        self, request: Request, answer: asyncio.Future[SendResult], work: float, back: str
    ) -> None:
        if self._venue.down:
            request.lands = None
            return
        refused = self._venue.exchange.arrive(request)
        if refused is not None:
            self._reply(answer, refused, back)
        elif work:
            self._venue.later(work, self._work, request, answer, back)
        else:
            self._work(request, answer, back)

    def _work(self, request: Request, answer: asyncio.Future[SendResult], back: str) -> None:
        self._reply(answer, self._venue.exchange.take(request), back)

    def _reply(self, answer: asyncio.Future[SendResult], result: SendResult, back: str) -> None:
        net = self._venue.net()
        match back:
            case "response-lost":
                return
            case "client-broke":
                self._venue.later(net, _break, answer)
            case "error-after":
                self._venue.later(net, _tell, answer, Unknown("HTTP 502."))
            case "mangled-answer":
                self._venue.later(net, _tell, answer, Unknown("HTTP 200, but unreadable."))
            case _:
                self._venue.later(net, _tell, answer, result)


def _tell(answer: asyncio.Future[SendResult], result: SendResult) -> None:
    if not answer.done():
        answer.set_result(result)


def _break(answer: asyncio.Future[SendResult]) -> None:
    if not answer.done():
        answer.set_exception(ConnectionResetError("the line broke"))
