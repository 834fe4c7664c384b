"""The one thread that writes: units that wait together share one commit.

    BEGIN                                              a unit that is alone needs no savepoint
      SAVEPOINT unit · the first unit  · RELEASE
      SAVEPOINT unit · the second unit · ROLLBACK TO     it raised: only it is undone
      …
    COMMIT                                               only then are the results handed out

A unit may run more than once before it is committed (when the database asks for a repeat), so it
must have no effect but what it writes through its transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from axisor.errors import DiskFull, JournalCorrupt, StoreError, StoreUnavailable
from axisor_server.adapters.database.jobs import Job, Jobs, Outcome
from axisor_server.adapters.database.session import Dialect, Fault, Session
from axisor_server.adapters.database.unit import SqlTransaction
from axisor_server.ports import Conflict

GROUP = 256
"""The most units one commit holds."""

ATTEMPTS = 5
"""How often a unit is repeated when the database asks for it, or before its COMMIT was sent."""

UnitJob = Job[SqlTransaction]
UnitOutcome = Outcome[SqlTransaction]


def store_error(fault: Fault, error: BaseException) -> StoreError:
    """Return the error a caller sees for a fault of the database."""
    name = type(error).__name__
    if fault is Fault.CLASH:
        return Conflict("Another row holds the same unique key; nothing was written.")
    if fault is Fault.FULL:
        return DiskFull(
            "The disk of the database is full; nothing of this was written.",
            money="Nothing new is begun; what was begun is reconciled when there is room.",
        )
    if fault is Fault.CORRUPT:
        return JournalCorrupt("The database file is damaged.", error=name)
    return StoreUnavailable(f"The database failed ({name}).", error=name)


class Failure(NamedTuple):
    """Why a transaction did not end in an acknowledged commit.

    `unsure` says that COMMIT was under way, so it may have been written; `unreachable` that no
    connection could be had at all.
    """

    fault: Fault
    cause: BaseException
    unsure: bool
    unreachable: bool


class Writer:
    """Carries out write jobs on one session, which it opens again when it is lost.

    `relief` makes room on a full disk, and returns whether it did.
    """

    def __init__(
        self,
        dialect: Dialect,
        jobs: Jobs[SqlTransaction],
        session: Session,
        *,
        relief: Callable[[], bool] = lambda: False,
    ) -> None:
        self._dialect = dialect
        self._relief = relief
        self._jobs = jobs
        self._session: Session | None = session
        self._thread = threading.Thread(target=self._run, name="axisor-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the closed queue is empty and the session is let go."""
        self._thread.join()

    def _run(self) -> None:
        while (jobs := self._jobs.take(GROUP)) is not None:
            try:
                outcomes = self._group(jobs)
            except BaseException as error:  # a fault of ours must not leave callers waiting
                outcomes = [(job, None, error) for job in jobs]
                self._drop()
            self._jobs.deliver(outcomes)
        self._drop()

    def _group(self, jobs: Sequence[UnitJob]) -> Sequence[UnitOutcome]:
        result = self._try(jobs)
        if not isinstance(result, Failure):
            return result
        if result.unsure or result.unreachable:
            return [(job, None, self._told(result)) for job in jobs]
        # The failure may be one unit's own, so each has a transaction to itself now.
        outcomes: list[UnitOutcome] = []
        for job in jobs:
            outcome, failure = self._alone(job)
            outcomes.append(outcome)
            if failure is not None and failure.unreachable:
                rest = jobs[len(outcomes) :]
                return [*outcomes, *((other, None, self._told(failure)) for other in rest)]
        return outcomes

    def _alone(self, job: UnitJob) -> tuple[UnitOutcome, Failure | None]:
        for attempt in range(1, ATTEMPTS + 1):
            result = self._try([job])
            if not isinstance(result, Failure):
                return result[0], None
            repeat = result.fault in (Fault.AGAIN, Fault.LOST)
            repeat = repeat or (result.fault is Fault.FULL and self._relief())
            if result.unsure or result.unreachable or not repeat or attempt == ATTEMPTS:
                return (job, None, self._told(result)), result
        raise AssertionError("the last attempt returns")

    def _try(self, jobs: Sequence[UnitJob]) -> list[UnitOutcome] | Failure:
        connected = committing = False
        try:
            session = self._connected()
            connected = True
            session.begin(write=True)
            if len(jobs) == 1:
                outcomes = [self._lone(jobs[0], session)]
                if outcomes[0][2] is not None:
                    session.rollback()
                    return outcomes
            else:
                outcomes = [self._unit(session, job) for job in jobs]
            session.settle()
            committing = True
            session.commit()
        except BaseException as error:  # handed to the callers, whatever it is
            fault = self._dialect.fault(error)
            self._reset(fault)
            # A full disk and a request to repeat are definite: the transaction was dropped.
            unsure = committing and fault not in (Fault.AGAIN, Fault.FULL)
            return Failure(fault, error, unsure=unsure, unreachable=not connected)
        return outcomes

    def _unit(self, session: Session, job: UnitJob) -> UnitOutcome:
        """Carry out one of several units, so that what it wrote can be undone alone."""
        session.savepoint()
        outcome = self._lone(job, session)
        if outcome[2] is None:
            session.release()
        else:
            session.undo()
        return outcome

    def _lone(self, job: UnitJob, session: Session) -> UnitOutcome:
        if job.future.cancelled():
            return job, None, None
        try:
            result: Any = job.unit(SqlTransaction(session))  # Any: see Job
        except Exception as error:
            if self._dialect.fault(error) is not Fault.BUG:
                raise  # the database failed, which is not this unit's alone
            return job, None, error
        return job, result, None

    def _connected(self) -> Session:
        if self._session is None:
            self._session = self._dialect.connect(write=True)
        return self._session

    def _reset(self, fault: Fault) -> None:
        if self._session is not None:
            self._session.rollback()
        if fault in (Fault.LOST, Fault.CORRUPT):
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _told(self, failure: Failure) -> BaseException:
        if failure.unsure:
            error: StoreError = StoreUnavailable(
                "The database broke off during a commit; whether this was written is not known.",
                money="It may be on record already; nothing was sent to the venue because of it.",
                fix="Read it again before anything else is done.",
            )
        elif failure.fault is Fault.BUG:
            return failure.cause
        else:
            error = store_error(failure.fault, failure.cause)
        error.__cause__ = failure.cause
        return error
