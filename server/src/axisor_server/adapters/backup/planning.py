"""What the settings say of backups: the job of a core, and what it tells of how it went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from axisor.events import NoticeGiven
from axisor.model import Severity
from axisor.ports import Clock
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.job import BackupJob, Plan, Report
from axisor_server.adapters.backup.making import Place
from axisor_server.domain.backups import Retention
from axisor_server.ports import Ids
from axisor_server.settings import Backup


def retention_of(settings: Backup) -> Retention:
    """Return how many backups the settings keep."""
    return Retention(keep=settings.keep, daily=settings.keep_daily, weekly=settings.keep_weekly)


def planned(
    wanted: Backup,
    place: Place,
    *,
    clock: Clock,
    ids: Ids,
    version: str,
    told: Callable[[Report, Report], None],
) -> BackupJob | None:
    """Return the job that the settings ask for, None where they name no folder.

    Raises SettingsInvalid where nobody could open what it makes.
    """
    if not wanted.folder:
        return None
    lock = seal.Lock(recipients=wanted.recipients)
    seal.check_lock(lock)
    plan = Plan(
        every_s=wanted.every,
        full_every_h=wanted.full_every_h,
        folder=Path(wanted.folder),
        lock=lock,
        retention=retention_of(wanted),
    )
    return BackupJob(place, plan, clock=clock, ids=ids, version=version, told=told)


def notice_of(before: Report, after: Report) -> NoticeGiven | None:
    """Return what the owner is told when backups begin to fail, or go well again."""
    if bool(before.error) is bool(after.error):
        return None
    if after.error:
        return NoticeGiven(
            severity=Severity.WARN,
            code="BACKUP_FAILED",
            text="No backup can be made; guarding goes on.",
            data={"error": after.error},
        )
    return NoticeGiven(
        severity=Severity.OK, code="BACKUP_MADE", text="Backups are made again.", data={}
    )
