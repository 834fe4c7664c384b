"""Disks that are full, that forget, and that change what they kept."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.records import appending, notice

from axisor.errors import DiskFull, JournalCorrupt, StoreUnavailable
from axisor.intents import AddMargin, ClosePosition, DepositCross, SetStop
from axisor_server.adapters.database import sqlite_store, wal
from axisor_server.adapters.database.identity import FILE, Identity
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.adapters.reserve import Reserve
from axisor_server.domain.backups import EPOCH_STEP
from axisor_server.domain.journal import Head, verify
from axisor_server.ports import Store

SEED = 20_261_125
VIEW: Any = None  # the reserve does not look at it
ADDING = (AddMargin(position="p", amount=1), DepositCross(amount=1))
ENDING = (ClosePosition(position="p"), SetStop(position="p", price=Decimal(1)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 8 MiB, where this machine allows it."""
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 4_096, 1):
            with suppress(OSError):  # full
                while file.write(b"x" * size):
                    pass
    return filler


async def test_a_full_disk_refuses_what_adds_and_writes_what_ends(small_disk: Path):
    data = small_disk / "data"
    data.mkdir(mode=0o700)
    reserve = Reserve(data, size=1 << 20)
    store = sqlite_store(data, relief=reserve.give_up)
    await store.open()
    await store.write(appending(notice("before")))
    reserve.keep(shutil.disk_usage(data).free)
    assert (data / "reserve").stat().st_size == 1 << 20
    filler = fill(small_disk)

    heads = [await store.write(appending(notice("x" * 5_000))) for _ in range(20)]

    assert is_full(reserve)
    assert not (data / "reserve").exists()
    assert heads[-1].sequence == 21
    assert all(isinstance(reserve.review(action, "", VIEW), DiskFull) for action in ADDING)
    assert [reserve.review(action, "", VIEW) for action in ENDING] == [None, None]
    reserve.keep(shutil.disk_usage(data).free)
    assert is_full(reserve)

    filler.unlink()
    reserve.keep(shutil.disk_usage(data).free)
    assert not is_full(reserve)
    assert [reserve.review(action, "", VIEW) for action in ADDING] == [None, None]
    await store.write(appending(notice("after")))
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=99))
    assert verify(Head(), found).sequence == 22
    await store.close()


def is_full(reserve: Reserve) -> bool:
    return reserve.full


async def write_until_refused(store: Store) -> None:
    for _ in range(200):
        await store.write(appending(notice("x" * 50_000)))


async def test_a_disk_without_a_reserve_refuses_and_goes_on_by_itself(small_disk: Path):
    store = sqlite_store(small_disk / "data")
    await store.open()
    await store.write(appending(notice("before")))
    filler = fill(small_disk)
    with pytest.raises(DiskFull):
        await write_until_refused(store)
    head = await store.read(lambda r: r.head("accounts/a"))

    filler.unlink()

    assert (await store.write(appending(notice("after")))).sequence == head.sequence + 1
    found = await store.read(lambda r: r.entries("accounts/a", after=0, limit=999))
    assert verify(Head(), found).sequence == head.sequence + 1
    await store.close()


def test_a_reserve_that_was_given_up_comes_back_with_twice_its_size_free(tmp_path: Path):
    reserve = Reserve(tmp_path, size=4_096)
    reserve.keep(4_096)
    assert not (tmp_path / "reserve").exists()
    reserve.keep(8_192)
    assert reserve.give_up()
    assert not reserve.give_up()

    reserve.keep(8_191)
    assert is_full(reserve)
    reserve.keep(8_192)
    assert not is_full(reserve)
    assert (tmp_path / "reserve").stat().st_size == 4_096


# ---------------------------------------------------------------- changed bytes


async def with_log(directory: Path, *, entries: int = 12) -> Path:
    """Return a data directory as a kill leaves it: what was written is in the log."""
    whole = directory / "whole"
    store = sqlite_store(whole)
    await store.open()
    for number in range(entries):
        await store.write(appending(notice(f"{number}"), stream=f"accounts/a{number % 2}"))
    copy = directory / "copy"
    shutil.copytree(whole, copy)
    await store.close()
    (copy / "axisor.db-shm").unlink()  # a start after a power cut has none
    return copy


