"""The threads that read: each has its own connection, and each unit its own consistent view."""

from __future__ import annotations

import threading
from typing import Any

from axisor_server.adapters.database.jobs import Job, Jobs, Outcome
from axisor_server.adapters.database.reader import SqlReader
from axisor_server.adapters.database.session import Dialect, Fault, Session
from axisor_server.adapters.database.writer import store_error

READERS = 2
ATTEMPTS = 3


class ReaderThread:
    """Carries out read jobs one by one on a session that is opened when first needed."""

    def __init__(self, dialect: Dialect, jobs: Jobs[SqlReader]) -> None:
        self._dialect = dialect
        self._jobs = jobs
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name="axisor-reader", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the closed queue is empty and the session is let go."""
        self._thread.join()

    def _run(self) -> None:
        while (jobs := self._jobs.take(1)) is not None:
            self._jobs.deliver([self._outcome(job) for job in jobs])
        self._drop()

    def _outcome(self, job: Job[SqlReader]) -> Outcome[SqlReader]:
        if job.future.cancelled():
            return job, None, None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return job, self._read(job), None
            except BaseException as error:  # handed to the caller
                fault = self._dialect.fault(error)
                if self._session is not None:
                    self._session.rollback()
                if fault in (Fault.LOST, Fault.CORRUPT):
                    self._drop()
                if fault is Fault.BUG:
                    return job, None, error
                if attempt == ATTEMPTS or fault not in (Fault.LOST, Fault.AGAIN):
                    told = store_error(fault, error)
                    told.__cause__ = error
                    return job, None, told
        raise AssertionError("the last attempt returns")

    def _read(self, job: Job[SqlReader]) -> Any:  # Any: see Job
        if self._session is None:
            self._session = self._dialect.connect(write=False)
        self._session.begin(write=False)
        result = job.unit(SqlReader(self._session))
        self._session.commit()
        return result

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
