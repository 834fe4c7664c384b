"""Takes single safety rules out of the production code, as somebody might who finds them needless.

Each function here removes one rule; `mutants.py` says in a sentence what each rule is worth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from msgspec.structs import replace

from axisor.errors import VenueError, VenueUnavailable
from axisor.events import Coverage, CoverageChanged, CoverageState, IntentState
from axisor.intents import Action
from axisor.model import Mode, Position
from axisor.ports import Confirmed, Lane, Refused, SendResult, Unknown
from axisor_margin_guard.memory import GuardMemory
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.domain import account as accounts
from axisor_server.domain import intent as intents
from axisor_server.domain import review, witness
from axisor_server.domain.fence import is_past
from axisor_server.domain.journal import Entry, Head, decode_payload, extend, from_us, to_us
from axisor_server.domain.readings import shows
from axisor_server.domain.records import IntentRecord, RunRecord
from axisor_server.domain.witness import Baseline, Evidence, Verdict, judge
from axisor_server.engine import executor, recovery, settling
from axisor_server.engine.asks import Ask, Asked
from axisor_server.engine.callers import Callers
from axisor_server.engine.core import Core
from axisor_server.engine.doubts import Look
from axisor_server.engine.draft import Draft
from axisor_server.engine.effects import Effects
from axisor_server.engine.executor import Executor, Order
from axisor_server.engine.ledger import Ledger
from axisor_server.engine.reconcile import gather
from tests.simulation.exchange import Request
from tests.simulation.line import SimLine
from tests.simulation.patches import Patches

GRANT = (
    "INSERT INTO leases (account, owner, epoch, until_us) VALUES (?, ?, 1, 0)"
    " ON CONFLICT (account) DO UPDATE SET owner = excluded.owner"
)
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
    mark, once = Effects._mark_sent, Executor.once

    async def eager(self: Effects, intent: str) -> Order | None:
        core, commit = self._core, self._core.commit

        async def sending(draft: Draft) -> tuple[Entry, ...]:
            record = draft.book.open.get(intent)
            if record is not None and record.state is IntentState.SENT:
                action = intents.decode_action(record.action)
                signed = (record.signed_us or 0) // 1000
                sent = self._line.send(action, signed_at_ms=signed, lane=Lane(record.lane))
                early[signed, record.action] = asyncio.ensure_future(sent)
            return await commit(draft)

        core.commit = sending  # type: ignore[method-assign]
        try:
            return await mark(self, intent)
        finally:
            del core.commit

    async def late(self: Executor, order: Order) -> SendResult:
        sent = early.pop((order.signed_ms, intents.encode_action(order.action)), None)
        return await once(self, order) if sent is None else await sent

    patches.put(Effects, "_mark_sent", eager)
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
        self: SimLine, action: Action, *, signed_at_ms: int, lane: Lane = Lane.COMMAND
    ) -> SendResult:
        result: SendResult = Unknown("")
        for _ in range(3):
            result = await send(self, action, signed_at_ms=signed_at_ms, lane=lane)
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

    async def look(self: Executor, record: IntentRecord) -> Look | None:
        action = intents.decode_action(record.action)
        baseline = witness.decode_baseline(record.witness)
        try:
            evidence = await gather(
                self._line,
                action,
                baseline,
                state_of=self._glances.state,
                market_us=self._books.market_us(),
            )
        except VenueError:
            return None
        clock = self._books.venue_clock()
        fenced = clock is not None and is_past(
            clock,
            wall_ms=to_us(self._clock.now()) // 1000,
            fence_ms=(record.fence_us or 0) // 1000,
        )
        verdict = judge(action, baseline, evidence, fenced=fenced)
        return Look(verdict, fenced, shows(action, evidence))

    patches.put(Executor, "look", look)


def fence_without_allowance(patches: Patches) -> None:
    """End the fence with the signature's window, as if venues showed everything at once."""
    stamp = Effects.stamp

    def short(self: Effects) -> Any:
        stamped = stamp(self)
        return replace(stamped, fence_ms=stamped.signed_ms + self._line.signature_window_ms)

    patches.put(Effects, "stamp", short)


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
    """Take a reading over that shows less than was known."""
    patches.put(settling, "shows_less", lambda before, after: None)


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


