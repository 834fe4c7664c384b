"""`axisor profile`: cores by name, so that no address and no key is typed twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from axisor.errors import SettingsInvalid
from axisor_cli import profiles
from axisor_cli.output import Column
from axisor_cli.profiles import Book, Known
from axisor_cli.session import Options, command

COLUMNS = (
    Column("name", "profile"),
    Column("used", "used"),
    Column("core", "core"),
    Column("known_by", "known by"),
    Column("account", "account"),
    Column("expect_mode", "mode"),
)


@click.group()
def profile() -> None:
    """Cores by name: `--profile NAME` is short for an address and how the core is known."""


def _place() -> Path:
    return profiles.place(os.environ, Path.home())


def _row(book: Book, name: str) -> dict[str, Any]:
    known = book.get(name)
    by = known.pin or known.ca or ("nothing: plaintext" if known.plaintext else "its directory")
    return {
        "name": name,
        "used": book.used == name,
        "core": known.connect or known.data_dir,
        "known_by": by,
        "account": known.account,
        "expect_mode": known.expect_mode,
    }


@command(profile, name="list")
def list_profiles(options: Options) -> None:
    """List profiles, and which is used where none is named."""
    book = profiles.read(_place())
    options.printer().rows([_row(book, name) for name in sorted(book.profiles)], COLUMNS)


@command(profile)
@click.argument("name")
@click.option("--use", "used", is_flag=True, help="Use it from now on where none is named.")
def add(options: Options, name: str, used: bool) -> None:
    """Keep what the global options say by a name.

    So: axisor --connect HOST:PORT --pin sha256:… profile add home. Each option of `axisor` that
    says which core, how it is known, which account and which mode is kept; paths as whole ones.
    No token is: name its file with --token-file, or sign in.
    """
    known = _known(options)
    book = profiles.read(_place()).having(profiles.checked(name), known)
    profiles.write(_place(), book.using(name) if used else book)
    options.printer().say(f"{name} is {known.connect or known.data_dir}.")


def _known(options: Options) -> Known:
    if options.connect is None and options.data_dir is None:
        raise SettingsInvalid(
            "Nothing says which core it is.",
            fix="Give --connect HOST:PORT with --pin or --ca, or --data-dir DIR, before `profile`.",
            setting="connect",
        )
    trusted = options.pin or options.ca or options.plaintext or options.data_dir
    if options.connect is not None and not trusted:
        raise SettingsInvalid(
            f"Nothing says how {options.connect} is known.",
            money="Whoever answers at that address could be given your token.",
            fix="Give --pin sha256:… as the core says at its start, or --ca FILE.",
            setting="pin",
        )
    paths = {
        name: _whole(getattr(options, name))
        for name in ("data_dir", "token_file", "ca", "client_certificate")
    }
    return Known(
        connect=options.connect,
        pin=options.pin,
        plaintext=options.plaintext,
        account=options.account,
        expect_mode=options.expect_mode,
        **paths,
    )


def _whole(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())


@command(profile)
@click.argument("name")
def show(options: Options, name: str) -> None:
    """Show one profile."""
    known = profiles.read(_place()).get(name)
    options.printer().record({"name": name, **msgspec.structs.asdict(known)})


@command(profile)
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="Use none: the core of this machine.")
def use(options: Options, name: str | None, nothing: bool) -> None:
    """Use a profile from now on where none is named."""
    if nothing == (name is not None):
        raise click.UsageError("Name a profile, or say --none.")
    profiles.write(_place(), profiles.read(_place()).using(name))
    told = "the core of this machine is used" if name is None else f"{name} is used"
    options.printer().say(f"From now on {told}.")


@command(profile)
@click.argument("name")
def remove(options: Options, name: str) -> None:
    """Forget a profile. Its sign-in stays until `axisor auth logout`."""
    profiles.write(_place(), profiles.read(_place()).without(name))
    options.printer().say(f"{name} is forgotten.")
