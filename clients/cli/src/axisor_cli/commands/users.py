"""`axisor user`: people, and who of them may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.errors import NotFound, PersonNotFound
from axisor.model import PlatformRole
from axisor_cli.mutations import confirm
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.people import Elsewhere, External, Identity, Invitation, Person, Waiting
    from axisor_cli.external import Returned

COLUMNS = (
    Column("id", "id"),
    Column("email", "email"),
    Column("title", "title"),
    Column("state", "state"),
    Column("role", "role"),
    Column("plan", "plan"),
    Column("second factor", "second_factor"),
)


NO_PLAN = "none"
"""In the place of a plan: what binds everybody is all that does."""

IDENTITIES = (
    Column("id", "id"),
    Column("provider", "provider"),
    Column("address", "email"),
    Column("linked", "created_at"),
)


@click.group()
def user() -> None:
    """People of this core."""


@user.group()
def identities() -> None:
    """Identities at providers that sign you in."""


def row(person: Person) -> dict[str, Any]:
    """Return a person as a row."""
    return {
        "id": person.name.removeprefix("people/"),
        "email": person.email,
        "title": person.title,
        "state": person.state.value,
        "role": person.role.value,
        "email_verified": person.email_verified,
        "second_factor": person.second_factor,
        "plan": person.plan,
        "created_at": person.created_at,
    }


@command(user, name="list")
def list_users(options: Options) -> None:
    """List people, those who were erased too."""

    async def use(client: Client) -> tuple[Person, ...]:
        return await _everybody(client)

    options.printer().rows([row(each) for each in options.run(use)], COLUMNS)


@command(user)
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in PlatformRole]),
    default=PlatformRole.NONE.value,
    show_default=True,
    help="What they may do with the core as a whole.",
)
@click.option("--no-letter", is_flag=True, help="Send none; you tell them yourself.")
def invite(options: Options, email: str, role: str, no_letter: bool) -> None:
    """Invite somebody, for seven days, by letter."""

    async def use(client: Client) -> Invitation:
        return await client.users.invite(email, role=PlatformRole(role), silent=no_letter)

    invitation = options.run(use)
    printer = options.printer()
    printer.say("invited" if no_letter else "invited; a letter is on its way")
    printer.record({"invitation": invitation.proof.reveal(), "expires_at": invitation.until})


def _about_one(function: Any) -> Any:
    """Give a command the person, `--yes` and `--request-id`."""
    again = click.option("--request-id", type=click.UUID, help="The same id acts once.")
    yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    return click.argument("person")(yes(again(function)))


@command(user)
@_about_one
def disable(options: Options, **given: Any) -> None:
    """Keep a person out; what they set up goes on."""
    _change(options, "disable", "Keep {} from signing in?", **given)


@command(user)
@_about_one
def enable(options: Options, **given: Any) -> None:
    """Let a person in again."""
    _change(options, "enable", "Let {} sign in again?", **given)


@command(user)
@_about_one
def erase(options: Options, **given: Any) -> None:
    """Erase a person for ever; the journal keeps an id that says nothing."""
    _change(options, "erase", "Erase {} for ever?", **given)


@command(user)
@_about_one
@click.argument("role", type=click.Choice([role.value for role in PlatformRole]))
def role(options: Options, role: str, person: str, yes: bool, request_id: Any) -> None:
    """Give a person another role on the core, or none."""
    found = options.run(lambda client: _find(client, person))
    question = f"Make {found.email or found.name} {role} (now {found.role.value})?"
    confirm(options, question, yes=yes, dry_run=False)
    again = None if request_id is None else str(request_id)

    async def use(client: Client) -> Person:
        return await client.users.change_role(found.name, PlatformRole(role), request_id=again)

    after = options.run(use)
    printer = options.printer()
    printer.say(f"{found.role.value} → {after.role.value}")
    printer.record(row(after))


@command(user)
@_about_one
@click.argument("plan")
def plan(options: Options, plan: str, person: str, yes: bool, request_id: Any) -> None:
    """Put a person on a plan of the settings; `none` is no plan. What runs goes on."""
    found = options.run(lambda client: _find(client, person))
    question = f"Put {found.email or found.name} on the plan {plan} (now {found.plan or NO_PLAN})?"
    confirm(options, question, yes=yes, dry_run=False)
    again = None if request_id is None else str(request_id)
    wanted = "" if plan == NO_PLAN else plan

    async def use(client: Client) -> Person:
        return await client.users.change_plan(found.name, wanted, request_id=again)

    after = options.run(use)
    printer = options.printer()
    printer.say(f"{found.plan or NO_PLAN} → {after.plan or NO_PLAN}")
    printer.record(row(after))


def _change(
    options: Options, verb: str, question: str, *, person: str, yes: bool, request_id: Any
) -> None:
    found = options.run(lambda client: _find(client, person))
    confirm(options, question.format(found.email or found.name), yes=yes, dry_run=False)
    again = None if request_id is None else str(request_id)

    async def use(client: Client) -> Person:
        make = {
            "disable": client.users.disable,
            "enable": client.users.enable,
            "erase": client.users.erase,
        }[verb]
        return await make(found.name, request_id=again)

    after = options.run(use)
    printer = options.printer()
    printer.say(f"{verb}d")
    printer.record(row(after))


@command(identities, name="list")
def list_identities(options: Options) -> None:
    """List the identities that sign you in."""
    rows = [_identity(each) for each in options.run(_all_identities)]
    options.printer().rows(rows, IDENTITIES)


@command(identities)
@click.argument("provider")
@click.option("--no-browser", is_flag=True, help="By a code that you type on another device.")
def link(options: Options, provider: str, no_browser: bool) -> None:
    """Let an identity at a provider sign you in from now on."""

    async def use(client: Client) -> Identity:
        from axisor_cli.external import by_browser, by_device

        async def finish(begun: External, came: Returned) -> Identity:
            return await client.users.link_identity(
                begun, state=came.state, code=came.code, issuer=came.issuer
            )

        async def poll(begun: Elsewhere) -> Identity | Waiting:
            return await client.users.link_elsewhere(begun)

        if no_browser:
            return await by_device(client, provider, poll)
        return await by_browser(client, provider, finish)

    linked = options.run(use)
    printer = options.printer()
    printer.say("linked; it signs you in from now on")
    printer.record(_identity(linked))


@command(identities)
@click.argument("identity")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def unlink(options: Options, identity: str, yes: bool) -> None:
    """Let an identity sign you in no more; every other session ends."""

    async def find(client: Client) -> Identity:
        found = {_id(each): each for each in await _all_identities(client)}
        return found[unique(identity.removeprefix("identities/"), list(found), NotFound)]

    found = options.run(find)
    confirm(options, f"Let {found.email} sign you in no more?", yes=yes, dry_run=False)
    options.run(lambda client: client.users.unlink_identity(found.name))
    options.keep_access(None)  # what was issued before the change is void
    options.printer().say("unlinked; other sessions have ended")


async def _all_identities(client: Client) -> tuple[Identity, ...]:
    from axisor.client import every

    return await every(lambda token: client.users.identities(page_token=token))


def _id(identity: Identity) -> str:
    return identity.name.removeprefix("identities/")


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "id": _id(identity),
        "provider": identity.provider.removeprefix("identityProviders/"),
        "issuer": identity.issuer,
        "email": identity.email,
        "created_at": identity.created_at,
    }


async def _everybody(client: Client) -> tuple[Person, ...]:
    from axisor.client import every

    return await every(lambda token: client.users.list(page_token=token))


async def _find(client: Client, wanted: str) -> Person:
    people = await _everybody(client)
    by_email = [each for each in people if each.email and each.email == wanted.strip().lower()]
    if by_email:
        return by_email[0]
    by_id = {each.name.removeprefix("people/"): each for each in people}
    return by_id[unique(wanted.removeprefix("people/"), list(by_id), PersonNotFound)]
