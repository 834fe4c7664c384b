"""Carries planned actions out: stamp, commit, send once, settle; and finds out what it cannot know.

No call is ever repeated here. An action whose stamp the venue refused leaves once more as another
attempt, under a stamp of its own that is committed before. An action whose outcome is unknown is
only read about, until its witness shows it or its fence has passed. Each action has a task of its
own, so that none delays another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from msgspec import Struct

from axisor.errors import LeaseLost, StoreUnavailable, VenueError
from axisor.intents import Action
from axisor.ports import Clock, Lane, Refused, SendResult, Transfer, Unknown, VenueAccount
from axisor_server.domain.fence import VenueClock, is_past
from axisor_server.domain.intent import decode_action
from axisor_server.domain.journal import to_us
from axisor_server.domain.letters import is_dead_letter
from axisor_server.domain.readings import shows
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import Verdict, decode_baseline, judge
from axisor_server.engine.access import is_about_time
from axisor_server.engine.doubts import Look
from axisor_server.engine.failpoints import Failpoints
from axisor_server.engine.glances import Glances
from axisor_server.engine.reconcile import LEDGER_KINDS, gather
from axisor_server.engine.settings import EngineSettings
from axisor_server.engine.waiting import within

T = TypeVar("T")

STORE_PAUSE_S = 0.2
STAYS = "It stays unknown."
CLOCK_WAIT_S = 10.0
"""How long an action may wait for the first measure of the venue's clock."""
AGAIN_S = 3.0
"""How long it may wait for another measure, once its stamp was refused."""


class Order(Struct, frozen=True):
    """An action that is stamped, committed, and free to leave."""

    action: Action
    signed_ms: int
    lane: Lane


class Books(Protocol):
    """The actor, as the executor sees it. Each call is one committed unit."""

    async def mark_sent(self, intent: str) -> Order | None:
        """Stamp a planned action; None when it must not be sent any more."""
        ...

    async def stamp_anew(self, intent: str) -> Order | None:
        """Stamp an action whose stamp was refused; None when it must not be sent again."""
        ...

    def distrust_clock(self) -> None:
        """Have the venue's clock measured anew: it refused a stamp."""
        ...

    async def settle(self, intent: str, result: SendResult, *, latency_ms: int) -> None:
        """Record the answer to a send."""
        ...

    async def resolve(self, intent: str, verdict: Verdict) -> None:
        """Record how an unknown action turned out."""
        ...

    async def witnessed(self, intent: str, look: Look) -> None:
        """Record what a reading about an unknown action showed."""
        ...

    async def warn(self, intent: str, message: str) -> None:
        """Tell the owner that an action cannot be settled."""
        ...

    async def set_transfer(self, id: str) -> None:
        """Remember the newest row of the cross ledger."""
        ...

    def holds(self) -> bool:
        """Return whether the lease is certainly held."""
        ...

    def venue_clock(self) -> VenueClock | None:
        """Return the venue's clock as known."""
        ...

    async def clock_known(self) -> None:
        """Wait until the venue's clock is known."""
        ...

    def market_us(self) -> int:
        """Return market time."""
        ...

    def pending_transfer(self) -> tuple[str, int, int] | None:
        """Return (row before, sats, monotonic ms) of a transfer whose row was not seen yet."""
        ...

    def wait_ms(self) -> int | None:
        """Return how long to leave the venue alone; None where the last reading worked."""
        ...

    def open_intent(self, intent: str) -> IntentRecord | None:
        """Return an action that is not settled."""
        ...


