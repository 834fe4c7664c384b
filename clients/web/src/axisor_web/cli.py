"""`axisor web`: the bridge between a core and browsers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from axisor.client import Client
from axisor.errors import AxisorError, SettingsInvalid
from axisor.ports import Secret

if TYPE_CHECKING:
    from axisor_web.serving import Served


class Connects(Protocol):
    """What the command needs of the options of `axisor`: a core, and whose it is."""

    def connector(self) -> Callable[[], Client]:
        """Return what connects to the core that the options name, within a loop."""
        ...

    def holds_owner_token(self) -> bool:
        """Return whether whoever runs this can read the owner token of a core here."""
        ...

    def token(self) -> Secret:
        """Return whose token goes with calls."""
        ...


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:8421",
    show_default=True,
    metavar="HOST:PORT",
    envvar="AXISOR_WEB_LISTEN",
)
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name browsers use for it.")
@click.option("--allow-origin", "origins", multiple=True, metavar="ORIGIN", help="Another page's.")
@click.option("--certificate", type=click.Path(path_type=Path, exists=True), help="Speak TLS.")
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="Its key.")
@click.option("--behind-proxy", "proxied", is_flag=True, help="A proxy in front speaks TLS.")
@click.pass_obj
def web(options: Connects, /, listen: str, **given: Any) -> None:
    """Serve the core to browsers and to programs that speak REST.

    On the machine of the core it prints a link that opens one session, once, within ten minutes.
    Everybody else signs in. Stopping it changes nothing for the guard.
    """
    from axisor_web.settings import Settings

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise SettingsInvalid(f"{listen} is no HOST:PORT.", setting="listen")
    settings = Settings(host=host.strip("[]"), port=int(port), **given)
    entry = options.token() if options.holds_owner_token() else None
    asyncio.run(_serve(settings, options.connector(), entry))


async def _serve(settings: Any, connect: Callable[[], Client], entry: Secret | None) -> None:
    from axisor_web.serving import serving

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with (
        connect() as client,
        serving(settings, client.channel, address=client.target) as served,
    ):
        click.echo(f"serving {served.origin}")
        async with asyncio.TaskGroup() as group:
            # A core that does not answer keeps the link waiting, and nobody who wants to stop.
            saying = group.create_task(_say_entry(served, client, entry))
            await ended.wait()
            saying.cancel()


async def _say_entry(served: Served, client: Client, entry: Secret | None) -> None:
    """Print a link that opens one session with a token, where there is one."""
    from axisor_web.sessions import Tokens

    if entry is None:
        return
    code = served.sessions.entry(Tokens(entry))
    first = "?next=/setup" if await _is_new(client) else ""
    click.echo(f"enter   {served.origin}/enter{first}#{code}   once, within ten minutes")


async def _is_new(client: Client) -> bool:
    """Return whether a core has no run of any account yet: whoever comes in sets it up first."""
    try:
        accounts = (await client.accounts.list()).items
        runs = [
            (await client.strategies.list_runs(each.id, page_size=1)).items for each in accounts
        ]
    except AxisorError:  # the link is good all the same; the page says what is the matter
        return False
    return not any(runs)
