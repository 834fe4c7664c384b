"""The job that makes months ahead: daily, sooner after a failure, told after several."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from axisor.errors import StoreUnavailable
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor_server.adapters.database.ahead import AGAIN_S, EVERY_S, PATIENCE, MonthsAhead
from axisor_server.adapters.database.partitions import Ensured
from axisor_server.adapters.memory import VirtualClock


class Work:
    """What the job has done, which fails while it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    def __call__(self, dsn: str) -> Ensured:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return Ensured(made=("journal_2026_12",))


def job_of(work: Callable[[str], Ensured]) -> tuple[MonthsAhead, VirtualClock, list[NoticeGiven]]:
    clock = VirtualClock()
    told: list[NoticeGiven] = []
    return MonthsAhead("dsn", clock=clock, told=told.append, work=work), clock, told


async def test_an_owner_is_told_after_several_tries_in_vain_and_once_when_it_is_mended():
    work = Work()
    job, _, told = job_of(work)
    work.error = StoreUnavailable("The user may not create tables.")

    for _ in range(PATIENCE - 1):
        assert not await job.once()
    assert told == []
    for _ in range(3):
        assert not await job.once()
    work.error = None
    assert await job.once()
    assert await job.once()

    assert [(notice.severity, notice.code) for notice in told] == [
        (Severity.WARN, "PARTITIONS_NOT_MADE"),
        (Severity.OK, "PARTITIONS_MADE"),
    ]
    assert "may not create" in told[0].data["error"]


async def test_one_failure_that_is_mended_is_not_told():
    work = Work()
    job, _, told = job_of(work)
    work.error = StoreUnavailable("A backup reads the journal.")
    await job.once()
    work.error = None

    assert await job.once()

    assert told == []


async def test_a_mistake_of_ours_ends_nothing():
    work = Work()
    job, _, told = job_of(work)
    work.error = ZeroDivisionError("ours")

    for _ in range(PATIENCE):
        assert not await job.once()

    assert "ZeroDivisionError" in told[0].data["error"]


async def test_it_is_looked_after_daily_and_sooner_after_a_failure():
    work = Work()
    job, clock, _ = job_of(work)
    work.error = StoreUnavailable("away")
    task = asyncio.create_task(job.run())

    async def asleep(calls: int) -> None:
        while work.calls < calls or not clock.sleepers:
            await asyncio.sleep(0)

    await asleep(1)
    work.error = None
    await clock.advance(AGAIN_S - 1)
    assert work.calls == 1
    await clock.advance(1)
    await asleep(2)
    await clock.advance(EVERY_S - 1)
    assert work.calls == 2
    await clock.advance(1)
    await asleep(3)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
