"""A backup is one private file, encrypted, whole, and there at once or not at all."""

from __future__ import annotations

import gzip
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.backups import CANARY, Scene

from axisor.errors import BackupInvalid, JournalCorrupt, SettingsInvalid, StoreInUse
from axisor_server.adapters.backup import making, seal
from axisor_server.adapters.backup.folder import listed, prove
from axisor_server.adapters.backup.making import staging
from axisor_server.adapters.backup.opening import opened
from axisor_server.domain.backups import Kind

SEED = 20_261_125


async def grown(scene: Scene) -> None:
    store = scene.store()
    await store.open()
    scene.files()
    await scene.grow(store)
    await store.close()


async def test_a_backup_is_private_and_shows_nothing(scene: Scene):
    await grown(scene)

    made = scene.made()

    content = made.path.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    for word in (CANARY, "IntentSettled", "accounts/a1", "label of"):
        assert word.encode() not in content
    assert {path.stat().st_mode & 0o777 for path in scene.folder.iterdir()} == {0o600}
    assert scene.folder.stat().st_mode & 0o777 == 0o700
    left = [path.name for path in scene.place.data_dir.iterdir() if path.name.startswith(".")]
    assert left == []


async def test_every_changed_byte_and_every_cut_is_noticed(scene: Scene, tmp_path: Path):
    await grown(scene)
    whole = scene.made().path.read_bytes()
    broken = tmp_path / "broken.age"
    rng = random.Random(SEED)
    places = [rng.randrange(len(whole)) for _ in range(60)] + [0, len(whole) - 1]

    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.randrange(8)
        broken.write_bytes(flipped)
        with (
            pytest.raises((BackupInvalid, SettingsInvalid)),
            opened(broken, scene.keys.key, scratch_in=tmp_path),
        ):
            pytest.fail(f"byte {place} was changed unnoticed, seed {SEED}")
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:length])
        with (
            pytest.raises((BackupInvalid, SettingsInvalid)),
            opened(broken, scene.keys.key, scratch_in=tmp_path),
        ):
            pytest.fail(f"cut to {length} bytes unnoticed")


