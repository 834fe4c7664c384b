"""The job of backups: made in turn, told after each try, and never the end of what guards money."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.backups import Scene

from axisor_server.adapters.backup import job as job_module
from axisor_server.adapters.backup.folder import listed
from axisor_server.adapters.backup.job import BackupJob, Plan, Report
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.domain.backups import Kind, Retention
from axisor_server.domain.journal import to_us

EVERY_S = 60


class Told:
    """What a job told, one after the other."""

    def __init__(self) -> None:
        self.reports: list[tuple[Report, Report]] = []
        self._news = asyncio.Event()

    def __call__(self, before: Report, after: Report) -> None:
        self.reports.append((before, after))
        self._news.set()

    async def count(self, number: int) -> None:
        """Wait until so many were told."""
        while len(self.reports) < number:
            self._news.clear()
            await self._news.wait()


def job_of(scene: Scene, clock: VirtualClock, told: Told, **plan: object) -> BackupJob:
    usual: dict[str, object] = {
        "every_s": EVERY_S,
        "full_every_h": 24,
        "folder": scene.folder,
        "lock": scene.keys.lock,
        "retention": Retention(keep=2, daily=0, weekly=0),
    }
    return BackupJob(
        scene.place,
        Plan(**(usual | plan)),  # type: ignore[arg-type]
        clock=clock,
        ids=SeededIds(clock, 1),
        version="0.1.0",
        told=told,
    )


async def test_each_turn_makes_what_is_new_until_it_is_cancelled(scene: Scene):
    clock, told = VirtualClock(), Told()
    store = scene.store()
    await store.open()
    scene.files()
    await scene.grow(store)
    task = asyncio.create_task(job_of(scene, clock, told).run())

    await told.count(1)
    first = clock.now()
    await scene.grow(store)
    await clock.advance(EVERY_S)
    await told.count(2)
    await clock.advance(EVERY_S)
    await told.count(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()

    assert [lying.name.kind for lying in listed(scene.folder)] == [Kind.FULL, Kind.PART]
    assert told.reports[0][0] == Report()
    assert told.reports[0][1].good_us == to_us(first)
    befores = [before for before, _ in told.reports[1:]]
    assert befores == [after for _, after in told.reports[:-1]]
    last = told.reports[2][1]
    assert last.good_us == to_us(clock.now())  # nothing was new, and that is a good one too
    assert last.size == told.reports[1][1].size > 0
    assert (last.failures, last.error) == (0, "")


async def test_a_failure_is_told_and_counted_and_the_next_turn_may_go_well(tmp_path: Path):
    scene, clock, told = Scene(tmp_path), VirtualClock(), Told()
    store = scene.store()
    await store.open()
    await scene.grow(store)
    scene.files()
    scene.folder.write_text("a file is in the way")
    job = job_of(scene, clock, told)

    assert await job.once() is None
    assert await job.once() is None
    assert job.report.failures == 2
    assert "could not be written" in job.report.error
    assert "guarding go on" in job.report.error
    assert job.report.good_us is None
    scene.folder.unlink()
    made = await job.once()
    await store.close()

    assert made is not None
    assert (job.report.failures, job.report.error) == (2, "")
    assert len(told.reports) == 3


async def test_a_failure_does_not_forget_the_last_good_one(tmp_path: Path):
    scene, clock, told = Scene(tmp_path), VirtualClock(), Told()
    store = scene.store()
    await store.open()
    await scene.grow(store)
    scene.files()
    job = job_of(scene, clock, told)
    await job.once()
    good = job.report
    await store.close()
    (scene.place.data_dir / "axisor.db").unlink()
    await clock.advance(EVERY_S)

    assert await job.once() is None

    assert (job.report.good_us, job.report.size) == (good.good_us, good.size)
    assert job.report.failures == 1


async def test_a_mistake_of_ours_is_told_like_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    scene, told = Scene(tmp_path), Told()
    monkeypatch.setattr(job_module, "make", broken)
    job = job_of(scene, VirtualClock(), told)

    assert await job.once() is None

    assert job.report.error == "ZeroDivisionError('ours')"
    assert job.report.failures == 1


async def test_what_need_not_be_kept_is_deleted_after_a_new_one(tmp_path: Path):
    scene, clock, told = Scene(tmp_path), VirtualClock(), Told()
    store = scene.store()
    await store.open()
    scene.files()
    job = job_of(scene, clock, told, full_every_h=1)
    for _ in range(4):
        await scene.grow(store)
        assert await job.once() is not None
        await clock.advance(3_600)
    await store.close()

    assert [lying.name.kind for lying in listed(scene.folder)] == [Kind.FULL, Kind.FULL]
