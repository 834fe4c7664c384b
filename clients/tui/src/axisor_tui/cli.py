"""`axisor console`: the terminal console of the core one is connected to."""

from __future__ import annotations

import time
from typing import Protocol

import click

from axisor.client import Client, every
from axisor.errors import AccountNotFound
from axisor.wire.records import Account
from axisor_tui.app import Console, Emit
from axisor_tui.link import feed


class Connects(Protocol):
    """What the command needs of the options of `axisor`: a client, and the account named."""

    account: str | None

    def client(self) -> Client:
        """Return a client of the core that the options name."""
        ...


@click.command()
@click.pass_obj
def console(options: Connects) -> None:
    """Watch an account in a terminal console."""
    app = console_app(options)
    app.run()
    if app.failure is not None:
        raise app.failure


def console_app(options: Connects) -> Console:
    """Return the console, ready to run."""

    def clock() -> int:
        return time.monotonic_ns() // 1_000_000

    async def source(emit: Emit) -> None:
        async with options.client() as client:
            chosen = await choose(client, options.account)
            await feed(client, chosen.id, emit, clock=clock)

    return Console(source, clock=clock)


async def choose(client: Client, wanted: str | None) -> Account:
    """Return the account whose id or label is or begins with `wanted`, or the only one there is.

    Raises AccountNotFound naming those there are.
    """
    accounts = await every(lambda token: client.accounts.list(page_token=token))
    if wanted is None and len(accounts) == 1:
        return accounts[0]
    exact = [each for each in accounts if wanted in (each.id, each.label)]
    found = exact or [each for each in accounts if wanted and each.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{each.label} ({each.id})" for each in accounts) or "none yet"
    raise AccountNotFound(
        "Say which account: there is not exactly one that fits.",
        fix=f"Accounts of this core: {names}. Choose with --account, or: axisor account add.",
    )
