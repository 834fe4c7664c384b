"""`axisor service`: a core that systemd starts, and starts again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from axisor.errors import NotFound, SettingsInvalid
from axisor_cli import unit
from axisor_cli.session import Options, command

PATIENCE_S = 90


@click.group()
def service() -> None:
    """Keep a core running: a user unit of systemd, started again whenever it ends."""


@command(service)
@click.option("--with", "beside", multiple=True, metavar="CLIENT", help="As of `axisor up`.")
@click.option("--config", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--print", "only_print", is_flag=True, help="Write the unit here, change nothing.")
def install(
    options: Options, beside: tuple[str, ...], config: Path | None, only_print: bool
) -> None:
    """Write the unit, start it now and whenever this person's services start."""
    wanted = unit.Wanted(
        program=_program(),
        data_dir=None if options.data_dir is None else Path(options.data_dir).absolute(),
        config=None if config is None else config.absolute(),
        beside=beside,
    )
    text = unit.text(wanted)
    if only_print:
        click.echo(text, nl=False)
        return
    _systemctl("--version")  # where there is no systemd, nothing is written
    place = unit.place(dict(os.environ), Path.home())
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", unit.NAME)
    printer = options.printer()
    printer.say(f"Wrote {place}; the core runs.")
    printer.say("So that it runs while you are signed out: loginctl enable-linger")


@command(service)
def uninstall(options: Options) -> None:
    """Stop the core and remove the unit. Its data stays."""
    place = _installed()
    _systemctl("disable", "--now", unit.NAME)
    place.unlink()
    _systemctl("daemon-reload")
    options.printer().say("Stopped and removed. Positions are unguarded; the data is where it was.")


@command(service)
def status(options: Options) -> None:
    """Show what systemd says of it."""
    _installed()
    click.echo(_ask("systemctl", "--user", "--no-pager", "status", unit.NAME).stdout, nl=False)


@command(service)
@click.option("--lines", type=click.IntRange(min=1), default=50, show_default=True)
def logs(options: Options, lines: int) -> None:
    """Show the last lines of its log."""
    _installed()
    ran = _ask("journalctl", "--user", "--no-pager", "--unit", unit.NAME, "--lines", str(lines))
    click.echo(ran.stdout, nl=False)


def _program() -> Path:
    """Return the `axisor` that runs now, by its whole path."""
    here = Path(sys.argv[0]).absolute()
    beside = Path(sys.executable).with_name("axisor")
    return here if here.name == "axisor" and here.exists() else beside


def _installed() -> Path:
    place = unit.place(dict(os.environ), Path.home())
    if not place.exists():
        raise NotFound(
            "The service is not installed.", fix="axisor service install", wanted=unit.NAME
        )
    return place


def _systemctl(*words: str) -> None:
    ran = _ask("systemctl", "--user", *words)
    if ran.returncode != 0:
        said = ran.stderr.strip() or ran.stdout.strip() or f"it ended with {ran.returncode}"
        raise SettingsInvalid(
            f"systemctl --user {' '.join(words)}: {said}",
            money="The core was not started by this; look with `axisor status`.",
            fix="axisor service install --print writes the unit, for you to place.",
        )


def _ask(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(words[0]) is None:
        raise SettingsInvalid(
            f"There is no {words[0]} on this machine.",
            money="Nothing was changed.",
            fix="Keep `axisor up` running by what your machine has; docs/operations.md tells how.",
        )
    return subprocess.run(  # noqa: S603 - programs named above, words of this module
        words, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
