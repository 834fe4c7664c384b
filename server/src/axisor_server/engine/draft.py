"""What one message leads to, gathered until it is written as one unit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from axisor.events import Coverage, IntentState, Payload, RunChanged, Stimulus
from axisor.intents import Wake
from axisor.model import Leash
from axisor.strategy import Config, StepResult, Strategy, View
from axisor_server.domain.account import AccountBook
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import TENANT, IntentRecord, RunRecord
from axisor_server.domain.told import Told
from axisor_server.domain.upgrading import Held, to_document
from axisor_server.engine.ledger import Row
from axisor_server.engine.replies import Answer, encode
from axisor_server.ports import Conflict, Transaction


class LiveRun(Struct, frozen=True, kw_only=True):
    """A run as it is held in memory: its row, its class, and what it waits for.

    `asked` holds the monotonic times of its latest wishes.
    """

    record: RunRecord
    strategy: type[Strategy[Any, Any]]
    config: Config
    leash: Leash
    wake: Wake | None = None
    asked: tuple[int, ...] = ()


class Decided(Struct, frozen=True, kw_only=True):
    """A decision of a run that another version is to be asked for too, and what it was made on."""

    live: LiveRun
    cause: Stimulus
    view: View
    result: StepResult


class Mark(Struct, frozen=True):
    """A draft as it was at a moment."""

    state: dict[str, Any]
    payloads: int


class Withdrawn(Exception):
    """The command was withdrawn or answered before this unit could be written."""


def changed(run: RunRecord) -> RunChanged:
    """Return what the journal says of a run whose row changed."""
    return RunChanged(
        run=run.id,
        strategy=run.strategy,
        state=run.state,
        config=run.config.decode(),
        label=run.label,
        reason=run.reason,
        leash=run.leash.decode() or "{}",
        resumes_at=None if run.resume_us is None else from_us(run.resume_us),
    )


def take(tx: Transaction, request_id: str) -> None:
    """Keep a command that still waits. Raises Withdrawn where it does not."""
    held = tx.hold_command(TENANT, request_id)
    if held is None or held.answered_us is not None:
        raise Withdrawn(request_id)


class Draft:
    """A unit in the making: payloads for the journal, rows beside it, and the present after it.

    Nothing of it counts until it is committed; then the actor takes over `book`, `runs` and
    `coverage`, and starts what is in `planned`.
    """

    def __init__(
        self,
        *,
        book: AccountBook,
        runs: Mapping[str, LiveRun],
        coverage: Mapping[str, Coverage],
        now: datetime,
        epoch: int = 0,
        told: Told | None = None,
        held: Mapping[str, Held] = MappingProxyType({}),
    ) -> None:
        self.epoch = epoch
        self.held = dict(held)
        self.decided: list[Decided] = []
        self._told = told or Told()
        self._heard: int | None = None
        self.book = book
        self.runs = dict(runs)
        self.coverage = coverage
        self.now = now
        self.payloads: list[Payload] = []
        self.rows: list[Row] = []
        self.planned: list[IntentRecord] = []
        self.settled: list[IntentRecord] = []
        self.answered: list[str] = []
        self.rewoken: dict[str, None] = {}  # in order: a set would depend on the hash seed
        self.queue: deque[tuple[str, Stimulus, int]] = deque()
        self.elsewhere: list[tuple[str, Stimulus, int]] = []  # for runners, once this is written
        self.touched = self.versioned = False
        self.held_us: int | None = None

    @property
    def now_us(self) -> int:
        """Return transport time in microseconds."""
        return to_us(self.now)

    def say(self, payload: Payload) -> None:
        """Add an entry to the journal."""
        self.payloads.append(payload)

    @property
    def told(self) -> Told:
        """Return what the journal tells of the account, this draft's own entries included."""
        if self._heard is None:
            self._told, self._heard = self._told.copy(), 0
        for payload in self.payloads[self._heard :]:
            self._told.hear(payload)
        self._heard = len(self.payloads)
        return self._told

    def plan(self, record: IntentRecord) -> None:
        """Add an intent that will be carried out."""

        def row(tx: Transaction) -> None:
            if not tx.add_intent(record):
                raise Conflict(f"The intent {record.id} or its like exists already.")

        self.rows.append(row)
        self.book = self.book.with_intent(record)
        self.planned.append(record)

    def move(self, record: IntentRecord, *, expect: IntentState) -> None:
        """Change an intent that is in state `expect`."""

        def row(tx: Transaction) -> None:
            if record.state is IntentState.SENT:
                self.held_us = tx.hold_lease(record.account, epoch=record.epoch)
            if not tx.move_intent(record, expect=expect):
                raise Conflict(f"The intent {record.id} is not {expect.value} any more.")

        self.rows.append(row)
        self.book = self.book.with_intent(record)
        if record.state is not IntentState.SENT:
            self.settled.append(record)

    def count(self, record: IntentRecord) -> None:
        """Add an intent that has had its effect and was never carried out here."""

        def row(tx: Transaction) -> None:
            if not tx.add_intent(record):
                raise Conflict(f"The intent {record.id} exists already.")

        self.rows.append(row)
        self.book = self.book.with_intent(record)

    def tell(self, request_id: str, answer: Answer) -> None:
        """Answer a command that led to an action, where it was one and still waits."""
        encoded, now_us = encode(answer), self.now_us

        def row(tx: Transaction) -> None:
            held = tx.hold_command(TENANT, request_id)
            if held is not None and held.answered_us is None:
                tx.answer_command(TENANT, request_id, answer=encoded, now_us=now_us)

        self.rows.append(row)
        self.answered.append(request_id)

    def answer(self, request_id: str, make: Callable[[Transaction], Answer]) -> None:
        """Answer a command in the unit that does what it asks, or do nothing of it.

        `make` is called when everything else of the unit is known.
        """
        now_us = self.now_us

        def row(tx: Transaction) -> None:
            take(tx, request_id)
            tx.answer_command(TENANT, request_id, answer=encode(make(tx)), now_us=now_us)

        self.rows.append(row)
        self.answered.append(request_id)

    def put_run(self, live: LiveRun, *, say: bool = True) -> None:
        """Change a run's row and say so in the journal."""
        before = self.runs[live.record.id].record if live.record.id in self.runs else None
        revision = None if before is None else before.revision
        record = replace(
            live.record,
            revision=1 if revision is None else revision + 1,
            updated_us=self.now_us,
        )
        self.rows.append(lambda tx: tx.put_run(record, revision=revision))
        self.runs[record.id] = replace(live, record=record)
        self.rewoken[record.id] = None
        self.touched = True
        if say:
            self.say(changed(record))

    def save_step(self, live: LiveRun, *, step: int, memory: bytes, wake: bytes) -> None:
        """Store a run's step with its memory."""
        id, now_us = live.record.id, self.now_us
        self.rows.append(
            lambda tx: tx.save_step(id, step=step, memory=memory, wake=wake, now_us=now_us)
        )
        record = replace(live.record, step=step, memory=memory, wake=wake, updated_us=now_us)
        self.hold(replace(live, record=record))
        self.touched = True

    def hold(self, live: LiveRun) -> None:
        """Keep a run's present in memory only."""
        self.runs[live.record.id] = live
        self.rewoken[live.record.id] = None

    def hold_version(self, held: Held) -> None:
        """Store which version decides for a run, and what is known of its upgrade."""
        document = to_document(held, now_us=self.now_us)
        self.rows.append(lambda tx: tx.put_document(document, revision=held.revision))
        self.held[held.run] = replace(held, revision=document.revision)
        self.versioned = True
        self.rewoken[held.run] = None

    def mark(self) -> Mark:
        """Return what `back_to` needs to undo all that is added from here on."""
        state = {
            name: copy(value) if isinstance(value, list | dict | deque) else value
            for name, value in vars(self).items()
        }
        state["_told"] = self._told if self._heard is None else self._told.copy()
        return Mark(state, len(self.payloads))

    def back_to(self, mark: Mark) -> None:
        """Forget everything since a mark."""
        vars(self).update(mark.state)

    def call(self, run: str, cause: Stimulus, depth: int = 0) -> None:
        """Have a run called, after those asked for before."""
        self.queue.append((run, cause, depth))

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not self.payloads and not self.rows
