"""`axisor console`: the terminal console of the core one is connected to."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol

import click

from axisor.client import Client
from axisor_tui.app import Console, Emit
from axisor_tui.link import feed


class Connects(Protocol):
    """What the command needs of the options of `axisor`: a client, and the account named."""

    account: str | None

    def connector(self) -> Callable[[], Client]:
        """Return what connects to the core that the options name, within a loop."""
        ...


@click.command()
@click.pass_obj
def console(options: Connects) -> None:
    """Watch an account in a terminal console."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The console needs a terminal; `axisor watch` writes lines instead.")
    app = console_app(options)
    app.run()
    if app.failure is not None:
        raise app.failure


def console_app(options: Connects) -> Console:
    """Return the console, ready to run."""

    def clock() -> int:
        return time.monotonic_ns() // 1_000_000

    connect = options.connector()

    async def source(emit: Emit) -> None:
        async with connect() as client:
            chosen = await client.accounts.choose(options.account)
            await feed(client, chosen.id, emit, clock=clock)

    return Console(source, clock=clock)