# ---------------------------------------------------------------- who may act


def no_lease(patches: Patches) -> None:
    """Let every core act for every account, all under one epoch."""

    def granted(self: SqlTransaction, account: str, *, owner: str, ttl_us: int) -> int:
        self._session.execute(GRANT, (account, owner))
        return 1

    def any_of(
        self: SqlTransaction, accounts: Sequence[str], *, owner: str, ttl_us: int
    ) -> tuple[str, int] | None:
        return (
            (accounts[0], granted(self, accounts[0], owner=owner, ttl_us=0)) if accounts else None
        )

    patches.put(SqlReader, "live_leases", lambda self: ())
    patches.put(SqlTransaction, "claim_lease", granted)
    patches.put(SqlTransaction, "claim_next", any_of)
    patches.put(Core, "holds", lambda self: True)
    no_epochs(patches)


def no_epochs(patches: Patches) -> None:
    """Let a core write on after another took the account over."""
    append = SqlTransaction.append

    def unfenced(
        self: SqlTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        append(self, head, entries, epoch=None)

    patches.put(SqlTransaction, "append", unfenced)
    patches.put(SqlTransaction, "hold_lease", lambda self, account, *, epoch: None)


def no_journal_head(patches: Patches) -> None:
    """Append to the journal wherever it ends, whatever it was thought to end with."""
    append = SqlTransaction.append

    def anywhere(
        self: SqlTransaction, head: Head, entries: Sequence[Entry], *, epoch: int | None
    ) -> None:
        if not entries:
            return
        first, present = entries[0], self.head(entries[0].stream)
        moved = extend(
            present,
            stream=first.stream,
            mode=Mode(first.mode),
            time=from_us(first.time_us),
            payloads=[decode_payload(entry.payload) for entry in entries],
        )
        append(self, present, moved, epoch=epoch)

    patches.put(SqlTransaction, "append", anywhere)


def no_step_order(patches: Patches) -> None:
    """Store a run's step whatever step came before it."""

    def unordered(
        self: SqlTransaction, run: str, *, step: int, memory: bytes, wake: bytes, now_us: int
    ) -> None:
        text = "UPDATE runs SET step = ?, memory = ?, wake = ?, updated_us = ? WHERE id = ?"
        self._session.execute(text, (step, memory, wake, now_us, run))

    patches.put(SqlTransaction, "save_step", unordered)


def no_lease_check_before_sending(patches: Patches) -> None:
    """Go on after a pause as if the lease had been kept, and renew it unseen."""
    patches.put(Core, "holds", lambda self: True)


def sent_of_the_dead_was_not_sent(patches: Patches) -> None:
    """Take a request that a dead core had stamped for one that never left."""
    settle = settling.settle

    def careless(draft: Draft, record: IntentRecord, state: IntentState, **more: Any) -> None:
        if state is IntentState.UNKNOWN and str(more.get("message")).startswith("The core stopped"):
            state = IntentState.REFUSED
        settle(draft, record, state, **more)

    patches.put(settling, "settle", careless)


def successor_sends_the_plan(patches: Patches) -> None:
    """Let a core carry out what another had only planned."""
    cancel = settling.cancel

    def keep(draft: Draft, record: IntentRecord, message: str) -> None:
        if message.startswith("The core stopped before it was sent"):
            draft.planned.append(record)
            draft.rows.append(lambda tx: None)
            draft.say(CoverageChanged(coverage=Coverage(record.target, CoverageState.DEGRADED, "")))
        else:
            cancel(draft, record, message)

    patches.put(settling, "cancel", keep)
