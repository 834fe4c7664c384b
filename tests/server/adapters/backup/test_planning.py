"""What settings ask for in backups, and what an owner is told of how they go."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.backups import new_keys

from axisor.errors import SettingsInvalid
from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor_server.adapters.backup.job import BackupJob, Report
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.backup.planning import notice_of, planned, retention_of
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.domain.backups import Retention
from axisor_server.settings import Backup

GOOD = Report(good_us=1, took_ms=2, size=3)
BAD = Report(good_us=1, failures=1, error="The folder is full.")


def plan_of(backup: Backup, data_dir: Path) -> BackupJob | None:
    clock = VirtualClock()
    return planned(
        backup,
        Place(data_dir=data_dir, database_url=""),
        clock=clock,
        ids=SeededIds(clock, 1),
        version="0.1.0",
        told=lambda before, after: None,
    )


def test_without_a_folder_there_is_no_job(tmp_path: Path):
    assert plan_of(Backup(), tmp_path) is None


def test_a_folder_without_anybody_who_could_open_it_is_refused(tmp_path: Path):
    with pytest.raises(SettingsInvalid):
        plan_of(Backup(folder=str(tmp_path / "b")), tmp_path)


def test_a_folder_and_a_recipient_make_a_job(tmp_path: Path):
    recipients = new_keys(tmp_path).lock.recipients
    wanted = Backup(folder=str(tmp_path / "b"), recipients=recipients, every=90)

    job = plan_of(wanted, tmp_path)

    assert job is not None
    assert job.report == Report()
    assert not (tmp_path / "b").exists()  # nothing is made before its turn


def test_what_is_kept_is_what_the_settings_say():
    wanted = Backup(keep=3, keep_daily=2, keep_weekly=1)

    assert retention_of(wanted) == Retention(keep=3, daily=2, weekly=1)


def test_an_owner_is_told_when_it_begins_to_fail_and_when_it_goes_well_again():
    began, ended = notice_of(GOOD, BAD), notice_of(BAD, GOOD)

    assert isinstance(began, NoticeGiven)
    assert (began.severity, began.code) == (Severity.WARN, "BACKUP_FAILED")
    assert began.data == {"error": "The folder is full."}
    assert isinstance(ended, NoticeGiven)
    assert (ended.severity, ended.code) == (Severity.OK, "BACKUP_MADE")


@pytest.mark.parametrize(("before", "after"), [(GOOD, GOOD), (BAD, BAD), (Report(), GOOD)])
def test_nobody_is_told_the_same_again(before: Report, after: Report):
    assert notice_of(before, after) is None
