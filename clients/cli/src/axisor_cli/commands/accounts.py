"""`axisor account`: exchange accounts, their keys and their halts."""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import FieldInvalid
from axisor.events import HaltLevel
from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor_cli.amounts import PERCENT
from axisor_cli.mutations import confirm, mutating
from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account

COLUMNS = (
    Column("label", "label"),
    Column("id", "id"),
    Column("mode", "mode"),
    Column("venue", "venue"),
    Column("network", "network"),
    Column("halt", "halt"),
)

WITHDRAWALS = "Take a key that can withdraw in LIVE too."


@click.group()
def account() -> None:
    """Exchange accounts of this core."""


def row(found: Account) -> dict[str, Any]:
    """Return an account as a row."""
    return {
        "id": found.id,
        "label": found.label,
        "mode": found.mode.value,
        "venue": found.venue,
        "network": found.network,
        "halt": found.halt.value,
        "url": found.base_url,
        "near_percent": found.near_percent,
        "critical_percent": found.critical_percent,
        "reconciled_at": found.reconciled_at,
        "created_at": found.created_at,
    }


def read_credentials() -> Credentials:
    """Read key, secret and passphrase: three hidden prompts, or three lines of standard input."""
    names = ("API key", "API secret", "API passphrase")
    if sys.stdin.isatty():
        given = [click.prompt(name, hide_input=True, err=True) for name in names]
    else:
        given = [sys.stdin.readline().rstrip("\r\n") for _ in names]
    for name, text in zip(names, given, strict=True):
        if not text:
            raise FieldInvalid(
                f"The {name} is empty.",
                fix="Give three lines on standard input: key, secret, passphrase.",
                field=name,
            )
    key, secret, passphrase = map(Secret, given)
    return Credentials(key, secret, passphrase)


REAL = "Real sats: Axisor may move, and lose, what is in this account. Is that meant?"


@command(account)
@click.option("--venue", default="lnmarkets", show_default=True)
@click.option("--network", type=click.Choice(["mainnet", "signet", "sim"]), required=True)
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), help="How real it is.")
@click.option("--label", default="", help="A name for people; the network's by default.")
@click.option("--url", default="", help="Address of the venue; needed for a simulator.")
@click.option("--allow-withdrawals", is_flag=True, help=WITHDRAWALS)
@click.option("--request-id", type=click.UUID)
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether real sats are meant.")
def add(options: Options, **given: Any) -> None:
    """Add an exchange account; its key is read from a hidden prompt or from standard input.

    LIVE on mainnet asks first. LIVE takes no key that can withdraw unless that is meant.
    """
    network = given["network"]
    mode = Mode(given["mode"] or ("sim" if network == "sim" else "shadow"))
    options.profile()  # where there is no core, nobody is asked for a secret
    if mode is Mode.LIVE and network == "mainnet":
        confirm(options, REAL, yes=given["yes"], dry_run=False)
    credentials = None if mode is Mode.PAPER else read_credentials()

    async def use(client: Client) -> Account:
        return await client.accounts.create(
            venue=given["venue"],
            network=network,
            mode=mode,
            label=given["label"] or network,
            base_url=given["url"],
            credentials=credentials,
            allow_withdrawals=given["allow_withdrawals"],
            request_id=None if given["request_id"] is None else str(given["request_id"]),
        )

    made = options.run(use)
    printer = options.printer()
    printer.say(f"added {made.label}: {made.mode.value.upper()} on {made.venue} {made.network}")
    printer.record(row(made))


@command(account, name="list")
def list_accounts(options: Options) -> None:
    """List the accounts of this core."""
    from axisor.client import every

    async def use(client: Client) -> tuple[Account, ...]:
        return await every(lambda token: client.accounts.list(page_token=token))

    options.printer().rows([row(each) for each in options.run(use)], COLUMNS)


@command(account)
@click.argument("name", required=False)
def show(options: Options, name: str | None) -> None:
    """Show an account."""

    async def use(client: Client) -> Account:
        return await client.accounts.choose(name or options.account)

    options.printer().record(row(options.run(use)))


@command(account)
def balance(options: Options) -> None:
    """Show what an account can spend."""

    async def use(client: Client, found: Account) -> dict[str, Any]:
        report = await client.accounts.balance(found.id)
        return {
            "free_sats": report.balance.free,
            "cross_margin_sats": report.cross.margin,
            "cross_leverage": report.cross.leverage,
            "synthetic_usd": report.balance.synthetic_usd,
            "fee_tier": report.balance.fee_tier,
            "read_at": report.read_at,
        }

    options.printer().record(options.run_on(use))