def spoil(path: Path, place: int, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


async def sequences(directory: Path) -> dict[str, int]:
    store = sqlite_store(directory)
    await store.open()
    found = {}
    for stream in ("accounts/a0", "accounts/a1"):
        head = await store.read(lambda r, s=stream: r.head(s))  # type: ignore[misc]
        entries = await store.read(lambda r, s=stream: r.entries(s, after=0, limit=99))  # type: ignore[misc]
        assert verify(Head(), entries) == head
        found[stream] = head.sequence
    await store.close()
    return found


async def test_a_log_that_is_whole_loses_nothing(tmp_path: Path):
    directory = await with_log(tmp_path)

    assert wal.look(directory / "axisor.db").commits
    assert await sequences(directory) == {"accounts/a0": 6, "accounts/a1": 6}
    store = sqlite_store(directory)
    await store.open()
    assert await store.read(lambda r: r.meta("restored")) is None
    await store.close()


async def test_a_byte_changed_before_the_end_of_the_log_is_refused(tmp_path: Path):
    whole = await with_log(tmp_path)
    log = wal.look(whole / "axisor.db")
    frame = ((whole / "axisor.db-wal").stat().st_size - wal.HEADER) // log.commits[-1]
    rng = random.Random(SEED)
    safe = log.commits[-2]  # behind this commit there is one more

    for number in range(40):
        directory = tmp_path / str(number)
        shutil.copytree(whole, directory)
        place = rng.randrange(wal.HEADER, wal.HEADER + (safe - 1) * frame)
        spoil(directory / "axisor.db-wal", place, rng)

        with pytest.raises(JournalCorrupt, match="backup restore"):
            await sqlite_store(directory).open()


@pytest.mark.parametrize("place", range(0, wal.HEADER))
async def test_a_changed_header_of_the_log_is_refused(tmp_path: Path, place: int):
    directory = await with_log(tmp_path, entries=3)
    spoil(directory / "axisor.db-wal", place, random.Random(SEED + place))

    with pytest.raises(JournalCorrupt):
        await sqlite_store(directory).open()


async def test_a_last_commit_that_is_spoiled_makes_the_core_look_before_it_acts(tmp_path: Path):
    directory = await with_log(tmp_path)
    size = (directory / "axisor.db-wal").stat().st_size
    spoil(directory / "axisor.db-wal", size - 100, random.Random(SEED))

    store = sqlite_store(directory)
    await store.open()
    fact = await store.read(lambda r: r.meta("restored"))
    epoch = await store.write(lambda tx: tx.claim_lease("a", owner="me", ttl_us=10))
    await store.close()

    assert fact is not None
    told = json.loads(fact)
    assert told["why"] == "The disk may have lost what was written last."
    assert sorted(told["heads"].values()) == [5, 6]
    assert epoch is not None
    assert EPOCH_STEP == 1_000_000
    again = sqlite_store(directory)
    await again.open()
    assert await again.read(lambda r: r.meta("restored")) == fact  # once, not at every start
    await again.close()


async def test_a_log_cut_in_the_middle_of_a_frame_is_what_a_crash_leaves(tmp_path: Path):
    directory = await with_log(tmp_path)
    path = directory / "axisor.db-wal"
    path.write_bytes(path.read_bytes()[:-200])

    found = await sequences(directory)

    assert sum(found.values()) == 11


async def test_changed_pages_of_the_database_are_refused_or_were_not_in_use(tmp_path: Path):
    whole = await with_log(tmp_path)
    before = await sequences(whole)  # which folds the log into the database
    size = (whole / "axisor.db").stat().st_size
    rng = random.Random(SEED)
    refused = 0

    for page in range(size // 4_096):
        directory = tmp_path / f"page{page}"
        shutil.copytree(whole, directory)
        content = bytearray((directory / "axisor.db").read_bytes())
        start = page * 4_096
        content[start : start + 4_096] = rng.randbytes(4_096)
        (directory / "axisor.db").write_bytes(content)
        try:
            assert await sequences(directory) == before
        except JournalCorrupt:
            refused += 1

    assert refused > size // 4_096 * 3 // 4


async def test_a_truncated_database_is_refused_and_left_alone(tmp_path: Path):
    directory = await with_log(tmp_path)
    await sequences(directory)
    path = directory / "axisor.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = path.read_bytes()

    with pytest.raises(JournalCorrupt):
        await sqlite_store(directory).open()

    assert path.read_bytes() == before


# ---------------------------------------------------------------- lost databases


async def opened(directory: Path, *, anew: bool = False) -> None:
    identity = Identity(directory, anew=anew)
    identity.check_file()
    store = sqlite_store(directory)
    await store.open()
    try:
        await identity.tie(store, SeededIds(VirtualClock(), 1).new())
    finally:
        await store.close()


async def test_a_lost_database_is_not_replaced_by_an_empty_one(tmp_path: Path):
    await opened(tmp_path)
    await opened(tmp_path)
    for path in tmp_path.glob("axisor.db*"):
        path.unlink()

    with pytest.raises(StoreUnavailable, match="is gone"):
        await opened(tmp_path)

    assert list(tmp_path.glob("axisor.db*")) == []
    await opened(tmp_path, anew=True)
    await opened(tmp_path)


async def test_an_emptied_database_is_refused(tmp_path: Path):
    await opened(tmp_path)
    (tmp_path / "axisor.db").write_bytes(b"")

    with pytest.raises(StoreUnavailable, match="is gone"):
        await opened(tmp_path)


async def test_another_database_is_refused_until_told(tmp_path: Path):
    await opened(tmp_path)
    (tmp_path / FILE).write_text("0190f5a0-0000-7000-8000-000000000999\n")

    with pytest.raises(StoreUnavailable, match="another one"):
        await opened(tmp_path)

    await opened(tmp_path, anew=True)
    await opened(tmp_path)


async def test_a_directory_of_before_is_tied_to_the_database_it_has(tmp_path: Path):
    store = sqlite_store(tmp_path)
    await store.open()
    await store.write(appending(notice()))
    await store.close()

    await opened(tmp_path)

    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
