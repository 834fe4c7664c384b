"""`axisor console`: the terminal console of the core one is connected to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import click
from msgspec.structs import replace

from axisor.client import Client
from axisor_tui.app import Console
from axisor_tui.link import Link
from axisor_tui.settings import Settings, default_path, load
from axisor_tui.themes import THEMES


class Connects(Protocol):
    """What the command needs of the options of `axisor`: a client, and the account named."""

    account: str | None

    def connector(self) -> Callable[[], Client]:
        """Return what connects to the core that the options name, within a loop."""
        ...


@click.command()
@click.option("--read-only", is_flag=True, help="Offer no action, whatever the token may do.")
@click.option("--theme", type=click.Choice(list(THEMES)), help="Colours, instead of those set.")
@click.option(
    "--settings",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="AXISOR_CONSOLE_SETTINGS",
    help="File of settings and keys, instead of axisor/console.toml among your own.",
)
@click.pass_obj
def console(options: Connects, /, read_only: bool, theme: str | None, path: Path | None) -> None:
    """Watch an account in a terminal console, and act on it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The console needs a terminal; `axisor watch` writes lines instead.")
    settings = load(path or default_path(os.environ, Path.home()), must_exist=path is not None)
    if read_only:
        settings = replace(settings, read_only=True)
    if theme is not None:
        settings = replace(settings, theme=theme)
    app = console_app(options, settings)
    app.run()
    if app.failure is not None:
        raise app.failure


def console_app(options: Connects, settings: Settings) -> Console:
    """Return the console, ready to run."""

    def clock() -> int:
        return time.monotonic_ns() // 1_000_000

    link = Link(options.connector(), options.account, clock=clock)
    return Console(link, settings=settings, clock=clock)