@command(account)
def test(options: Options) -> None:
    """Ask the venue what the account's key may do."""

    async def use(client: Client, found: Account) -> dict[str, Any]:
        report = await client.accounts.test_credentials(found.id)
        return {
            "valid": report.valid,
            "can_withdraw": report.can_withdraw,
            "scopes": list(report.scopes),
            "missing_scopes": list(report.missing_scopes),
            "text": report.text,
        }

    options.printer().record(options.run_on(use))


@command(account)
@click.option("--allow-withdrawals", is_flag=True, help=WITHDRAWALS)
def replace_credentials(options: Options, *, allow_withdrawals: bool) -> None:
    """Replace the account's key, read from a hidden prompt or from standard input."""
    credentials = read_credentials()

    async def use(client: Client, found: Account) -> dict[str, Any]:
        report = await client.accounts.replace_credentials(
            found.id, credentials, allow_withdrawals=allow_withdrawals
        )
        return {"valid": report.valid, "can_withdraw": report.can_withdraw, "text": report.text}

    options.printer().record(options.run_on(use))


@command(account)
@click.option("--label")
@click.option("--url")
@click.option("--near", type=PERCENT, help="Warn of a bare position below this distance; 0 never.")
@click.option("--critical", type=PERCENT, help="Warn critically below this distance; 0 never.")
def update(
    options: Options,
    label: str | None,
    url: str | None,
    near: Decimal | None,
    critical: Decimal | None,
) -> None:
    """Change an account's label, address, or when positions without a guard are warned of."""

    async def use(client: Client, found: Account) -> Account:
        return await client.accounts.update(
            found.id,
            label=label,
            base_url=url,
            near_percent=near,
            critical_percent=critical,
            etag=found.etag,
        )

    options.printer().record(row(options.run_on(use)))


@command(account)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def remove(options: Options, yes: bool) -> None:
    """Remove an account from this core; nothing at the venue is touched."""
    confirm(
        options, "Remove the account? Its positions are then unguarded.", yes=yes, dry_run=False
    )

    async def use(client: Client, found: Account) -> dict[str, Any]:
        sequence = await client.accounts.delete(found.id, etag=found.etag)
        return {"id": found.id, "removed": True, "sequence": sequence}

    options.printer().record(options.run_on(use))


@command(account)
def reconcile(options: Options) -> None:
    """Read the account from the venue now."""

    async def use(client: Client, found: Account) -> dict[str, Any]:
        result = await client.accounts.reconcile(found.id)
        return {"id": found.id, "differences": result.differences, "sequence": result.sequence}

    options.printer().record(options.run_on(use))


@command(account)
@click.argument("level", type=click.Choice(["risk", "all", "flatten"]), default="risk")
@click.option("--reason", default="")
@mutating
def halt(options: Options, level: str, reason: str, **given: Any) -> None:
    """Halt an account: new risk (the default), everything, or close all of it."""
    if level == "flatten":
        confirm(
            options,
            "Close every position at the market?",
            yes=given["yes"],
            dry_run=given["dry_run"],
        )
    request_id = given["request_id"]

    async def use(client: Client, found: Account) -> dict[str, Any]:
        result = await client.accounts.halt(
            found.id,
            HaltLevel(level),
            reason=reason,
            validate_only=given["dry_run"],
            request_id=None if request_id is None else str(request_id),
        )
        return {
            "id": found.id,
            "halt": result.account.halt.value,
            "effects": len(result.effects),
            "sequence": result.sequence,
        }

    options.printer().record(options.run_on(use))


@command(account)
@click.option("--reason", default="")
def resume(options: Options, reason: str) -> None:
    """End a halt."""

    async def use(client: Client, found: Account) -> Account:
        return await client.accounts.resume(found.id, reason=reason)

    options.printer().record(row(options.run_on(use)))


@command(account)
@click.option("--from", "start", type=click.DateTime(), help="UTC; else the journal's beginning.")
@click.option("--until", "end", type=click.DateTime(), help="UTC; else now.")
def performance(options: Options, start: datetime | None, end: datetime | None) -> None:
    """Show how the account fared, by what its journal booked.

    Profit that is not realised is told apart; deposits and withdrawals are no results.
    """
    from axisor_cli.commands import kpis

    kpis.show(options, start, end)
