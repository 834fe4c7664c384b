"""Migrations are all or nothing wherever they are killed, and say which cores still fit."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psycopg
import pytest
from tests.support.backups import Scene

from axisor.errors import StoreInUse, StoreUnavailable
from axisor_server.adapters.backup.before import FOLDER, before_migration
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.backup.opening import opened
from axisor_server.adapters.backup.seal import Key
from axisor_server.adapters.database import migrate, sqlite_store
from axisor_server.adapters.database.newest import Schema
from axisor_server.adapters.database.standing import migrate_now, status_of
from axisor_server.adapters.memory import SeededIds, VirtualClock

DYING = """
import os, signal, sqlite3, sys
import psycopg, sqlalchemy as sa
from pathlib import Path
from axisor_server.adapters.database import migrate

def run(kind, address, scripts, last):
    if kind == "sqlite":
        connection = sqlite3.connect(address, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        engine = migrate.sqlite_engine(connection)
    else:
        engine = migrate.postgres_engine(psycopg.connect(address))
    count = 0

    @sa.event.listens_for(engine, "after_cursor_execute")
    def executed(*_):
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    migrate.to_head(engine, scripts=Path(scripts))
    print(count, flush=True)

for line in sys.stdin:
    kind, address, scripts, last = line.split()
    child = os.fork()  # each migration dies alone
    if child == 0:
        run(kind, address, scripts, int(last))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        print("killed", flush=True)
"""

ADDS = '''"""A revision of a later version."""
import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = "{after}"
branch_labels = None
depends_on = None
{compatible}

def upgrade() -> None:
    op.create_table("{name}_things", sa.Column("id", sa.Text(), primary_key=True))
    op.add_column("runs", sa.Column("{name}_word", sa.Text(), nullable=True))
    op.create_index("{name}_words", "runs", ["{name}_word"])
'''


def scripts_with(folder: Path, *later: tuple[str, str]) -> Path:
    """Return the migrations of a later version: ours and more, each with what it fits."""
    target = folder / "migrations"
    shutil.copytree(migrate.MIGRATIONS, target)
    after = migrate.chain()[-1].revision
    for name, compatible in later:
        stated = f'min_compatible = "{compatible}"' if compatible else ""
        text = ADDS.format(name=name, after=after, compatible=stated)
        (target / "versions" / f"{name}.py").write_text(text)
        after = name
    return target


def newest() -> str:
    return migrate.chain()[-1].revision


class Migrations:
    """A process whose children migrate, and are killed after a statement."""

    def __init__(self, kind: str, scripts: Path) -> None:
        self._kind, self._scripts = kind, scripts
        self._process = subprocess.Popen(
            [sys.executable, "-c", DYING],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def die(self, address: str, statement: int) -> int | None:
        """Migrate until killed after a statement; returns how many there are, if none was last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self._kind} {address} {self._scripts} {statement}\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        assert said, "it ended otherwise than it should"
        return None if said == "killed" else int(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)


def sqlite_hash(path: str) -> str:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    ).fetchall()
    facts = connection.execute("SELECT * FROM alembic_version").fetchall()
    facts += connection.execute("SELECT * FROM meta ORDER BY key").fetchall()
    connection.close()
    return hashlib.sha256(repr((rows, facts)).encode()).hexdigest()


def postgres_hash(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable, ordinal_position"
            " FROM information_schema.columns WHERE table_schema = current_schema()"
            " ORDER BY table_name, ordinal_position"
        ).fetchall()
        indexes = connection.execute(
            "SELECT tablename, indexname, replace(indexdef, current_schema() || '.', '')"
            " FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2"
        ).fetchall()
        facts = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        facts += connection.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
    return hashlib.sha256(repr((columns, indexes, facts)).encode()).hexdigest()


def test_a_migration_killed_after_any_statement_ends_the_same_on_sqlite(tmp_path: Path):
    path = str(tmp_path / "killed.db")
    scripts = scripts_with(tmp_path, ("later", ""), ("last", ""))
    with Migrations("sqlite", scripts) as migrations:
        total = migrations.die(str(tmp_path / "whole.db"), 0)
        assert total is not None
        wanted = sqlite_hash(str(tmp_path / "whole.db"))

        for statement in range(1, total + 1):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            assert migrations.die(path, statement) is None
            connection = sqlite3.connect(path)
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.close()
            assert tables == (0,), f"killed after statement {statement}"
            assert migrations.die(path, 0) is not None
            assert sqlite_hash(path) == wanted


@pytest.mark.postgres
def test_a_migration_killed_after_any_statement_ends_the_same_on_postgres(
    new_postgres_dsn: Callable[[], str], tmp_path: Path
):
    whole = new_postgres_dsn()
    scripts = scripts_with(tmp_path, ("later", ""), ("last", ""))
    with Migrations("postgres", scripts) as migrations:
        total = migrations.die(whole, 0)
        assert total is not None
        wanted = postgres_hash(whole)

        for statement in range(1, total + 1):
            dsn = new_postgres_dsn()
            assert migrations.die(dsn, statement) is None
            assert migrations.die(dsn, 0) is not None
            assert postgres_hash(dsn) == wanted, f"killed after statement {statement}"