async def test_a_broken_journal_is_not_backed_up_as_if_it_were_whole(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    with sqlite3.connect(scene.place.data_dir / "axisor.db") as database:
        database.execute("UPDATE journal SET time = time + 1 WHERE sequence = 2")
    database.close()

    with pytest.raises(JournalCorrupt, match="broken at sequence 2"):
        scene.made()

    assert not scene.folder.exists()


async def test_a_part_that_does_not_go_on_is_refused(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    scene.made()
    store = scene.store()
    await store.open()
    await scene.grow(store)
    await store.close()
    with sqlite3.connect(scene.place.data_dir / "axisor.db") as database:
        database.execute("UPDATE journal SET mode = 'live' WHERE sequence > 2")
    database.close()

    with pytest.raises(JournalCorrupt):
        scene.made()


async def test_a_passphrase_closes_and_opens_a_backup(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    phrase = tmp_path / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text("correct horse battery staple\n")
    lock, key = seal.Lock(passphrase_file=phrase), seal.Key(passphrase_file=phrase)

    made = scene.make(lock=lock, full=True)

    assert made is not None
    with opened(made.path, key, scratch_in=tmp_path) as found:
        assert found.manifest.id == made.manifest.id
    with (
        pytest.raises(SettingsInvalid, match="passphrase"),
        opened(made.path, scene.keys.key, scratch_in=tmp_path),
    ):
        pass
    phrase.write_text("another horse battery staple\n")
    with pytest.raises(BackupInvalid), opened(made.path, key, scratch_in=tmp_path):
        pass


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (seal.Lock(), "somebody who can open"),
        (seal.Lock(recipients=("age1nobody",)), "not a public key"),
        (seal.Lock(recipients=("age1x",), passphrase_file=Path("p")), "not both"),
        (seal.Lock(passphrase_file=Path("no-such-file")), "no file"),
    ],
)
async def test_a_backup_that_nobody_could_open_is_not_made(
    tmp_path: Path, lock: seal.Lock, said: str
):
    scene = Scene(tmp_path)
    await grown(scene)

    with pytest.raises(SettingsInvalid, match=said):
        scene.make(lock=lock, full=True)


async def test_a_key_that_others_can_read_is_refused(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    made = scene.made()
    assert scene.keys.key.identity_file is not None
    scene.keys.key.identity_file.chmod(0o644)

    with (
        pytest.raises(SettingsInvalid, match="others can read"),
        opened(made.path, scene.keys.key, scratch_in=tmp_path),
    ):
        pass


async def test_two_backups_at_once_are_refused(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)

    with staging(scene.place.data_dir), pytest.raises(StoreInUse, match="under way"):
        scene.made()

    assert scene.made().manifest.kind is Kind.FULL


async def test_what_is_no_key_or_setting_is_named_and_left_out(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    (scene.place.data_dir / "huge.log").write_bytes(bytes(making.LARGEST_FILE + 1))
    (scene.place.data_dir / "link").symlink_to("/etc/hostname")
    for odd in ("my notes.txt", "\u00e4.txt", "OWNER.token"):
        (scene.place.data_dir / odd).write_text("x")
    (scene.place.data_dir / "old.tar.gz").write_bytes(gzip.compress(b"x"))

    made = scene.made()

    names = {member.name for member in made.manifest.members}
    assert set(made.manifest.left_out) == {"huge.log", "my notes.txt", "\u00e4.txt", "OWNER.token"}
    assert "files/old.tar.gz" in names
    assert {"files/vault.key", "files/owner.token", "files/tls/core.key"} <= names
    assert not any("lock" in name or "link" in name for name in names)


MAKE_ONE = """
import os, signal, sys
from pathlib import Path
from axisor_server.adapters.backup import making, seal

point, data, folder, recipient = sys.argv[1:]
place = making.Place(data_dir=Path(data))
stamp = making.Stamp(id="0190f5a0-0000-7000-8000-00000000abcd", time_us=10**15, version="0")
inner = getattr(making, point)

def dying(*args, **kwargs):
    if point != "prove":
        inner(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(making, point, dying)
making.make(place, Path(folder), seal.Lock(recipients=(recipient,)), stamp, full=True)
"""


@pytest.mark.parametrize("point", ["describe", "copy_files", "_checked", "_seal", "prove"])
async def test_a_backup_that_is_killed_leaves_a_whole_file_or_none(tmp_path: Path, point: str):
    scene = Scene(tmp_path)
    await grown(scene)
    recipient = scene.keys.lock.recipients[0]
    words = (point, str(scene.place.data_dir), str(scene.folder), recipient)

    done = subprocess.run(
        [sys.executable, "-c", MAKE_ONE, *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        check=False,
        timeout=60,
    )

    assert done.returncode == -signal.SIGKILL
    for found in listed(scene.folder):
        with opened(found.path, scene.keys.key, scratch_in=tmp_path):
            pass
    assert scene.made().manifest.kind is Kind.FULL
    assert [path for path in scene.place.data_dir.iterdir() if path.name.startswith(".")] == []


async def test_a_list_tells_what_was_proved_and_forgets_it_of_another_file(tmp_path: Path):
    scene = Scene(tmp_path)
    await grown(scene)
    made = scene.made()

    (first,) = listed(scene.folder)
    prove(made.path, now_us=7, opened=True)
    (second,) = listed(scene.folder)
    made.path.write_bytes(made.path.read_bytes() + b"x")
    (third,) = listed(scene.folder)

    assert first.proof is not None
    assert (first.proof.opened, first.size) == (False, made.size)
    assert second.proof is not None
    assert second.proof.opened
    assert third.proof is None
