"""Lets an action leave: what may still be sent gets its stamp and fence in one committed unit."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from axisor.errors import Halted, LeaseLost, VenueUnavailable
from axisor.events import IntentSent, IntentState
from axisor.intents import Action
from axisor.ports import Lane, Refused
from axisor_server.domain.fence import Stamp, distinct, stamp
from axisor_server.domain.halting import refusal
from axisor_server.domain.intent import decode_action
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.witness import baseline_of, decode_baseline, encode_baseline
from axisor_server.engine import counting, settling
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft
from axisor_server.engine.executor import Order

STAMPS = 256
"""How many of the last signatures are not used again."""

REFUSALS = (Halted, VenueUnavailable)
"""Why an action may not leave; whatever else is raised says that it could not be written."""


class Stamping:
    """The stamps of one account. `window_ms` is how long its venue accepts a signature."""

    def __init__(self, core: Core, *, window_ms: int) -> None:
        self._core = core
        self._window_ms = window_ms
        self._used: deque[int] = deque(maxlen=STAMPS)

    async def first(self, intent: str) -> Order | None:
        """Mark a planned action SENT; None when it must not be sent any more."""
        return await self._in_turn(intent, self._first)

    async def _in_turn(
        self, intent: str, work: Callable[[str], Awaitable[Order | None]]
    ) -> Order | None:
        record = self._core.book.open.get(intent)
        rescue = record is not None and Lane(record.lane) is Lane.GUARD
        return await self._core.in_turn(lambda: work(intent), first=rescue, begun=True)

    async def _first(self, intent: str) -> Order | None:
        core = self._core
        record = core.book.open.get(intent)
        if record is None or record.state is not IntentState.PLANNED:
            return None
        if not core.holds():
            raise LeaseLost(f"The lease ended before {intent} was stamped.")
        if core.stopping and record.run:
            return None  # its run hears of it from who comes next, and asks again at once there
        draft = core.draft()
        if core.stopping:
            settling.cancel(draft, record, "The core stopped before the action was sent.")
        elif doubt := self._doubt(draft, record):
            settling.cancel(draft, record, doubt)
        else:
            try:
                return await self._send(draft, record)
            except REFUSALS as error:
                draft = core.draft()
                settling.settle_result(draft, record, Refused(error), latency_ms=0)
        await core.commit(draft)
        return None

    async def anew(self, intent: str) -> Order | None:
        """Mark an action SENT once more, as the venue refused its stamp.

        None when it must not be sent again; then that refusal is its outcome.
        """
        return await self._in_turn(intent, self._anew)

    async def _anew(self, intent: str) -> Order | None:
        core = self._core
        record = core.book.open.get(intent)
        if record is None or record.state is not IntentState.SENT:
            return None
        draft = core.draft()
        if core.stopping or not core.holds() or self._doubt(draft, record):
            return None
        try:
            return await self._send(draft, record)
        except REFUSALS:
            return None

    def _doubt(self, draft: Draft, record: IntentRecord) -> str:
        """Return why the situation that an action was planned for is over; empty if it is not."""
        if draft.now_us - record.created_us > self._core.settings.plan_ms * 1_000:
            return "The plan was too old to be sent."
        doubt = counting.objection(draft, record)
        return "" if doubt is None else doubt.message

    async def _send(self, draft: Draft, record: IntentRecord) -> Order:
        """Stamp an action and commit that it is SENT. Raises Halted, VenueUnavailable."""
        core, action = self._core, decode_action(record.action)
        halted = refusal(draft.book.halt, draft.book.platform, action)
        if halted is not None:
            raise halted
        stamped = self.stamp()
        sent = self._sent(draft, record, action, stamped)
        draft.rows.append(counting.fresh_enough(draft, sent))
        draft.move(sent, expect=record.state)
        draft.say(
            IntentSent(
                intent=record.id,
                attempt=sent.attempt,
                signed_at=from_us(stamped.signed_ms * 1_000),
                fence=from_us(stamped.fence_ms * 1_000),
            )
        )
        draft.rows.append(core.platform.gate(action, draft.book.halt))
        try:
            await core.commit(draft)
        except Halted:
            core.platform.look()  # all accounts are halted, and this core had not heard of it yet
            raise
        return Order(action, stamped.signed_ms, Lane(record.lane))

    def _sent(
        self, draft: Draft, record: IntentRecord, action: Action, stamped: Stamp
    ) -> IntentRecord:
        book = self._core.book
        market_us = decode_baseline(record.witness).market_us
        baseline = baseline_of(
            action, book.state, market_us=market_us, transfer=book.transfer or ""
        )
        return replace(
            record,
            state=IntentState.SENT,
            epoch=draft.epoch,
            attempt=record.attempt + 1,
            witness=encode_baseline(baseline),
            signed_us=stamped.signed_ms * 1_000,
            fence_us=stamped.fence_ms * 1_000,
            updated_us=draft.now_us,
        )

    def stamp(self) -> Stamp:
        """Return the stamp of a request that leaves now. Raises VenueUnavailable."""
        core = self._core
        clock = core.market.timekeeper.venue_clock()
        if clock is None:
            raise VenueUnavailable("The venue's clock has not been measured yet.")
        settings, window_ms = core.settings, self._window_ms
        made = stamp(
            clock,
            wall_ms=to_us(core.clock.now()) // 1_000,
            window_ms=window_ms,
            back_date_ms=settings.back_date_ms,
            lag_ms=settings.lag_ms,
            slack_ms=settings.slack_ms,
            uncertainty_limit_ms=settings.uncertainty_limit_ms,
            good_ms=core.lease_left_ms() if settings.binds_signatures(window_ms) else None,
        )
        before = {r.signed_us // 1_000 for r in core.book.open.values() if r.signed_us is not None}
        found = distinct(made, before.union(self._used))
        self._used.append(found.signed_ms)
        return found
