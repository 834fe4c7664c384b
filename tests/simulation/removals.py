"""Takes single safety rules out of the production code, as somebody might who finds them needless.

Each function here removes one rule; `mutants.py` says in a sentence what each rule is worth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import Any

from msgspec.structs import replace

from axisor.errors import VenueUnavailable
from axisor.events import IntentState
from axisor.intents import Action
from axisor.model import Position
from axisor.ports import Confirmed, Lane, Leave, Refused, SendResult, Unknown, VenueAccount
from axisor_margin_guard.memory import GuardMemory
from axisor_server.domain import account as accounts
from axisor_server.domain import intent as intents
from axisor_server.domain import review, witness
from axisor_server.domain.counters import Count
from axisor_server.domain.journal import Entry, Head
from axisor_server.domain.records import IntentRecord, RunRecord
from axisor_server.domain.witness import Baseline, Evidence, Verdict
from axisor_server.engine import counting, desk, executor, recovery, settling
from axisor_server.engine.asks import Ask, Asked
from axisor_server.engine.callers import Callers
from axisor_server.engine.draft import Draft
from axisor_server.engine.effects import Effects
from axisor_server.engine.executor import Executor, Order
from axisor_server.engine.ledger import Ledger
from axisor_server.engine.stamping import Stamping
from tests.simulation.exchange import Request
from tests.simulation.line import SimLine
from tests.simulation.patches import Patches

FAILED = Refused(VenueUnavailable("It is taken for a failure."))

# ---------------------------------------------------------------- what an answer means


def _answers(patches: Patches, read: Callable[[SendResult], SendResult]) -> None:
    once = Executor.once

    async def misread(self: Executor, order: Order) -> SendResult:
        return read(await once(self, order))

    patches.put(Executor, "once", misread)


def _reads_as(start: str, result: SendResult) -> Callable[[SendResult], SendResult]:
    def read(answer: SendResult) -> SendResult:
        return result if isinstance(answer, Unknown) and answer.detail.startswith(start) else answer

    return read


def timeout_is_failure(patches: Patches) -> None:
    """Take silence for a refusal."""
    _answers(patches, _reads_as("No answer", FAILED))


def server_error_is_failure(patches: Patches) -> None:
    """Take a 5xx for a refusal."""
    _answers(patches, _reads_as("HTTP 50", FAILED))


def broken_client_is_failure(patches: Patches) -> None:
    """Take an exception of the client for a refusal."""
    _answers(patches, _reads_as("The venue's client failed", FAILED))


def any_200_is_success(patches: Patches) -> None:
    """Take a 200 that cannot be read for a confirmation."""
    _answers(patches, _reads_as("HTTP 200", Confirmed(venue_id="")))


# ---------------------------------------------------------------- when a request leaves


def send_before_log(patches: Patches) -> None:
    """Let the request leave while its stamp is on its way to the store."""
    early: dict[tuple[int, bytes], asyncio.Future[SendResult]] = {}
    lines: dict[Any, VenueAccount] = {}
    carry_out, first, once = Executor.carry_out, Stamping._first, Executor.once

    async def known(self: Executor, record: IntentRecord) -> None:
        lines[self._books._core] = self._line  # type: ignore[attr-defined]
        await carry_out(self, record)

    async def eager(self: Stamping, intent: str) -> Order | None:
        core, commit = self._core, self._core.commit

        async def sending(draft: Draft) -> tuple[Entry, ...]:
            record = draft.book.open.get(intent)
            if record is not None and record.state is IntentState.SENT:
                action = intents.decode_action(record.action)
                signed = (record.signed_us or 0) // 1000
                line = lines[core]
                sent = line.send(action, signed_at_ms=signed, lane=Lane(record.lane))
                early[signed, record.action] = asyncio.ensure_future(sent)
            return await commit(draft)

        core.commit = sending  # type: ignore[method-assign]
        try:
            return await first(self, intent)
        finally:
            del core.commit

    async def late(self: Executor, order: Order) -> SendResult:
        sent = early.pop((order.signed_ms, intents.encode_action(order.action)), None)
        return await once(self, order) if sent is None else await sent

    patches.put(Executor, "carry_out", known)
    patches.put(Stamping, "_first", eager)
    patches.put(Executor, "once", late)


def lost_commit_is_written(patches: Patches) -> None:
    """Take a commit whose acknowledgement never came for one that was carried out."""

    async def hopeful(self: Ledger, head: Head, entries: tuple[Entry, ...]) -> bool:
        return True

    patches.put(Ledger, "_was_written", hopeful)


def sign_at_send(patches: Patches) -> None:
    """Sign a request when it leaves, not when its stamp is committed."""
    travel = SimLine._travel

    def signed_now(self: SimLine, request: Request, answer: asyncio.Future[SendResult]) -> None:
        request.signed_at_ms = self._loop.now_us() // 1_000
        travel(self, request, answer)

    patches.put(SimLine, "_travel", signed_now)


def transport_retries(patches: Patches) -> None:
    """Repeat a request that was not answered, as many a client does by itself."""
    send = SimLine.send

    async def stubborn(
        self: SimLine, action: Action, *, signed_at_ms: int, lane: Lane, leave: Leave
    ) -> SendResult:
        result: SendResult = Unknown("")
        for _ in range(3):
            result = await send(self, action, signed_at_ms=signed_at_ms, lane=lane, leave=leave)
            if not isinstance(result, Unknown):
                break
        return result

    patches.put(SimLine, "send", stubborn)


# ---------------------------------------------------------------- how an unknown is settled


def no_fence_wait(patches: Patches) -> None:
    """Believe at once that what is not seen did not happen."""
    patches.put(executor, "is_past", lambda clock, *, wall_ms, fence_ms: True)


def fence_checked_after_the_read(patches: Patches) -> None:
    """Let a reading count that was begun before the fence and came in after it."""
    look, sure = Executor.look, executor.judge  # type: ignore[attr-defined]
    present: ContextVar[tuple[Executor, IntentRecord]] = ContextVar("present")

    async def looking(self: Executor, record: IntentRecord) -> Any:
        present.set((self, record))
        return await look(self, record)

    def judged(action: Action, baseline: Baseline, evidence: Evidence, *, fenced: bool) -> Verdict:
        self, record = present.get()
        return sure(action, baseline, evidence, fenced=self.is_fenced(record))

    patches.put(Executor, "look", looking)
    patches.put(executor, "judge", judged)


def fence_without_allowance(patches: Patches) -> None:
    """End the fence with the signature's window, as if venues showed everything at once."""
    stamp = Stamping.stamp

    def short(self: Stamping) -> Any:
        stamped = stamp(self)
        return replace(stamped, fence_ms=stamped.signed_ms + self._window_ms)

    patches.put(Stamping, "stamp", short)


