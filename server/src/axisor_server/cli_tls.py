"""The command `axisor tls`: what a core shows its clients, and certificates for clients."""

from __future__ import annotations

import json
from pathlib import Path

import click

from axisor.errors import SettingsInvalid
from axisor_server.adapters import files, tls
from axisor_server.adapters.authority import LEAF_LIFE, open_authority
from axisor_server.adapters.system import SystemClock
from axisor_server.cli import OUTPUT, told, usual_data_dir
from axisor_server.transport import CERTIFICATE_FILE, DIRECTORY

DATA_DIR = click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the core's keys and certificate are.",
)


@click.group("tls")
def group() -> None:
    """Look after certificates."""


@group.command()
@DATA_DIR
@OUTPUT
@told
def show(data_dir: Path | None, output: str) -> None:
    """Print what clients pin: the hash of the core's key, and that of its certificate."""
    path = (data_dir or usual_data_dir()) / DIRECTORY / CERTIFICATE_FILE
    try:
        certificate = files.read_private(path)
    except FileNotFoundError:
        raise SettingsInvalid(
            f"There is no certificate in {path.parent}.", fix="Start the core once: axisor up."
        ) from None
    found = {"pin": tls.spki_pin(certificate), "certificate_file": str(path)}
    if output == "json":
        click.echo(json.dumps(found))
        return
    click.echo(f"{found['pin']}  ({path})")


@group.command()
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where NAME.crt and NAME.key are written.",
)
@DATA_DIR
@OUTPUT
@told
def issue(name: str, out: Path, data_dir: Path | None, output: str) -> None:
    """Write a client a certificate for 90 days; its core lets it in where it asks for one."""
    clock = SystemClock()
    authority = open_authority((data_dir or usual_data_dir()) / DIRECTORY, clock)
    issued = authority.issue(name, clock)
    paths = {"key": out / f"{name}.key", "certificate": out / f"{name}.crt"}
    files.replace_private(paths["key"], issued.key)
    files.replace_private(paths["certificate"], issued.certificate)
    if output == "json":
        click.echo(json.dumps({part: str(path) for part, path in paths.items()}))
        return
    click.echo(
        f"{paths['certificate']} and its key: {LEAF_LIFE.days} days. Give them to it safely."
    )
