"""`axisor sim beside`: a simulator for the core of this machine, and an account for it there.

Its key and its port are kept in the core's data directory, so that the account finds it again after
a restart. Its market is not kept: each start begins anew, with the same play money.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import click
import msgspec
from msgspec import Struct

from axisor.client import Client, every
from axisor.errors import SettingsInvalid
from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor_lnmarkets.sim.running import Running, note
from axisor_lnmarkets.sim.server import Simulator, serve
from axisor_lnmarkets.sim.settings import Settings

LABEL = "sandbox"
FILE = "sandbox.json"
BALANCE = 2_000_000
SCOPES = ("account:read", "futures:*", "synthetic-usd:*")
"""What the key may do: as a good one, it cannot withdraw."""


class Core(Protocol):
    """What the command needs of the options of `axisor`: a core of this machine."""

    @property
    def directory(self) -> Path:
        """Return the data directory of the core."""
        ...

    def connector(self) -> Callable[[], Client]:
        """Return what connects to that core, within a loop."""
        ...


class Kept(Struct, frozen=True):
    """What the next start needs to be the same simulator."""

    key: str
    secret: str
    passphrase: str
    port: int = 0

    def __repr__(self) -> str:
        return f"Kept(port={self.port})"

    @property
    def credentials(self) -> Credentials:
        """Return the key as an account takes it."""
        return Credentials(Secret(self.key), Secret(self.secret), Secret(self.passphrase))

    def settings(self, port: int) -> Settings:
        """Return what the simulator is started with."""
        return Settings(
            key=self.key,
            secret=Secret(self.secret),
            passphrase=Secret(self.passphrase),
            balance=BALANCE,
            scopes=SCOPES,
            port=port,
            control_token=Secret(secrets.token_hex(32)),
        )


def run(core: Core) -> None:
    """Serve until told to stop. Raises what the core refuses with."""
    asyncio.run(_run(core.directory / FILE, core.connector()))


async def _run(path: Path, connect: Callable[[], Client]) -> None:
    kept, ended, loop = _read(path), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    known = kept is not None
    kept = kept or Kept(secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(16))
    async with AsyncExitStack() as stack:
        try:
            simulator = await stack.enter_async_context(serve(kept.settings(kept.port)))
        except SettingsInvalid:  # another listens there now: the account is told of the new port
            simulator = await stack.enter_async_context(serve(kept.settings(0)))
        kept = msgspec.structs.replace(kept, port=simulator.port)
        _write(path, kept)
        await _serve(simulator, kept, connect, ended, known=known)


async def _serve(
    simulator: Simulator,
    kept: Kept,
    connect: Callable[[], Client],
    ended: asyncio.Event,
    *,
    known: bool,
) -> None:
    token = simulator.settings.control_token
    assert token is not None, "it is steered by the core"
    noted = note(Running(simulator.url, token.reveal(), os.getpid()), simulator.port)
    try:
        async with connect() as client:
            await settle(client, simulator.url, kept, known=known)
        click.echo(f"playing {simulator.url}   account {LABEL}, SIM, {BALANCE:,} sat of play money")
        await ended.wait()
    finally:
        noted.unlink(missing_ok=True)


async def settle(client: Client, url: str, kept: Kept, *, known: bool) -> str:
    """Have the core know the simulator's account; return its id.

    `known` says that the key is one the core may have already. Raises what the core refuses with.
    """
    accounts = await every(lambda token: client.accounts.list(page_token=token))
    found = next(
        (each for each in accounts if (each.mode, each.label) == (Mode.SIM, LABEL)),
        None,
    )
    if found is None:
        made = await client.accounts.create(
            venue="lnmarkets",
            network="sim",
            mode=Mode.SIM,
            label=LABEL,
            base_url=url,
            credentials=kept.credentials,
        )
        return made.id
    if found.base_url != url:
        await client.accounts.update(found.id, base_url=url)
    if not known:
        await client.accounts.replace_credentials(found.id, kept.credentials)
    return found.id


def _read(path: Path) -> Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise SettingsInvalid(
            f"{path} is not what was written there: {error}.",
            fix="Remove it: another key is made, and the account gets it.",
        ) from error


def _write(path: Path, kept: Kept) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(kept))
    fresh.replace(path)
