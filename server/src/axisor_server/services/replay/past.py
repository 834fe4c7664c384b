"""An account's past as its journal tells it, entry by entry: budgets, open actions, runs."""

from __future__ import annotations

from collections import deque

import msgspec
from msgspec.structs import replace

from axisor.errors import JournalCorrupt
from axisor.events import (
    RESTORED,
    AccountOpened,
    IntentPlanned,
    IntentReviewRefused,
    IntentSent,
    IntentSettled,
    IntentState,
    NoticeGiven,
    Outcome,
    Payload,
    PositionClosed,
    RestoreReconciled,
    RunChanged,
    RunUpgraded,
    StepTaken,
    Stimulus,
)
from axisor.model import Mode
from axisor.saw import Saw
from axisor.versions import Version
from axisor_server.domain.account import AccountBook
from axisor_server.domain.attempts import NOTICE
from axisor_server.domain.counters import Count
from axisor_server.domain.intent import (
    decode_action,
    encode_action,
    is_additive,
    may_move,
    moved_sats,
    spends,
    target_of,
)
from axisor_server.domain.journal import Entry, encode_payload, to_us
from axisor_server.domain.records import AccountRecord, IntentRecord, RunRecord
from axisor_server.domain.restored import counted_record
from axisor_server.domain.spending import DAY_US, Loss
from axisor_server.domain.told import Moment, Told
from axisor_server.domain.witness import Baseline, encode_baseline
from axisor_server.engine.counting import came_of
from axisor_server.engine.desk import CHANGES

_encoder = msgspec.json.Encoder(order="deterministic")
KEPT_US = 2 * DAY_US
BEHIND = Count(floor=1, shown=0)
"""What is known of a position that is shown older than it is; by how much, no decision tells."""
TIDY_EVERY = 1_000
OUTCOMES_KEPT = 1_000
"""How many outcomes a run may leave unanswered before the oldest are forgotten."""