def any_movement_is_ours(patches: Patches) -> None:
    """Take whatever was added to a position for the whole of what was asked for."""
    whole = witness._judge_margin

    def generous(action: Any, baseline: Baseline, evidence: Evidence, *, fenced: bool) -> Verdict:
        return whole(replace(action, amount=1), baseline, evidence, fenced=fenced)

    patches.put(witness, "_judge_margin", generous)


def net_funding(patches: Patches) -> None:
    """Reckon with the net of funding fees, as if received ones came into the margin too."""

    def since(baseline: Baseline, position: Position, fundings: Any) -> int | None:
        if baseline.margin is None:
            return None
        moved = position.margin - baseline.margin
        moved += position.sum_cash_in_margin - baseline.cash_in_margin
        return moved + position.sum_funding_fees - baseline.funding

    patches.put(witness, "added_since", since)
    patches.put(witness, "needs_fundings", lambda *args, **more: False)


def gone_is_not_applied(patches: Patches) -> None:
    """Say that nothing was added to a position that is gone."""
    whole = witness._judge_margin

    def certain(action: Any, baseline: Baseline, evidence: Evidence, *, fenced: bool) -> Verdict:
        verdict = whole(action, baseline, evidence, fenced=fenced)
        if verdict.state is IntentState.DEAD:
            return replace(verdict, state=IntentState.NOT_APPLIED)
        return verdict

    patches.put(witness, "_judge_margin", certain)


