"""What was backed up comes back as it was, into an empty place only, and marked as restored."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.backups import CANARY, Scene

from axisor.errors import BackupInvalid, StoreInUse
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.opening import opened
from axisor_server.adapters.backup.restoring import Result, restore
from axisor_server.domain.backups import EPOCH_STEP, Kind, Restored
from axisor_server.ports import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MARKED = ("leases", "runs", "meta")


def bring_back(scene: Scene, source: Path, *, move_aside: bool = False) -> Result:
    return restore(source, scene.keys.key, scene.place, now=NOW, move_aside=move_aside)


def unmarked(content: Any) -> dict[str, Any]:
    return {table: rows for table, rows in content.items() if table not in MARKED}


async def grown(scene: Scene) -> Store:
    store = scene.store()
    await store.open()
    scene.files()
    await scene.grow(store)
    await store.write(lambda tx: tx.claim_lease("a1", owner="me", ttl_us=1))
    return store


async def test_a_full_backup_comes_back_as_it_was(scene: Scene, other: Scene):
    store = await grown(scene)
    made = scene.made()
    before = scene.content()
    await store.close()

    result = bring_back(other, made.path)

    assert unmarked(other.content()) == unmarked(before)
    assert result.manifest.id == made.manifest.id
    for name in ("vault.key", "owner.token", "tls/core.key"):
        path = other.place.data_dir / name
        assert path.read_text() == f"{CANARY} {name}\n"
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_chain_of_parts_comes_back_as_it_was(scene: Scene, other: Scene):
    store = await grown(scene)
    scene.made()
    kinds = []
    for _ in range(3):
        await scene.grow(store, times=4)
        kinds.append(scene.made().manifest.kind)
    await scene.settle(store, 2)
    await store.write(lambda tx: tx.delete_account("a2"))
    await scene.grow(store, times=1)
    last = scene.made()
    before = scene.content()
    await store.close()

    result = bring_back(other, scene.folder)

    assert kinds == [Kind.PART] * 3
    assert (len(result.chain), result.manifest.id) == (5, last.manifest.id)
    assert unmarked(other.content()) == unmarked(before)


async def test_a_restored_database_shares_no_number_with_the_lost_one(scene: Scene, other: Scene):
    store = await grown(scene)
    await store.write(lambda tx: tx.claim_lease("a2", owner="me", ttl_us=1))
    runs = {run.id: run.step for run in await store.read(lambda r: r.runs())}
    made = scene.made()
    await store.close()
    bring_back(other, made.path)

    store = other.store()
    await store.open()
    fact = await store.read(lambda r: r.meta("restored"))
    leases = [await store.read(lambda r, a=a: r.lease(a)) for a in ("a0", "a1", "a2")]  # type: ignore[misc]
    steps = {run.id: run.step for run in await store.read(lambda r: r.runs())}
    claimed = await store.write(lambda tx: tx.claim_lease("a1", owner="new", ttl_us=1))
    await store.close()

    assert fact is not None
    restored = msgspec.json.decode(fact, type=Restored)
    assert restored.backup == made.manifest.id
    assert restored.heads == {name: head.sequence for name, head in made.manifest.heads.items()}
    found = [(lease.epoch, lease.owner) for lease in leases if lease is not None]
    assert found == [(EPOCH_STEP, ""), (EPOCH_STEP + 1, ""), (EPOCH_STEP + 1, "")]
    assert claimed == EPOCH_STEP + 2
    assert steps == {id: step + EPOCH_STEP for id, step in runs.items()}


async def test_a_core_at_work_is_backed_up_without_being_kept_from_writing(
    scene: Scene, other: Scene
):
    store = await grown(scene)
    writing = True

    async def write() -> int:
        count = 0
        while writing:
            await scene.grow(store, times=1)
            count += 1
        return count

    writer = asyncio.create_task(write())
    made = [await asyncio.to_thread(scene.make, full=n == 0) for n in range(4)]
    writing = False
    written = await writer
    await store.close()

    assert written > 4
    assert [m.manifest.number for m in made if m is not None] == [0, 1, 2, 3]
    last = made[-1]
    assert last is not None
    assert bring_back(other, scene.folder).manifest.heads == last.manifest.heads


async def test_nothing_new_makes_no_backup(scene: Scene):
    store = await grown(scene)
    scene.made()

    again = scene.make()

    await store.close()
    assert again is None


async def test_a_directory_with_anything_in_it_is_refused_and_left_alone(
    scene: Scene, other: Scene
):
    store = await grown(scene)
    made = scene.made()
    await store.close()
    (other.place.data_dir / "vault.key").write_text("somebody's")

    with pytest.raises(StoreInUse, match="not empty"):
        bring_back(other, made.path)

    assert (other.place.data_dir / "vault.key").read_text() == "somebody's"


async def test_what_is_there_is_moved_aside_and_never_deleted(scene: Scene):
    store = await grown(scene)
    made = scene.made()
    await scene.grow(store)
    before = scene.content()
    await store.close()

    result = bring_back(scene, made.path, move_aside=True)

    assert result.moved_to is not None
    assert (result.moved_to / "vault.key").read_text() == f"{CANARY} vault.key\n"
    assert len(scene.content()["journal"]) < len(before["journal"])
    if scene.place.database_url:
        assert result.moved_schema.endswith("_before_20261125t120000z")
    else:
        assert (result.moved_to / "axisor.db").exists()


async def test_a_database_with_tables_in_it_is_refused(scene: Scene, other: Scene):
    store = await grown(scene)
    made = scene.made()
    await store.close()
    taken = other.store()
    await taken.open()
    await taken.close()
    (other.place.data_dir / "core.lock").unlink(missing_ok=True)

    with pytest.raises(StoreInUse, match="not empty"):
        bring_back(other, made.path)


async def test_a_core_at_work_is_not_restored_over(scene: Scene):
    store = await grown(scene)
    made = scene.made()
    if scene.place.database_url:
        await store.write(lambda tx: tx.claim_lease("a0", owner="me", ttl_us=1 << 50))

    with pytest.raises(StoreInUse):
        bring_back(scene, made.path, move_aside=True)

    await scene.grow(store)
    await store.close()


async def test_a_chain_with_a_part_missing_is_refused_and_the_part_before_restores(
    scene: Scene, other: Scene
):
    store = await grown(scene)
    parts = [scene.made()]
    for _ in range(3):
        await scene.grow(store, times=2)
        parts.append(scene.made())
    await store.close()
    parts[2].path.unlink()

    with pytest.raises(BackupInvalid, match="number 2"):
        bring_back(other, scene.folder)

    assert bring_back(other, parts[1].path).manifest.id == parts[1].manifest.id


async def test_a_part_of_another_chain_is_not_taken_for_one_of_this(scene: Scene, tmp_path: Path):
    store = await grown(scene)
    scene.made()
    await scene.grow(store)
    part = scene.made()
    strange = scene.made(full=True)
    await scene.grow(store)
    await store.close()
    name = part.path.name.replace(part.manifest.base[-12:], strange.manifest.base[-12:])
    forged = part.path.rename(part.path.with_name(name))

    with (
        pytest.raises(BackupInvalid, match="of another chain"),
        opened(forged, scene.keys.key, scratch_in=tmp_path),
    ):
        pass


async def test_another_key_does_not_open_a_backup(scene: Scene, other: Scene, tmp_path: Path):
    store = await grown(scene)
    made = scene.made()
    await store.close()
    private, _ = seal.new_identity()
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text(private)

    with pytest.raises(BackupInvalid, match="does not open"):
        restore(
            made.path,
            seal.Key(identity_file=wrong),
            other.place,
            now=NOW,
            move_aside=False,
        )

    assert [path.name for path in other.place.data_dir.iterdir() if path.suffix == ".db"] == []
