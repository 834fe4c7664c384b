"""What a core does for itself: it opens its own store only, and tells how its upkeep goes."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from axisor.errors import SettingsInvalid, StoreUnavailable
from axisor.events import NoticeGiven
from axisor_server.adapters.database.partitions import AHEAD, listed, table_of
from axisor_server.adapters.memory import MemoryVault, SeededIds, VirtualClock
from axisor_server.adapters.reserve import SIZE
from axisor_server.choices import Outbound
from axisor_server.domain.journal import to_us
from axisor_server.domain.months import month_of
from axisor_server.settings import Audit, Backup, Database, Settings
from axisor_server.upkeep import Upkeep
from tests.support import records
from tests.support.backups import new_keys
from tests.support.postgres import postgres_dsn, postgres_server
from tests.support.receivers import Receiver, receiving

__all__ = ["postgres_dsn", "postgres_server"]


class Heard:
    """What every account was told."""

    def __init__(self) -> None:
        self.codes: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, notice: NoticeGiven) -> None:
        await self.codes.put(notice.code)


class Kept:
    """An upkeep at work, on a clock of its own."""

    def __init__(self, data_dir: Path, settings: Settings, *, anew: bool = False) -> None:
        data_dir.mkdir(mode=0o700, exist_ok=True)
        self.clock = VirtualClock()
        self.registry = CollectorRegistry()
        self.heard = Heard()
        self.upkeep = Upkeep(
            settings,
            data_dir,
            clock=self.clock,
            ids=SeededIds(self.clock, 1),
            registry=self.registry,
            vault=MemoryVault(),
            anew=anew,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin what runs as long as a core."""
        self._tasks = [asyncio.create_task(work) for work in self.upkeep.tasks(self.heard)]

    async def stop(self) -> None:
        """End all of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.upkeep.store.close()


def backups(folder: Path, keys_in: Path) -> Settings:
    keys = new_keys(keys_in)
    return Settings(backup=Backup(folder=str(folder), recipients=keys.lock.recipients))


async def test_backups_that_fail_and_go_well_again_are_told_and_measured(tmp_path: Path):
    folder = tmp_path / "backups"
    folder.write_text("a file is in the way")
    kept = Kept(tmp_path / "data", backups(folder, tmp_path))
    await kept.upkeep.open()

    kept.start()
    first = await kept.heard.codes.get()
    folder.unlink()
    await kept.clock.advance(60)
    second = await kept.heard.codes.get()
    await kept.stop()

    assert (first, second) == ("BACKUP_FAILED", "BACKUP_MADE")
    assert kept.registry.get_sample_value("axisor_backup_failures_total") == 1
    assert len(list(folder.glob("*-full-*.age"))) == 1


async def test_a_directory_whose_database_is_gone_is_not_opened_unless_told_to_begin_anew(
    tmp_path: Path,
):
    data = tmp_path / "data"
    first = Kept(data, Settings())
    await first.upkeep.open()
    await first.stop()
    (data / "axisor.db").unlink()

    with pytest.raises(StoreUnavailable, match="is gone"):
        await Kept(data, Settings()).upkeep.open()

    anew = Kept(data, Settings(), anew=True)
    await anew.upkeep.open()
    await anew.stop()


def test_backups_nobody_could_open_are_refused_before_anything_is_opened(tmp_path: Path):
    settings = Settings(backup=Backup(folder=str(tmp_path / "b")))

    with pytest.raises(SettingsInvalid):
        Kept(tmp_path / "data", settings)

    assert list((tmp_path / "data").iterdir()) == []


async def test_room_is_kept_on_the_disk_of_a_database_file(tmp_path: Path):
    kept = Kept(tmp_path / "data", Settings())
    await kept.upkeep.open()

    kept.upkeep.look(10 * SIZE)

    assert (tmp_path / "data" / "reserve").stat().st_size == SIZE
    await kept.stop()


@pytest.mark.postgres
async def test_the_months_ahead_are_made_on_postgres(tmp_path: Path, postgres_dsn: str):
    kept = Kept(tmp_path / "data", Settings(database=Database(url=postgres_dsn)))
    await kept.upkeep.open()

    kept.start()
    while len(listed(postgres_dsn)) < 2 + AHEAD:
        await asyncio.sleep(0)
    kept.upkeep.look(10 * SIZE)
    await kept.stop()

    assert len(listed(postgres_dsn)) == 2 + AHEAD
    assert not (tmp_path / "data" / "reserve").exists()


@pytest.mark.postgres
async def test_months_that_cannot_be_made_are_told(tmp_path: Path, postgres_dsn: str):
    kept = Kept(tmp_path / "data", Settings(database=Database(url=postgres_dsn)))
    await kept.upkeep.open()
    in_the_way(postgres_dsn)
    kept.start()

    while kept.heard.codes.empty():
        await kept.clock.advance(10)

    assert await kept.heard.codes.get() == "PARTITIONS_NOT_MADE"
    await kept.stop()


def in_the_way(dsn: str) -> None:
    """Let a table lie where the partition of a month belongs."""
    name = table_of(month_of(to_us(datetime.now(UTC))).next)
    with psycopg.connect(dsn) as connection:
        connection.execute(f"CREATE TABLE {name} (id int)".encode())


async def test_a_core_sends_its_checkpoints_away_beside_its_other_work(tmp_path: Path):
    secrets = tmp_path / "webhook.secrets"
    secrets.write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}\n")
    secrets.chmod(0o600)
    async with receiving(Receiver()) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        settings = Settings(
            audit=Audit(webhook=url, webhook_secrets=str(secrets)),
            outbound=Outbound(allow=("127.0.0.0/8",)),
        )
        kept = Kept(tmp_path / "data", settings)
        await kept.upkeep.open()
        await kept.upkeep.store.write(records.appending(records.notice(), stream="platform"))

        kept.start()
        while not receiver.came.is_set():
            await kept.clock.advance(5)
        await kept.stop()

    assert receiver.asked[0].line == "POST / HTTP/1.1"
    assert b'"stream":"platform"' in receiver.asked[0].body
