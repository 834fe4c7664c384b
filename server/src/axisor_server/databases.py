"""The command `axisor db`: a database's schema, its migration, months and proof."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from axisor_server.adapters.backup.before import before_migration
from axisor_server.adapters.backup.making import Place
from axisor_server.adapters.database.partitions import (
    AHEAD_AT_MOST,
    Ensured,
    Partition,
    ensure,
    listed,
)
from axisor_server.adapters.database.standing import Found, migrate_now, status_of
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.cli import CONFIG, OUTPUT, read, told, usual_data_dir
from axisor_server.domain.journal import from_us
from axisor_server.links import database_url

DATA_DIR = click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where journal, keys and certificate are.",
)
DATABASE = click.option("--database", help="postgresql://… instead of SQLite in the directory.")


@click.group()
def db() -> None:
    """Look after a core's database."""


@db.command("status")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def status(file: Path | None, output: str, **options: Any) -> None:
    """Say which schema the database has, and what this version would do with it."""
    found = status_of(_place(file, options))
    click.echo(json.dumps(_shape(found)) if output == "json" else _text(found))


@db.command("migrate")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def migrate(file: Path | None, output: str, **options: Any) -> None:
    """Bring the database to this version's schema, a backup first, as a start of the core does."""
    place = _place(file, options)
    before = before_migration(
        place, clock=SystemClock(), ids=SystemIds(), version=version("axisor-server")
    )
    migrate_now(place, before)
    found = status_of(place)
    click.echo(json.dumps(_shape(found)) if output == "json" else _text(found))


@db.command("partitions")
@click.option(
    "--ahead",
    type=click.IntRange(0, AHEAD_AT_MOST),
    help="First make this month's and so many after it.",
)
@DATABASE
@CONFIG
@OUTPUT
@told
def partitions(file: Path | None, output: str, database: str | None, ahead: int | None) -> None:
    """List the monthly partitions of the journal on PostgreSQL; the core makes two ahead itself."""
    url = database_url(read(file, **{"database.url": database}).settings)
    ensured = ensure(url, ahead=ahead) if url and ahead is not None else Ensured()
    found = listed(url) if url else ()
    if output == "json":
        click.echo(json.dumps(_parts(found, ensured)))
        return
    if not url:
        click.echo("The journal has no partitions: SQLite keeps it in one table.")
    for name in ensured.made:
        click.echo(f"Made {name}.")
    for name in ensured.left:
        click.echo(f"The entries of {name} stay in the default partition: they are too many.")
    for one in found:
        rows = "rows not counted yet" if one.rows < 0 else f"about {one.rows:,} rows"
        click.echo(f"{one.table}  {_span(one)}  {rows}  {one.size:,} bytes")


def _span(one: Partition) -> str:
    if one.end_us is None:
        return "any other time"
    start = "the beginning" if one.start_us is None else f"{from_us(one.start_us):%Y-%m-%d}"
    return f"from {start} to {from_us(one.end_us):%Y-%m-%d}"


def _parts(found: Sequence[Partition], ensured: Ensured) -> dict[str, Any]:
    return {
        "made": ensured.made,
        "left": ensured.left,
        "partitions": [
            {
                "table": one.table,
                "start": None if one.start_us is None else from_us(one.start_us).isoformat(),
                "end": None if one.end_us is None else from_us(one.end_us).isoformat(),
                "rows": None if one.rows < 0 else one.rows,
                "bytes": one.size,
            }
            for one in found
        ],
    }


@db.command("verify")
@DATA_DIR
@DATABASE
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with the checkpoints of this file, best one that was kept elsewhere.",
)
@click.option("--key", help="The public key they were signed for; the database's own otherwise.")
@CONFIG
@OUTPUT
@told
def verify(file: Path | None, output: str, **options: Any) -> None:
    """Compute every journal anew and compare it with checkpoints; a core may be running."""
    from axisor_server import offline
    from axisor_server.services.auditing import walk

    loaded = read(file, **{"database.url": options["database"]})
    reading = offline.reading(loaded, options["data_dir"] or usual_data_dir())
    try:
        checkpoints = offline.checkpoints(reading, options["checkpoints"], options["key"])
        sizes = {
            stream: walk(reading.read, stream, checkpoints)
            for stream in offline.streams(reading, checkpoints)
        }
    finally:
        reading.close()
    if output == "json":
        shape = {"journals": sizes, "checkpoints": len(checkpoints)}
        click.echo(json.dumps(shape, indent=2))
        return
    for stream, size in sizes.items():
        click.echo(f"{stream}: {size:,} entries hold")
    click.echo(f"{len(checkpoints):,} checkpoints fit.")


def _place(file: Path | None, options: dict[str, Any]) -> Place:
    settings = read(file, **{"database.url": options["database"]}).settings
    directory = options["data_dir"] or usual_data_dir()
    return Place(data_dir=directory, database_url=database_url(settings))


def _shape(found: Found) -> dict[str, Any]:
    return {
        "database": found.database,
        "revision": found.revision,
        "newest": found.newest,
        "compatible": found.compatible,
        "works": found.works,
        "migrates": found.migrates,
    }


def _text(found: Found) -> str:
    if found.revision is None:
        return f"The {found.database} database is empty; a start makes revision {found.newest}."
    if not found.works:
        return (
            f"The {found.database} database has revision {found.revision}, which needs"
            f" {found.compatible} or newer; this version has {found.newest}."
        )
    if found.migrates:
        return (
            f"The {found.database} database has revision {found.revision};"
            f" a start migrates it to {found.newest}, after a backup."
        )
    return f"The {found.database} database has revision {found.revision}; nothing is to be done."
