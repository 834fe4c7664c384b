"""`axisor token`: tokens for programs, made here, narrowed anywhere, and revoked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from axisor.errors import FieldInvalid, TokenNotFound
from axisor.ports import Secret
from axisor.tokens import attenuate as narrow
from axisor.tokens import bounds_of, caveat, parse
from axisor_cli.mutations import confirm
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.tokens import PublicKey, TokenSummary

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS = (
    Column("short", "id"),
    Column("label", "label"),
    Column("caveats", "narrowed by"),
    Column("made", "made"),
    Column("until", "runs out"),
)
KEYS = (
    Column("id", "id"),
    Column("begins", "signs from"),
    Column("ends", "counts until"),
    Column("public_key", "Ed25519 public key"),
)
UNITS = {"m": 60, "h": 3_600, "d": 86_400}
PRIVATE = 0o600


@click.group()
def token() -> None:
    """Tokens for programs: what they may do, and until when."""


def narrowing(function: F) -> F:
    """Give a command an option for each caveat."""
    options = (
        click.option("--accounts", help="Ids of accounts, parted by commas: no others."),
        click.option("--permissions", help="Rights, parted by commas: read,trade,adjust_margin…"),
        click.option("--method", "methods", multiple=True, help="Service/Method; may be repeated."),
        click.option("--expires", help="30m, 12h, 90d, or seconds since 1970."),
        click.option("--cidr", help="Networks it may come from, parted by commas."),
        click.option("--max-sats-per-day", type=int, help="Sats it may move in a day of UTC."),
        click.option("--read-only", is_flag=True, help="It only reads."),
        click.option("--propose-only", is_flag=True, help="It only proposes; others approve."),
        click.option("--plugin", help="The plugin that alone may use it."),
        click.option("--audience", help="The core that alone may be called with it."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def caveats_of(given: dict[str, Any], now: datetime) -> list[str]:
    """Return the caveats that options ask for. Raises FieldInvalid."""
    told = [
        caveat(name, given[name])
        for name in ("accounts", "permissions", "cidr", "max_sats_per_day", "plugin", "audience")
        if given[name] is not None
    ]
    if given["methods"]:
        told.append(caveat("methods", *map(_path, given["methods"])))
    if given["expires"]:
        told.append(caveat("exp", _ends(given["expires"], now)))
    if given["read_only"]:
        told.append(caveat("read_only", "true"))
    if given["propose_only"]:
        told.append(caveat("propose_only", "true"))
    return told


def _path(method: str) -> str:
    return method if "." in method.partition("/")[0] else f"axisor.v1.{method}"


def _ends(text: str, now: datetime) -> int:
    if text.isdecimal():
        return int(text)
    count, unit = text[:-1], UNITS.get(text[-1:])
    if unit is None or not count.isdecimal():
        raise FieldInvalid(f"`{text}` is no time: say 30m, 12h or 90d.", field="expires")
    return int((now + timedelta(seconds=int(count) * unit)).timestamp())


def _now() -> datetime:
    return datetime.now(UTC)


@command(token)
@click.argument("label")
@narrowing
@click.option("--to", type=click.Path(dir_okay=False), help="Private file to write it to.")
def create(options: Options, label: str, to: str | None, **given: Any) -> None:
    """Make a token, for 90 days unless --expires says otherwise; it is shown once."""
    given["expires"] = given["expires"] or "90d"
    if to is not None and Path(to).exists():
        raise FieldInvalid(f"{to} is there already.", fix="Name another file.", field="to")
    caveats = caveats_of(given, _now())

    async def use(client: Client) -> tuple[TokenSummary, Secret]:
        return await client.tokens.create(label, caveats)

    made, secret = options.run(use)
    _give(options, secret, to, row(made))


@command(token)
@narrowing
@click.option("--from", "source", type=click.Path(dir_okay=False), help="File that holds it.")
@click.option("--to", type=click.Path(dir_okay=False), help="Private file to write it to.")
def attenuate(options: Options, source: str | None, to: str | None, **given: Any) -> None:
    """Narrow a token without asking the core; it comes from a file or standard input."""
    caveats = caveats_of(given, _now())
    if not caveats:
        raise FieldInvalid("Say what to narrow it by: see --help.", field="caveats")
    narrowed = narrow(parse(_token(options, source).reveal()), *caveats)
    shown = {"id": narrowed.id, "caveats": list(narrowed.caveats)}
    _give(options, Secret(narrowed.text()), to, shown)


@command(token)
@click.argument("id", required=False)
@click.option("--from", "source", type=click.Path(dir_okay=False), help="File that holds one.")
def inspect(options: Options, id: str | None, source: str | None) -> None:
    """Show a token of yours by id, or what one in hand says, without asking the core."""
    if id is not None:

        async def use(client: Client) -> TokenSummary:
            return await client.tokens.get(await find(client, id))

        options.printer().record(row(options.run(use)))
        return
    held = parse(_token(options, source).reveal())
    bounds_of(held.caveats)  # what the core would not understand is said here
    options.printer().record({"id": held.id, "caveats": list(held.caveats), "proved": False})


@command(token, name="list")
def list_tokens(options: Options) -> None:
    """List your tokens."""
    options.printer().rows([row(each) for each in options.run(_all)], COLUMNS)


@command(token)
@click.argument("id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def revoke(options: Options, id: str, yes: bool) -> None:
    """Revoke a token, and with it every one that was made of it."""
    confirm(options, f"Revoke the token {id}?", yes=yes, dry_run=False)

    async def use(client: Client) -> str:
        found = await find(client, id)
        await client.tokens.revoke(found)
        return found

    options.printer().say(f"revoked {options.run(use)}; its streams end within 5 s")


@command(token)
def keys(options: Options) -> None:
    """List the public keys that access tokens of people are signed with."""
    from axisor.client import every

    async def use(client: Client) -> tuple[PublicKey, ...]:
        return await every(lambda after: client.tokens.keys(page_token=after))

    rows = [
        {"id": key.id, "begins": key.begins, "ends": key.ends, "public_key": key.public.hex()}
        for key in options.run(use)
    ]
    options.printer().rows(rows, KEYS)


def row(token: TokenSummary) -> dict[str, Any]:
    """Return a token as a row."""
    return {
        "id": token.id,
        "short": token.id[-12:],
        "label": token.label,
        "owner": token.owner,
        "caveats": list(token.caveats),
        "made": token.made,
        "until": token.until,
    }


async def _all(client: Client) -> tuple[TokenSummary, ...]:
    from axisor.client import every

    return await every(lambda after: client.tokens.list(page_token=after), most=1_000)


async def find(client: Client, wanted: str) -> str:
    """Return the id that is `wanted`, or begins or ends with it. Raises TokenNotFound."""
    ids = [each.id for each in await _all(client)]
    ending = [id for id in ids if id.endswith(wanted)]
    return ending[0] if len(ending) == 1 else unique(wanted, ids, TokenNotFound)


def _token(options: Options, source: str | None) -> Secret:
    """Return a token from a file or, line by line, from standard input."""
    from axisor_cli.asking import ask

    path = source or options.token_file
    return Secret(Path(path).read_text("ascii").strip()) if path else ask("Token")


def _give(options: Options, secret: Secret, to: str | None, shown: dict[str, Any]) -> None:
    """Write a token to a private file, or show it once."""
    printer = options.printer()
    if to is not None:
        _keep(Path(to), secret)
        printer.record({**shown, "file": to})
        return
    if printer.is_data:
        printer.record({**shown, "token": secret.reveal()})
        return
    click.echo(secret.reveal())
    click.echo("It is shown this once; keep it where only the program reads it.", file=sys.stderr)


def _keep(path: Path, secret: Secret) -> None:
    import os

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret.reveal() + "\n")
