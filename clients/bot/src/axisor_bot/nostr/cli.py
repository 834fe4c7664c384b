"""`axisor bot nostr`: the bot's key, whom it answers, and the bot itself."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from axisor.client import Client
from axisor.errors import PersonNotFound
from axisor.ports import Secret
from axisor_bot.connecting import Connects
from axisor_bot.granting import DAYS, granting, revoking
from axisor_bot.nostr.contacts import Contact, NostrHome
from axisor_bot.people import VIEWER
from axisor_bot.texts import CATALOGUES, USUAL

F = TypeVar("F", bound=Callable[..., Any])
MOST_NAME = 64


@click.group()
def nostr() -> None:
    """A bot of Nostr: private messages that ask, and change nothing."""
    try:
        import nostr_sdk  # noqa: F401 - said here once, where it can still be installed
    except ImportError as error:
        raise click.ClickException(
            f"{error.name} is missing: pip install axisor-bot[nostr]"
        ) from error


def placed(function: F) -> F:
    """Give a command `--home`."""
    return click.option(
        "--home", type=click.Path(path_type=Path, file_okay=False), help="The bot's folder."
    )(function)


def home_of(folder: Path | None) -> NostrHome:
    """Return the bot's folder, the usual one where none is named."""
    if folder is not None:
        return NostrHome(folder)
    return NostrHome.usual(os.environ, Path.home(), "nostr")


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@nostr.command()
@click.option("--new", is_flag=True, help="Make one that nobody had before.")
@placed
def key(new: bool, home: Path | None) -> None:
    """Keep the bot's secret key: a new one, or one that is asked for or read from standard input.

    It should be the bot's alone: whoever holds it can read what was asked and answered.
    """
    from axisor_bot.nostr.keys import Identity

    if new:
        given = Identity.fresh()
    elif sys.stdin.isatty():
        given = Secret(click.prompt("Secret key, nsec1…", hide_input=True, err=True).strip())
    else:
        given = Secret(sys.stdin.readline().strip())
    identity = Identity(given)
    home_of(home).keep_key(given)
    click.echo(f"the bot is {identity.npub}")


@nostr.command()
@click.argument("npub")
@click.option("--name", default="", help="What they are called in lists.")
@click.option("--days", type=click.IntRange(1, 365), default=DAYS, show_default=True)
@click.option("--language", type=click.Choice(sorted(CATALOGUES)), default=USUAL)
@click.option("--private", is_flag=True, help="Show percentages only.")
@placed
@click.pass_obj
def allow(
    options: Connects,
    /,
    npub: str,
    name: str,
    days: int,
    language: str,
    private: bool,
    home: Path | None,
) -> None:
    """Answer somebody, by a token that may read one account and nothing else.

    Who they are is proved by each of their messages, so no code is needed.
    """
    from axisor_bot.nostr.keys import Identity

    kept = home_of(home)
    Identity(kept.key).check_partner(npub)
    until = now() + timedelta(days=days)
    account, made = options.run(granting("nostr", options.account, VIEWER, until, {}))
    contact = Contact(
        npub=npub,
        name="".join(sign for sign in name if sign.isprintable())[:MOST_NAME] or npub[:12],
        role=VIEWER,
        account=account.id,
        mode=account.mode,
        token=made.reveal(),
        language=language,
        private=private,
    )
    kept.keep_contact(contact)
    click.echo(f"{contact.name} may ask about {account.label} ({account.mode.value.upper()})")


@nostr.command()
@placed
def people(home: Path | None) -> None:
    """List who is answered."""
    for each in home_of(home).contacts():
        click.echo(f"{each.npub}  {each.role:<8}  {each.mode.value.upper():<6}  {each.name}")


@nostr.command()
@click.argument("who")
@placed
@click.pass_obj
def forget(options: Connects, /, who: str, home: Path | None) -> None:
    """Answer somebody no longer, and revoke their token at the core."""
    kept = home_of(home)
    found = [each for each in kept.contacts() if who in (each.npub, each.name)]
    if len(found) != 1:
        raise PersonNotFound(
            f"`{who}` fits {len(found)} of those who are answered.",
            fix="See them, with their keys: axisor bot nostr people.",
        )
    options.run(revoking(found[0]))
    kept.forget(found[0].npub)
    click.echo(f"forgot {found[0].npub}; their token is revoked")


@nostr.command()
@click.option(
    "--relay", "relays", multiple=True, required=True, metavar="URL", help="wss://…; several times."
)
@placed
@click.pass_obj
def run(options: Connects, /, relays: tuple[str, ...], home: Path | None) -> None:
    """Run the bot until it is stopped. Stopping it changes nothing for the guard.

    Its contacts must read their private messages on one of the relays, and write to one.
    """
    from axisor_bot.nostr.keys import Identity
    from axisor_bot.nostr.relay import check_relay

    urls = tuple(dict.fromkeys(check_relay(url) for url in relays))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    kept = home_of(home)
    identity = Identity(kept.key)
    click.echo(f"{identity.npub} listens at {' '.join(urls)} until Ctrl-C")
    asyncio.run(_run(options, kept, urls))


async def _run(options: Connects, home: NostrHome, urls: tuple[str, ...]) -> None:
    from axisor_bot.nostr.bot import NostrBot
    from axisor_bot.nostr.keys import Identity

    def connect(contact: Contact) -> Client:
        return Client.connect(options.profile(contact.secret()), expect_mode=contact.mode)

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        with home.alone():
            await NostrBot(Identity(home.key), urls, home, connect, now=now).run()
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("stopped; the core goes on")
