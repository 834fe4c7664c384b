"""`axisor access`: who may do what with an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.errors import MemberNotFound
from axisor.model import Role
from axisor_cli.mutations import confirm, how, mutating
from axisor_cli.output import Column, Printer
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, Member

COLUMNS = (Column("person", "person"), Column("role", "role"), Column("since", "since"))
ROLES = click.Choice([role.value for role in Role])


@click.group()
def access() -> None:
    """Who may do what with an account."""


def row(member: Member) -> dict[str, Any]:
    """Return a member as a row."""
    return {"person": member.person, "role": member.role.value, "since": member.since}


async def _members(client: Client, account: str) -> tuple[Member, ...]:
    from axisor.client import every

    return await every(lambda token: client.access.list(account, page_token=token), most=1_000)


@command(access, name="list")
def list_members(options: Options) -> None:
    """List who holds a role on the account, the longest first."""

    async def use(client: Client, account: Account) -> tuple[Member, ...]:
        return await _members(client, account.id)

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(access)
@click.argument("person")
@click.argument("role", type=ROLES)
@mutating
def grant(options: Options, person: str, role: str, **given: Any) -> None:
    """Give a person a role on the account, instead of the one they had."""
    question = f"Make {person} {role} of the account?"
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> Member:
        return await client.access.grant(account.id, person, Role(role), **keywords)

    member = options.run_on(use)
    verb = "would be" if dry_run else "is"
    _show(options.printer(), member, f"{member.person} {verb} {member.role.value}", dry_run=dry_run)


@command(access)
@click.argument("person")
@mutating
def revoke(options: Options, person: str, **given: Any) -> None:
    """Take a person's role on the account away; what they have open ends within seconds."""
    question = f"Take the account from {person}?"
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> Member:
        people = [each.person for each in await _members(client, account.id)]
        found = unique(person, people, MemberNotFound)
        return await client.access.revoke(account.id, found, **keywords)

    member = options.run_on(use)
    verb = "would be" if dry_run else "is"
    text = f"{member.person} {verb} {member.role.value} no more"
    _show(options.printer(), member, text, dry_run=dry_run)


def _show(printer: Printer, member: Member, text: str, *, dry_run: bool) -> None:
    if printer.is_data:
        printer.record({"dry_run": dry_run, **row(member)})
    else:
        printer.say(text)
