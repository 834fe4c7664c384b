"""The command `axisor backup`: make, list, verify and restore backups, without a core's help."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from axisor.errors import SettingsInvalid
from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.folder import Lying, chain_to, clear_out, listed, prove
from axisor_server.adapters.backup.making import Made, Place, Stamp, make
from axisor_server.adapters.backup.opening import opened
from axisor_server.adapters.backup.planning import retention_of
from axisor_server.adapters.backup.restoring import Result, restore
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.cli import CONFIG, OUTPUT, read, told, usual_data_dir
from axisor_server.domain.journal import from_us, to_us
from axisor_server.links import database_url
from axisor_server.settings import Settings

Command = Callable[..., Any]
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
UNITS = ("B", "kB", "MB", "GB", "TB")

DATA_DIR = click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=FOLDER,
    help="Where journal, keys and certificate are.",
)
DATABASE = click.option("--database", help="postgresql://… instead of SQLite in the directory.")
IDENTITY = click.option("--identity", type=FILE, help="The file of the private key.")
PASSPHRASE = click.option(
    "--passphrase-file", type=FILE, help="A private file whose first line is the passphrase."
)
TO = click.option("--folder", type=FOLDER, help="The folder of backups; else backup.folder.")


@click.group()
def backup() -> None:
    """Make, list, verify and restore backups."""


@backup.command("key")
@click.option("--to", "target", type=FILE, required=True, help="The new file.")
@OUTPUT
@told
def key(target: Path, output: str) -> None:
    """Make a private key in a file of its own, and print its public half.

    Keep the file away from the core: whoever has it can open every backup, and without it none.
    """
    private, public = seal.new_identity()
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsInvalid(f"{target} cannot be made: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"# public key: {public}\n{private}\n")
    click.echo(json.dumps({"recipient": public}) if output == "json" else public)


@backup.command("create")
@DATA_DIR
@DATABASE
@TO
@click.option("--recipient", "recipients", multiple=True, help="A public key (age1…).")
@PASSPHRASE
@click.option("--part", is_flag=True, help="Only what is new since the last backup from here.")
@CONFIG
@OUTPUT
@told
def create(file: Path | None, output: str, **options: Any) -> None:
    """Back a core up, at work or stopped: one encrypted file, checked before it is closed."""
    settings = _settings(file, options)
    place = _place(settings, options)
    lock = seal.Lock(
        recipients=() if options["passphrase_file"] else settings.backup.recipients,
        passphrase_file=options["passphrase_file"],
    )
    clock = SystemClock()
    stamp = Stamp(
        id=SystemIds().new(), time_us=to_us(clock.now()), version=version("axisor-server")
    )
    made = make(place, _folder(settings, options), lock, stamp, full=not options["part"])
    if made is None:
        click.echo("null" if output == "json" else "Nothing happened since the last backup.")
        return
    click.echo(json.dumps(_made(made)) if output == "json" else _made_text(made))


@backup.command("list")
@TO
@CONFIG
@OUTPUT
@told
def list_(file: Path | None, folder: Path | None, output: str) -> None:
    """List the backups of a folder, oldest first, with what was proved of each."""
    settings = _settings(file, {})
    found = listed(_folder(settings, {"folder": folder}))
    now = SystemClock().now()
    if output == "json":
        click.echo(json.dumps([_lying(one) for one in found]))
        return
    if not found:
        click.echo("There are no backups.")
    for one in found:
        age = _age((now - one.name.time).total_seconds())
        click.echo(f"{one.path.name}  {age} old  {_size(one.size)}  {_proved(one)}")


@backup.command("verify")
@click.argument("source", type=click.Path(path_type=Path))
@IDENTITY
@PASSPHRASE
@OUTPUT
@told
def verify(source: Path, output: str, **options: Any) -> None:
    """Open a backup, or the newest of a folder, put it together in a scratch place and check it.

    Every byte, every page, the hash of every entry, and every head is looked at.
    """
    import tempfile

    with (
        tempfile.TemporaryDirectory(prefix="axisor-verify-") as scratch,
        opened(source, _key(options), scratch_in=Path(scratch)) as found,
    ):
        prove(found.chain[-1], now_us=to_us(SystemClock().now()), opened=True)
        shape = {
            "valid": True,
            "file": found.chain[-1].name,
            "time": found.manifest.time.isoformat(),
            "version": found.manifest.version,
            "files": len(found.chain),
            "entries": found.entries,
            "journals": {name: head.sequence for name, head in found.manifest.heads.items()},
        }
    click.echo(
        json.dumps(shape)
        if output == "json"
        else f"{shape['file']} is whole: {found.entries} entries in"
        f" {len(found.manifest.heads)} journals, {len(found.chain)} files, every hash checked."
    )


@backup.command("restore")
@click.argument("source", type=click.Path(path_type=Path))
@DATA_DIR
@DATABASE
@IDENTITY
@PASSPHRASE
@click.option("--move-aside", is_flag=True, help="Keep what is there beside, and go on.")
@CONFIG
@OUTPUT
@told
def restore_(source: Path, file: Path | None, output: str, **options: Any) -> None:
    """Restore a backup, or the newest of a folder, into an empty directory and database.

    The core that starts there sends nothing until it has read every account and knows what happened
    since the backup. Never run it beside the core it replaces.
    """
    settings = _settings(file, options)
    done = restore(
        source,
        _key(options),
        _place(settings, options),
        now=SystemClock().now(),
        move_aside=options["move_aside"],
    )
    click.echo(json.dumps(_restored(done)) if output == "json" else _restored_text(done))


@backup.command("clean")
@TO
@CONFIG
@OUTPUT
@told
def clean(file: Path | None, folder: Path | None, output: str) -> None:
    """Delete the backups that the settings do not keep, as the core does after each of its own."""
    settings = _settings(file, {})
    gone = clear_out(_folder(settings, {"folder": folder}), retention_of(settings.backup))
    names = [path.name for path in gone]
    click.echo(json.dumps(names) if output == "json" else "\n".join(names) or "Nothing to delete.")


def _settings(file: Path | None, options: dict[str, Any]) -> Settings:
    flags = {"database.url": options.get("database")}
    if options.get("recipients"):
        flags["backup.recipients"] = list(options["recipients"])
    return read(file, **flags).settings


def _place(settings: Settings, options: dict[str, Any]) -> Place:
    directory = options["data_dir"] or usual_data_dir()
    return Place(data_dir=directory, database_url=database_url(settings))


def _folder(settings: Settings, options: dict[str, Any]) -> Path:
    folder = options["folder"] or settings.backup.folder
    if not folder:
        raise SettingsInvalid(
            "There is no folder of backups.", fix="Give --folder, or set backup.folder."
        )
    return Path(folder)


def _key(options: dict[str, Any]) -> seal.Key:
    return seal.Key(identity_file=options["identity"], passphrase_file=options["passphrase_file"])


def _made(made: Made) -> dict[str, Any]:
    return {
        "file": str(made.path),
        "kind": made.manifest.kind.value,
        "bytes": made.size,
        "entries": made.entries,
        "left_out": list(made.manifest.left_out),
    }


def _made_text(made: Made) -> str:
    lines = [
        f"{made.path}: a {made.manifest.kind.value} backup of {_size(made.size)},"
        f" {made.entries} entries checked."
    ]
    lines += [f"Left out, as it is no key or setting: {name}" for name in made.manifest.left_out]
    return "\n".join(lines)


def _lying(one: Lying) -> dict[str, Any]:
    proof = one.proof
    return {
        "file": one.path.name,
        "time": one.name.time.isoformat(),
        "kind": one.name.kind.value,
        "bytes": one.size,
        "restorable": _restorable(one),
        "checked": None if proof is None else from_us(proof.time_us).isoformat(),
        "opened": proof is not None and proof.opened,
    }


def _restorable(one: Lying) -> bool:
    from axisor.errors import BackupInvalid

    try:
        return bool(chain_to(one.path))
    except BackupInvalid:
        return False


def _proved(one: Lying) -> str:
    if not _restorable(one):
        return "its chain is not whole"
    if one.proof is None:
        return "not verified"
    day = from_us(one.proof.time_us).strftime("%Y-%m-%d %H:%M")
    return f"opened and verified {day}" if one.proof.opened else f"verified as it was made {day}"


def _restored(done: Result) -> dict[str, Any]:
    return {
        "backup": done.manifest.id,
        "time": done.manifest.time.isoformat(),
        "entries": done.entries,
        "files": [path.name for path in done.chain],
        "moved_to": None if done.moved_to is None else str(done.moved_to),
        "moved_schema": done.moved_schema,
    }


def _restored_text(done: Result) -> str:
    lines = [
        f"Restored as of {done.manifest.time:%Y-%m-%d %H:%M:%S} UTC;"
        f" {done.entries} entries checked."
    ]
    if done.moved_to is not None:
        lines.append(f"What was there is in {done.moved_to}.")
    if done.moved_schema:
        lines.append(f"The tables that were there are in the schema {done.moved_schema}.")
    lines.append("Start the core: it sends nothing until it knows what happened since.")
    return "\n".join(lines)


def _size(size: int) -> str:
    figure, unit = float(size), 0
    while figure >= 1_000 and unit < len(UNITS) - 1:
        figure, unit = figure / 1_000, unit + 1
    return f"{figure:.0f} {UNITS[unit]}" if unit == 0 else f"{figure:.1f} {UNITS[unit]}"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