class Executor:
    """Sends and settles for one account."""

    def __init__(
        self,
        line: VenueAccount,
        books: Books,
        *,
        clock: Clock,
        settings: EngineSettings,
        failpoints: Failpoints,
        glances: Glances,
        spawn: Callable[[Awaitable[None]], None],
    ) -> None:
        self._line = line
        self._glances = glances
        self._books = books
        self._clock = clock
        self._settings = settings
        self._failpoint = failpoints
        self._spawn = spawn
        self._sending: set[str] = set()

    @property
    def busy(self) -> bool:
        """Return whether a request is between its stamp and its outcome."""
        return bool(self._sending)

    async def carry_out(self, record: IntentRecord) -> None:
        """Take one action from its plan to its outcome."""
        await self._failpoint("planned")
        if record.kind in LEDGER_KINDS and not await self._know_ledger(record):
            return
        if self._books.venue_clock() is None:
            # Still unknown after this, the stamp is refused, and that is journaled.
            await within(self._clock, CLOCK_WAIT_S, self._books.clock_known())
        order = await self._durably(partial(self._books.mark_sent, record.id))
        if order is None:
            return
        self._sending.add(record.id)
        try:
            await self._send(record.id, order)
        finally:
            self._sending.discard(record.id)

    async def _send(self, intent: str, order: Order) -> None:
        result, latency = await self._attempt(order)
        if _is_about_time(result) and (again := await self._again(intent)) is not None:
            result, latency = await self._attempt(again)
        await self._durably(partial(self._books.settle, intent, result, latency_ms=latency))
        await self._failpoint("settled")
        if isinstance(result, Unknown):
            self._spawn(self.find_out(intent))

    async def _attempt(self, order: Order) -> tuple[SendResult, int]:
        await self._failpoint("sent-committed")
        await self._failpoint("in-flight")
        started = self._clock.monotonic_ms()
        result = await self.once(order)
        latency = self._clock.monotonic_ms() - started
        await self._failpoint("response-received")
        return result, latency

    async def _again(self, intent: str) -> Order | None:
        """Stamp an action anew by a new measure of the clock, once; None where that cannot be.

        The venue refused the stamp, so what carried it had no effect, and nobody else can cure it.
        """
        self._books.distrust_clock()
        await within(self._clock, AGAIN_S, self._books.clock_known())
        return await self._durably(partial(self._books.stamp_anew, intent))

    async def once(self, order: Order) -> SendResult:
        """Send an order; whatever breaks, the request may have left. Never sends twice.

        Whether the lease is still held is asked here, and by the line again when the bytes are
        next: a turn at the rate limiter or a handshake can outlast it.
        """
        try:
            self._may_leave()
        except LeaseLost as error:
            return Refused(error)
        limit = self._settings.send_ms / 1000
        send = self._line.send(
            order.action,
            signed_at_ms=order.signed_ms,
            lane=order.lane,
            leave=self._may_leave,
        )
        try:
            result = await within(self._clock, limit, send)
        except Exception as error:  # whatever broke, the request may have left
            return Unknown(f"The venue's client failed with {type(error).__name__}: {error}.")
        return Unknown(f"No answer within {limit:g} s.") if result is None else result

    def _may_leave(self) -> None:
        if not self._books.holds():
            raise LeaseLost("The lease ended before the request could leave.")

    async def _durably(self, write: Callable[[], Awaitable[T]]) -> T:
        """Repeat a write until the store takes it; nothing is sent meanwhile."""
        while True:
            try:
                return await write()
            except StoreUnavailable:
                await self._clock.sleep(STORE_PAUSE_S)

    async def _know_ledger(self, record: IntentRecord) -> bool:
        """Learn the cross ledger's newest row, else refuse the action.

        It is read before each transfer: a row that somebody else makes must not be taken for ours.
        """
        while True:
            try:
                newest = await self._newest_transfer(Lane(record.lane))
            except VenueError as error:
                refusal = Refused(error)
                await self._durably(partial(self._books.settle, record.id, refusal, latency_ms=0))
                return False
            if newest is not None:
                await self._durably(partial(self._books.set_transfer, newest))
                return True
            await self._clock.sleep(STORE_PAUSE_S)

    async def _newest_transfer(self, lane: Lane) -> str | None:
        waiting = self._books.pending_transfer()
        after = "" if waiting is None else waiting[0]
        rows: tuple[Transfer, ...] = await self._line.transfers(after=after or None)
        if waiting is not None and all(row.amount != waiting[1] for row in rows):
            limit = self._settings.lag_ms + self._settings.slack_ms
            if self._clock.monotonic_ms() - waiting[2] < limit:
                return None
        return rows[0].id if rows else after

    async def find_out(self, intent: str) -> None:
        """Read about an unknown action until it is settled; warn when that takes too long."""
        warned = False
        while (record := self._books.open_intent(intent)) is not None:
            look = await self.look(record)
            await self._failpoint("witness-read")
            if look is not None and look.verdict.state is not None:
                await self._durably(partial(self._books.resolve, intent, look.verdict))
                await self._failpoint("resolved")
                return
            if look is not None:
                await self._durably(partial(self._books.witnessed, intent, look))
            if not warned and self._is_stuck(record, look):
                reason = look.verdict.message if look and look.verdict.message else STAYS
                await self._durably(partial(self._books.warn, intent, reason))
                warned = True
            pause = self._settings.witness_every_ms * (10 if warned else 1)
            await self._clock.sleep(max(pause, self._books.wait_ms() or 0) / 1000)

    def _is_stuck(self, record: IntentRecord, look: Look | None) -> bool:
        """Return whether waiting is no use: it is a dead letter, or what is seen is ambiguous."""
        if look is not None and look.fenced and look.verdict.message:
            return True
        now_us = to_us(self._clock.now())
        return is_dead_letter(record, now_us=now_us, after_ms=self._settings.dead_letter_ms)

    def is_fenced(self, record: IntentRecord) -> bool:
        """Return whether the venue will certainly not carry an action out any more."""
        clock = self._books.venue_clock()
        if clock is None or record.fence_us is None:
            return False
        wall_ms = to_us(self._clock.now()) // 1000
        return is_past(clock, wall_ms=wall_ms, fence_ms=record.fence_us // 1000)

    async def look(self, record: IntentRecord) -> Look | None:
        """Read once about an unknown action; None when the venue did not answer."""
        action = decode_action(record.action)
        baseline = decode_baseline(record.witness)
        fenced = self.is_fenced(record)
        market_us = self._books.market_us()
        try:
            # A reading takes several requests: it must not use up what another rescue would need.
            evidence = await gather(
                self._line,
                action,
                baseline,
                state_of=self._glances.state,
                market_us=market_us,
                final=fenced,
            )
        except VenueError:
            return None
        verdict = judge(action, baseline, evidence, fenced=fenced)
        return Look(verdict, fenced, shows(action, evidence))


def _is_about_time(result: SendResult) -> bool:
    return isinstance(result, Refused) and is_about_time(result.error)