class Past:
    """What the entries heard so far say of an account."""

    def __init__(self, first: Entry) -> None:
        id = first.stream.removeprefix("accounts/")
        self.account = AccountRecord(
            id=id,
            venue="",
            network="",
            mode=Mode(first.mode),
            label="",
            created_us=first.time_us,
            updated_us=first.time_us,
        )
        self.told = Told()
        self.runs: dict[str, RunRecord] = {}
        self.versions: dict[str, Version] = {}
        self._book = AccountBook(account=id, mode=self.account.mode)
        self._confirmed: dict[str, IntentRecord] = {}
        self._market_us = first.time_us
        self._outcomes: dict[str, deque[bytes]] = {}
        self._changes: set[bytes] = set()
        self._changed_us = 0
        self._heard = 0

    def see(self, saw: Saw, cause: Stimulus | None = None) -> tuple[Told, Moment]:
        """Take over what a decision saw; returns what was told before it, and its moment.

        Raises KeyError or ValueError for what cannot have been seen.
        """
        before = self.told.copy()
        before.complete = before.complete and not saw.full
        if saw.full:  # a core that takes an account over may say it again
            self._book = replace(self._book, exhausted=frozenset())
        moment = self.told.see(saw, cause=cause)
        self._market_us = to_us(moment.now)
        return before, moment

    @property
    def book(self) -> AccountBook:
        """Return the account as a decision has it. Raises KeyError for an unread unknown action."""
        return replace(
            self._book,
            halt=self.told.halt,
            platform=self.told.platform,
            causes=self.told.causes,
            state=self.told.state,
            unread={id: self._confirmed[id] for id in self.told.unread},
            counts=dict.fromkeys(self.told.frozen, BEHIND),
        )

    def hear(self, entry: Entry, payload: Payload) -> None:
        """Learn what one entry tells. Raises JournalCorrupt for what cannot have happened."""
        self.told.hear(payload)
        self._heard += 1
        match payload:
            case AccountOpened():
                self.account = replace(self.account, network=payload.network)
            case RunChanged() | RunUpgraded():
                self._run(entry, payload)
            case StepTaken() if payload.run in self.runs:
                run = self.runs[payload.run]
                memory = payload.memory.encode()
                self.runs[payload.run] = replace(run, step=payload.step, memory=memory)
            case IntentPlanned():
                self._plan(entry, payload)
            case IntentSent():
                self._move(entry, payload.intent, IntentState.SENT)
            case IntentSettled():
                self._settle(entry, payload)
            case IntentReviewRefused():
                self._came_out(
                    payload.run,
                    Outcome(
                        action=payload.action,
                        state=IntentState.REFUSED,
                        reason=payload.reason,
                        message=payload.message,
                    ),
                )
            case NoticeGiven():
                self._notice(entry, payload)
            case PositionClosed():
                loss = Loss(payload.position.id, -payload.pl, entry.time_us)
                self._book = replace(self._book, losses=(*self._book.losses, loss))
            case RestoreReconciled():
                self._restored(entry, payload)
        if isinstance(payload, CHANGES):
            self._change(entry, payload)
        if self._heard % TIDY_EVERY == 0:
            self._tidy(entry.time_us)

    def could_be_told(self, run: str, cause: Stimulus) -> bool:
        """Return whether the journal holds what a run says it was called with."""
        if isinstance(cause, Outcome):
            return encode_cause(cause) in self._outcomes.get(run, ())
        if isinstance(cause, CHANGES):
            return encode_cause(cause) in self._changes
        return True

    def _notice(self, entry: Entry, payload: NoticeGiven) -> None:
        book = self._book
        if payload.code == NOTICE and payload.run:
            exhausted = book.exhausted | {f"positions/{payload.position}"}
            self._book = replace(book, exhausted=exhausted)
        outside = tuple(came_of(payload, entry.time_us))
        if outside:
            self._book = replace(self._book, outside=(*book.outside, *outside))

    def _run(self, entry: Entry, payload: RunChanged | RunUpgraded) -> None:
        if isinstance(payload, RunUpgraded):
            self.versions[payload.run] = payload.after
            if payload.run in self.runs:
                memory = payload.memory.encode()
                self.runs[payload.run] = replace(self.runs[payload.run], memory=memory)
            return
        held = self.runs.get(payload.run)
        self.runs[payload.run] = RunRecord(
            id=payload.run,
            account=self.account.id,
            strategy=payload.strategy,
            label=payload.label,
            config=payload.config.encode(),
            leash=payload.leash.encode(),
            state=payload.state,
            step=0 if held is None else held.step,
            memory=b"" if held is None else held.memory,
            reason=payload.reason,
            created_us=entry.time_us if held is None else held.created_us,
            updated_us=entry.time_us,
        )

    def _plan(self, entry: Entry, payload: IntentPlanned) -> None:
        action = payload.action
        record = IntentRecord(
            id=payload.intent,
            account=self.account.id,
            target=target_of(action, payload.intent),
            kind=type(action).__name__,
            additive=is_additive(action),
            amount=payload.amount or moved_sats(action),
            action=encode_action(action),
            state=IntentState.PLANNED,
            run=payload.run,
            step=payload.step,
            principal=payload.principal,
            witness=encode_baseline(Baseline(market_us=self._market_us)),
            created_us=entry.time_us,
            updated_us=entry.time_us,
        )
        self._book = self._book.with_intent(record)

    def _move(
        self, entry: Entry, intent: str, state: IntentState, venue_id: str = ""
    ) -> IntentRecord:
        record = self._book.open.get(intent)
        if record is None or not may_move(record.state, state):
            was = "not open" if record is None else record.state.value
            raise JournalCorrupt(
                f"The action {intent} is {was} and cannot become {state.value}.",
                stream=entry.stream,
                sequence=entry.sequence,
            )
        record = replace(
            record, state=state, venue_id=venue_id or record.venue_id, updated_us=entry.time_us
        )
        self._book = self._book.with_intent(record)
        return record

    def _settle(self, entry: Entry, payload: IntentSettled) -> None:
        record = self._move(entry, payload.intent, payload.state, payload.venue_id)
        if payload.state is IntentState.CONFIRMED and spends(record.kind):
            self._confirmed[record.id] = record
        if record.run:
            outcome = Outcome(
                action=decode_action(record.action),
                state=payload.state,
                reason=payload.reason,
                message=payload.message,
            )
            self._came_out(record.run, outcome)

    def _restored(self, entry: Entry, payload: RestoreReconciled) -> None:
        """Count what a restore counted, tell the runs, and go on from the steps it left."""
        market_us = to_us(payload.market_at or payload.restored_at)
        for counted in payload.counted:
            record = counted_record(
                counted, account=self.account.id, market_us=market_us, now_us=entry.time_us
            )
            self._book = self._book.with_intent(record)
            if not counted.amount:
                continue
            self._came_out(
                counted.run,
                Outcome(action=counted.action, state=IntentState.CONFIRMED, reason=RESTORED),
            )
        for run, step in payload.steps.items():
            if run in self.runs:
                self.runs[run] = replace(self.runs[run], step=step)

    def _came_out(self, run: str, outcome: Outcome) -> None:
        kept = self._outcomes.setdefault(run, deque(maxlen=OUTCOMES_KEPT))
        kept.append(encode_cause(outcome))

    def _change(self, entry: Entry, payload: Payload) -> None:
        if entry.time_us != self._changed_us:  # another unit: its runs were told its own changes
            self._changes.clear()
            self._changed_us = entry.time_us
        self._changes.add(encode_payload(payload))

    def _tidy(self, now_us: int) -> None:
        before, market = now_us - KEPT_US, self._market_us - KEPT_US
        known = replace(self._book, state=self.told.state)
        self._book = known.without_old(before_us=before, market_before_us=market)
        kept = self._book.spends.keys() | set(self.told.unread)
        self._confirmed = {id: r for id, r in self._confirmed.items() if id in kept}


def encode_cause(cause: Stimulus) -> bytes:
    """Return a stimulus as canonical JSON."""
    return _encoder.encode(cause)