async def test_a_step_from_the_present_release_killed_leaves_the_present_release(tmp_path: Path):
    data = tmp_path / "data"
    path = str(data / "axisor.db")
    store = sqlite_store(data)
    await store.open()
    await store.close()
    before = sqlite_hash(path)
    with Migrations("sqlite", scripts_with(tmp_path, ("later", ""))) as migrations:
        total = migrations.die(str(shutil.copy(path, tmp_path / "probe.db")), 0)
        assert total is not None

        for statement in range(1, total + 1):
            assert migrations.die(path, statement) is None
            assert sqlite_hash(path) == before
            await store.open()
            await store.close()


@pytest.mark.parametrize(
    ("later", "works"),
    [
        ((("later", "{now}"),), True),
        ((("later", "later"),), False),
        ((("later", ""),), False),
        ((("later", "{now}"), ("last", "{now}")), True),
        ((("later", "later"), ("last", "{now}")), False),
        ((("later", "{now}"), ("last", "later")), False),
    ],
)
async def test_an_older_core_works_with_a_newer_schema_only_where_that_is_safe(
    tmp_path: Path, later: tuple[tuple[str, str], ...], works: bool
):
    data = tmp_path / "data"
    data.mkdir()
    stated = [(name, fits.format(now=newest())) for name, fits in later]
    scripts = scripts_with(tmp_path, *stated)
    connection = sqlite3.connect(data / "axisor.db", isolation_level=None)
    migrate.to_head(migrate.sqlite_engine(connection), scripts=scripts)
    connection.close()
    store = sqlite_store(data)

    if works:
        await store.open()
        await store.write(lambda tx: tx.put_meta("here", "I am"))
        await store.close()
    else:
        with pytest.raises(StoreUnavailable, match="newer schema") as raised:
            await store.open()
        assert raised.value.metadata["revision"] == later[-1][0]
    found = status_of(Place(data_dir=data))
    assert (found.works, found.migrates) == (works, False)
    assert found.revision == later[-1][0]


async def test_a_newer_core_brings_an_older_schema_forward(tmp_path: Path):
    data = tmp_path / "data"
    store = sqlite_store(data)
    await store.open()
    await store.close()
    scripts = scripts_with(tmp_path, ("later", newest()))

    connection = sqlite3.connect(data / "axisor.db", isolation_level=None)
    migrate.to_head(migrate.sqlite_engine(connection), scripts=scripts)

    with migrate.sqlite_engine(connection).connect() as opened_:
        assert migrate.kept(opened_) == Schema("later", newest())
    connection.close()
    await store.open()
    await store.close()


def test_every_revision_says_which_cores_it_fits():
    order = [script.revision for script in migrate.chain()]

    for place, script in enumerate(migrate.chain()):
        fits = getattr(script.module, "min_compatible", None)
        assert fits in order[: place + 1], f"{script.revision} must name its min_compatible"


def test_the_revisions_are_one_line():
    assert [s.down_revision for s in migrate.chain()][1:] == [s.revision for s in migrate.chain()][
        :-1
    ]


# ---------------------------------------------------------------- the backup before


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    postgres = request.param == "postgres"
    return Scene(tmp_path, request.getfixturevalue("postgres_dsn") if postgres else "")


def to_later(scene: Scene, scripts: Path) -> None:
    clock = VirtualClock()
    before = before_migration(scene.place, clock=clock, ids=SeededIds(clock, 1), version="0")
    if scene.place.database_url:
        with psycopg.connect(scene.place.database_url) as postgres:
            migrate.to_head(migrate.postgres_engine(postgres), before=before, scripts=scripts)
        return
    connection = sqlite3.connect(scene.place.data_dir / "axisor.db", isolation_level=None)
    migrate.to_head(migrate.sqlite_engine(connection), before=before, scripts=scripts)
    connection.close()


async def test_a_backup_is_made_before_a_database_is_changed(scene: Scene, tmp_path: Path):
    store = scene.store()
    await store.open()
    scene.files()
    await scene.grow(store)
    await store.close()
    content = scene.content()

    to_later(scene, scripts_with(tmp_path, ("later", newest())))

    (made,) = (scene.place.data_dir / FOLDER).iterdir()
    assert made.name.endswith(f"-{newest()}-to-later.tar.gz")
    assert made.stat().st_mode & 0o777 == 0o600
    with opened(made, Key(), scratch_in=tmp_path) as found:
        assert found.manifest.revision == newest()
        assert found.manifest.counts["intents"] == len(content["intents"])
        assert (found.files / "vault.key").exists()
    to_later(scene, tmp_path / "migrations")
    assert len(list((scene.place.data_dir / FOLDER).iterdir())) == 1


async def test_a_migration_whose_backup_fails_does_not_begin(tmp_path: Path):
    scene = Scene(tmp_path)
    store = scene.store()
    await store.open()
    await store.close()
    before = sqlite_hash(str(scene.place.data_dir / "axisor.db"))
    (scene.place.data_dir / FOLDER).write_text("in the way")

    with pytest.raises(StoreUnavailable):
        to_later(scene, scripts_with(tmp_path, ("later", newest())))

    assert sqlite_hash(str(scene.place.data_dir / "axisor.db")) == before


async def test_a_migration_by_hand_is_refused_beside_a_core(tmp_path: Path):
    store = sqlite_store(tmp_path)
    await store.open()

    with pytest.raises(StoreInUse):
        migrate_now(Place(data_dir=tmp_path), lambda present, wanted: None)

    await store.close()
    migrate_now(Place(data_dir=tmp_path), lambda present, wanted: None)
    found = status_of(Place(data_dir=tmp_path))
    assert (found.revision, found.works, found.migrates) == (newest(), True, False)
