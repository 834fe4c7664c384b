"""A process's line to one account at the venue: it loses, delays and garbles, and never repeats."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from axisor.errors import (
    AxisorError,
    VenueAuth,
    VenueError,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.intents import Action
from axisor.model import AccountState, Funding, Order, Position
from axisor.ports import (
    ClosedPosition,
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
from axisor.simulated import ended, find, fundings, transfers
from tests.simulation.exchange import WINDOW_MS, Request
from tests.simulation.loop import SimLoop

if TYPE_CHECKING:
    from tests.simulation.venue import VenueDoor

T = TypeVar("T")

CLIENT_TIMEOUT_S = 8.0
READ_PARTS = 5
"""Requests that one reading of an account takes, side by side."""

LAG_S = 1.9
"""The most by which a reading of this venue is behind what it did."""

PAUSES_S = (1, 3, 4, 5, 8, 36)
"""For how long a core may stand still at the worst of moments."""

PER_S = 1.02
OTHERS, GUARDS = 3, 2
"""Requests in a window for readings and commands, and those kept for rescues."""


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
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
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
        try:
            leave()
        except AxisorError as error:
            return Refused(error)
        await self._last_moment()
        intent, stale = venue.find_intent(self.account, action, signed_at_ms)
        request = Request(
            self.account,
            action,
            signed_at_ms,
            self.door.process.name,
            intent,
            self._loop.time(),
            stale,
            self.door.process.stood_since,
        )
        venue.exchange.requests.append(request)
        answer: asyncio.Future[SendResult] = self._loop.create_future()
        self._travel(request, answer)
        timer = self._loop.call_later(CLIENT_TIMEOUT_S, self._give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    async def _last_moment(self) -> None:
        """Stop the core, if that is to be, between its last look and the first byte."""
        if self.door.stop is not None and self._faults.strikes("pause-at-byte"):
            self.door.stop(self._faults.chance("pause-at-byte").choice(PAUSES_S))
            await asyncio.sleep(0)
            self.door.must_live()

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
