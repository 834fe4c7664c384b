"""`axisor bot telegram`: the bot's token, pairing, who was paired, and the bot itself."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from axisor.client import Client
from axisor.errors import PersonNotFound
from axisor.ports import Secret
from axisor_bot.connecting import Connects
from axisor_bot.granting import DAYS, granting, revoking
from axisor_bot.home import Home
from axisor_bot.linking import Pages
from axisor_bot.people import DIGITS, MINUTES, OPERATOR, VIEWER, Pairing, Person, digest
from axisor_bot.telegram.api import BASE, TelegramApi
from axisor_bot.telegram.bot import TelegramBot
from axisor_bot.telegram.updates import User

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@click.group()
def telegram() -> None:
    """A Telegram bot: alerts, questions, and changes that you confirm."""


def placed(function: F) -> F:
    """Give a command `--home` and `--api-url`."""
    home = click.option(
        "--home", type=click.Path(path_type=Path, file_okay=False), help="The bot's folder."
    )
    url = click.option("--api-url", default=BASE, show_default=True, help="Of the Bot API.")
    return home(url(function))


def home_of(folder: Path | None) -> Home:
    """Return the bot's folder, the usual one where none is named."""
    return Home(folder) if folder is not None else Home.usual(os.environ, Path.home(), "telegram")


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def _with(token: Secret, url: str, use: Callable[[TelegramApi], Awaitable[T]]) -> T:
    async def whole() -> T:
        api = TelegramApi(token, base=url)
        try:
            return await use(api)
        finally:
            await api.aclose()

    return asyncio.run(whole())


async def _me(api: TelegramApi) -> User:
    return await api.me()


@telegram.command()
@placed
def token(home: Path | None, api_url: str) -> None:
    """Keep the bot's token, as @BotFather gives it: asked for, or from standard input."""
    if sys.stdin.isatty():
        text = click.prompt("Token of @BotFather", hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    given = Secret(text.strip())
    me = _with(given, api_url, _me)
    home_of(home).keep_token(given)
    click.echo(f"kept the token of @{me.username}")


@telegram.command()
@click.option("--role", type=click.Choice([VIEWER, OPERATOR]), help="The first is an operator.")
@click.option("--days", type=click.IntRange(1, 365), default=DAYS, show_default=True)
@click.option("--max-sats-per-day", type=click.IntRange(0), help="Sats they may move in a day.")
@click.option("--private", is_flag=True, help="Show percentages only.")
@placed
@click.pass_obj
def pair(
    options: Connects,
    /,
    role: str | None,
    days: int,
    max_sats_per_day: int | None,
    private: bool,
    home: Path | None,
    api_url: str,
) -> None:
    """Make a code by which one person in one chat is known, within five minutes.

    What they may do is what the token may that is made for them, on one account.
    """
    kept = home_of(home)
    me = _with(kept.token, api_url, _me)
    first = not kept.people() and not kept.open_pairings(now())
    role = role or (OPERATOR if first else VIEWER)
    limits = {"max_sats_per_day": max_sats_per_day} if max_sats_per_day is not None else {}
    until = now() + timedelta(days=days)
    account, made = options.run(granting("telegram", options.account, role, until, limits))
    code, salt = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", secrets.token_hex(16)
    pairing = Pairing(
        salt=salt,
        digest=digest(salt, code),
        until=now() + timedelta(minutes=MINUTES),
        role=role,
        account=account.id,
        mode=account.mode,
        token=made.reveal(),
        private=private,
    )
    kept.add_pairing(secrets.token_hex(8), pairing)
    click.echo(f"say to @{me.username} within {MINUTES} minutes:  /start {code}")
    click.echo(f"or open  https://t.me/{me.username}?start={code}")
    click.echo(f"whoever says it first is {role} of {account.label} ({account.mode.value.upper()})")


@telegram.command()
@placed
def people(home: Path | None, api_url: str) -> None:
    """List who was paired."""
    for each in home_of(home).people():
        click.echo(f"{each.key}  {each.role:<8}  {each.mode.value.upper():<6}  {each.name}")


@telegram.command()
@click.argument("who")
@placed
@click.pass_obj
def forget(options: Connects, /, who: str, home: Path | None, api_url: str) -> None:
    """Forget somebody who was paired, by key or name, and revoke their token at the core."""
    kept = home_of(home)
    found = [each for each in kept.people() if who in (each.key, each.name)]
    if len(found) != 1:
        raise PersonNotFound(
            f"`{who}` fits {len(found)} of those who were paired.",
            fix="See them, with their keys: axisor bot telegram people.",
        )
    options.run(revoking(found[0]))
    kept.forget(found[0].key)
    click.echo(f"forgot {found[0].key}; their token is revoked")


@telegram.command()
@click.option("--web", metavar="URL", envvar="AXISOR_BOT_WEB", help="Of the web pages, for /link.")
@click.option("--web-via", metavar="URL", help="By which the bot reaches them, where by another.")
@click.option("--web-ca", type=click.Path(path_type=Path, exists=True), help="Their certificate.")
@placed
@click.pass_obj
def run(
    options: Connects,
    /,
    web: str | None,
    web_via: str | None,
    web_ca: Path | None,
    home: Path | None,
    api_url: str,
) -> None:
    """Run the bot until it is stopped. Stopping it changes nothing for the guard."""
    pages = Pages(web, via=web_via or "", ca=web_ca) if web else None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    click.echo("asking Telegram for messages until Ctrl-C")
    asyncio.run(_run(options, home_of(home), api_url, pages))


async def _run(options: Connects, home: Home, url: str, pages: Pages | None) -> None:
    def connect(person: Person) -> Client:
        profile = options.profile(person.secret())
        return Client.connect(profile, expect_mode=person.mode)

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    api = TelegramApi(home.token, base=url)
    try:
        with home.alone():
            await TelegramBot(api, home, connect, now=now, pages=pages).run()
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("stopped; the core goes on")
    finally:
        await api.aclose()