def absence_proves_nothing(patches: Patches) -> None:
    """Never believe that an action did not happen."""
    patches.put(witness, "_unseen", lambda *, fenced, message: witness.NOT_YET)


# ---------------------------------------------------------------- what blocks, what counts


def unknown_does_not_block(patches: Patches) -> None:
    """Decide again while the outcome of the last decision is unknown."""

    def pending(self: accounts.AccountBook) -> frozenset[str]:
        known = replace(
            self, open={k: r for k, r in self.open.items() if r.state is not IntentState.UNKNOWN}
        )
        return whole(known)

    whole: Callable[[accounts.AccountBook], frozenset[str]]
    whole = accounts.AccountBook.pending.fget  # type: ignore[attr-defined]
    patches.put(accounts.AccountBook, "pending", property(pending))
    refuse = review._pending

    def lenient(action: Action, intent: str, book: accounts.AccountBook) -> Any:
        known = {k: r for k, r in book.open.items() if r.state is not IntentState.UNKNOWN}
        return refuse(action, intent, replace(book, open=known))

    patches.put(review, "_pending", lenient)
    patches.put(GuardMemory, "mark_unknown", GuardMemory.fail)


def unknown_costs_nothing(patches: Patches) -> None:
    """Leave sats of unknown outcome out of the budgets."""

    def forget(self: GuardMemory, position: str, number: str) -> None:
        held, place = self._find(position, number)
        if held is None:
            return
        asked = replace(held.asked[place], amount=0, unknown=True)
        held.spent -= held.asked[place].amount
        self.day_spent -= held.asked[place].amount
        held.asked = (*held.asked[:place], asked, *held.asked[place + 1 :])

    patches.put(GuardMemory, "mark_unknown", forget)


def restart_forgets(patches: Patches) -> None:
    """Begin every life of a run with an empty memory, and so with all its budget."""
    revive = recovery.revive

    def empty(record: RunRecord, strategies: Any) -> Any:
        return revive(replace(record, memory=b""), strategies)

    patches.put(recovery, "revive", empty)


def command_ids_mean_nothing(patches: Patches) -> None:
    """Take the same request for another one each time it comes."""
    ask, numbers = Callers.ask, count(1)

    async def afresh(self: Callers, account: str, what: Ask, asked: Asked, **more: Any) -> Any:
        id = f"{asked.request_id[:-6]}{next(numbers):06x}"
        return await ask(self, account, what, replace(asked, request_id=id), **more)

    patches.put(Callers, "ask", afresh)


# ---------------------------------------------------------------- readings


def any_reading_counts(patches: Patches) -> None:
    """Take a reading over that shows less than was known, and add to what it shows."""
    patches.put(settling, "behind", lambda counts, before, after, fundings: ())
    patches.put(Count, "is_behind", property(lambda self: False))
    for module in (counting, desk):
        patches.put(module, "fresh_enough", lambda draft, record: lambda tx: None)


def readings_from_before_count(patches: Patches) -> None:
    """Take a reading over that was begun before the last effect."""
    patches.put(Effects, "_took_effect", lambda self, record: None)


def guard_believes_any_figure(patches: Patches) -> None:
    """Let the guard act again as soon as its last action is settled, whatever the figures."""
    lapse = GuardMemory.lapse

    def trusting(self: GuardMemory, pending: Any, shapes: Any, now: Any) -> None:
        for position, held in self.held.items():
            if position not in pending:
                held.asked = tuple(asked for asked in held.asked if not asked.done)
        lapse(self, pending, shapes, now)

    patches.put(GuardMemory, "lapse", trusting)
