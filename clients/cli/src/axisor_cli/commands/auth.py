"""`axisor auth`: registering, signing in, and what one signs in with."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import NotFound
from axisor.ports import Secret
from axisor_cli.asking import ask, ask_new, email_of
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.people import Person, Provider, Session, SignedIn

SESSIONS = (
    Column("id", "id"),
    Column("device", "device"),
    Column("began", "created_at"),
    Column("last used", "used_at"),
    Column("this one", "current"),
)


PROVIDERS = (
    Column("name", "name"),
    Column("issuer", "issuer"),
    Column("by another device", "devices"),
)


@click.group()
def auth() -> None:
    """Registering, signing in, and what you sign in with."""


@auth.group()
def totp() -> None:
    """The second factor: an authenticator app, and codes on paper."""


@auth.group()
def sessions() -> None:
    """Where you are signed in."""


@command(auth)
@click.option("--email", help="Asked for where it is not given.")
@click.option("--title", default="", help="What you are called.")
@click.option("--invitation", help="What the letter says; made here by whoever reads owner.token.")
@click.option("--with", "provider", help="A provider that vouches for you; no password is chosen.")
@click.option("--no-browser", is_flag=True, help="By a code that you type on another device.")
def register(
    options: Options,
    email: str | None,
    title: str,
    invitation: str | None,
    provider: str | None,
    no_browser: bool,
) -> None:
    """Register; the password is read from hidden prompts or from standard input."""
    address = email_of(email)
    if provider is not None:
        proof = Secret(invitation) if invitation else _own_invitation(options, address)
        _by_provider(options, provider, browser=not no_browser, invitation=proof)
        return
    password = ask_new("Password")
    proof = Secret(invitation) if invitation else _own_invitation(options, address)

    async def use(client: Client) -> None:
        await client.auth.register(address, password, title=title, invitation=proof)

    options.run_as_nobody(use)
    options.printer().say("registered; a letter asks you to verify the address")


def _own_invitation(options: Options, email: str) -> Secret | None:
    """Invite oneself, where the owner token can be read: that is a right to do so."""
    if not options.holds_owner_token():
        return None

    async def use(client: Client) -> Secret:
        return (await client.users.invite(email, silent=True)).proof

    return options.run_as_owner(use)


@command(auth)
@click.option("--email", help="Asked for where it is not given.")
@click.option("--device", default=platform.node(), help="What this device is called in lists.")
@click.option("--with", "provider", help="A provider that vouches for you; see `providers`.")
@click.option("--no-browser", is_flag=True, help="By a code that you type on another device.")
@click.option("--invitation", help="For somebody new, with --with.")
def login(
    options: Options,
    email: str | None,
    device: str,
    provider: str | None,
    no_browser: bool,
    invitation: str | None,
) -> None:
    """Sign in; password and code are read from hidden prompts or from standard input."""
    if provider is not None:
        proof = Secret(invitation) if invitation else None
        browser = not no_browser
        _by_provider(options, provider, browser=browser, invitation=proof, device=device)
        return
    if no_browser or invitation:
        raise click.UsageError("That goes with --with PROVIDER.")
    shelf = options.shelf()
    saved = shelf.begin()
    address, key = email_of(email), Secret(saved.device_key)
    password = ask("Password")

    async def use(client: Client) -> SignedIn:
        from axisor.wire.people import SignedIn

        found = await client.auth.login(address, password, device=device, device_key=key)
        if isinstance(found, SignedIn):
            return found
        return await client.auth.answer(found, ask("Code"), device_key=key)

    signed = options.run_as_nobody(use)
    shelf.write(saved.after(signed))
    options.printer().say(f"signed in as {address}")


def _by_provider(
    options: Options,
    provider: str,
    *,
    browser: bool,
    invitation: Secret | None,
    device: str = platform.node(),
) -> None:
    """Sign in at a provider, and keep it as a sign-in by password is kept."""
    shelf = options.shelf()
    saved = shelf.begin()
    key = Secret(saved.device_key)

    async def use(client: Client) -> SignedIn:
        from axisor.wire.people import SignedIn
        from axisor_cli.external import sign_in

        found = await sign_in(
            client,
            provider,
            browser=browser,
            invitation=invitation,
            device=device,
            device_key=key,
        )
        if isinstance(found, SignedIn):
            return found
        return await client.auth.answer(found, ask("Code"), device_key=key)

    shelf.write(saved.after(options.run_as_nobody(use)))
    options.printer().say(f"signed in by {provider}")


@command(auth)
def providers(options: Options) -> None:
    """List who vouches for people here: `login --with NAME`."""

    async def use(client: Client) -> tuple[Provider, ...]:
        from axisor.client import every

        return await every(lambda token: client.auth.providers(page_token=token))

    rows = [
        {
            "name": each.name.removeprefix("identityProviders/"),
            "issuer": each.issuer,
            "devices": each.devices,
        }
        for each in options.run_as_nobody(use)
    ]
    options.printer().rows(rows, PROVIDERS)


@command(auth)
def logout(options: Options) -> None:
    """End this session; whoever reads the owner token is the owner again."""
    shelf = options.shelf()
    saved = shelf.read()
    if saved is None or not saved.is_in:
        options.printer().say("nobody is signed in here")
        return
    options.run(lambda client: client.auth.logout())
    shelf.write(saved.out())
    options.printer().say("signed out")


@command(auth)
def status(options: Options) -> None:
    """Show who commands act as."""
    saved = options.shelf().read()
    if options.token_file or saved is None or not saved.is_in:
        kind = "a token from a file" if options.token_file else "the owner token"
        options.printer().record({"acts_as": kind, "person": "", "session": ""})
        return

    async def use(client: Client) -> Person:
        return await client.users.me()

    me = options.run(use)
    options.printer().record(
        {
            "acts_as": me.email,
            "person": me.name,
            "session": saved.session,
            "role": me.role.value,
            "email_verified": me.email_verified,
            "second_factor": me.second_factor,
            "recovery_codes": me.recovery_codes,
        }
    )


@command(auth, name="step-up")
def step_up(options: Options) -> None:
    """Prove once more who you are, for five minutes."""
    password = ask("Password")

    async def use(client: Client) -> Secret:
        me = await client.users.me()
        return await client.auth.step_up(password, ask("Code") if me.second_factor else None)

    options.keep_access(options.run(use))
    options.printer().say("proved; good for five minutes")


@command(auth)
def password(options: Options) -> None:
    """Choose another password; every other session ends."""
    current, chosen = ask("Present password"), ask_new("New password")
    options.run(lambda client: client.users.change_password(current, chosen))
    options.keep_access(None)  # what was issued before the change is void
    options.printer().say("the password is another; other sessions have ended")


@command(auth)
@click.argument("address")
def email(options: Options, address: str) -> None:
    """Ask for another address; it counts once a letter there was answered."""
    options.run(lambda client: client.users.change_email(address))
    options.printer().say(f"a letter to {address} is on its way")


@command(auth)
@click.option("--proof", help="What the letter says; asked for where an address is not given.")
@click.option("--email", help="Have another letter sent there.")
def verify(options: Options, proof: str | None, email: str | None) -> None:
    """Verify an address by what a letter says, or have another letter sent."""
    if email:
        options.run_as_nobody(lambda client: client.auth.request_verification(email))
        options.printer().say("if there is something to verify, a letter is on its way")
        return
    said = Secret(proof) if proof else ask("What the letter says")
    options.run_as_nobody(lambda client: client.auth.verify_email(said))
    options.printer().say("verified")


@command(auth)
@click.option("--proof", help="What the letter says.")
@click.option("--email", help="Have a letter sent there.")
def reset(options: Options, proof: str | None, email: str | None) -> None:
    """Choose a new password by letter."""
    if proof is None:
        address = email_of(email)
        options.run_as_nobody(lambda client: client.auth.request_reset(address))
        options.printer().say("if somebody registered with it, a letter is on its way")
        return
    chosen = ask_new("New password")
    options.run_as_nobody(lambda client: client.auth.reset(Secret(proof), chosen))
    options.printer().say("the password is another; every session has ended")


@command(totp)
def enrol(options: Options) -> None:
    """Show the secret for an authenticator app; `confirm` enrols it."""
    secret, address = options.run(lambda client: client.users.enrol_totp())
    options.printer().say("give this to the app, then: axisor auth totp confirm")
    options.printer().record({"secret": secret.reveal(), "address": address.reveal()})


@command(totp)
def confirm(options: Options) -> None:
    """Enrol the app by a code that it shows, and show recovery codes."""
    code = ask("Code")
    codes = options.run(lambda client: client.users.confirm_totp(code))
    options.keep_access(None)  # what was issued before the change is void
    options.printer().say("enrolled; keep these on paper, each stands in for the app once")
    _show_codes(options, codes)


@command(totp)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def disable(options: Options, yes: bool) -> None:
    """Take the second factor away; every other session ends."""
    from axisor_cli.mutations import confirm as agree

    agree(options, "Let the password alone let in?", yes=yes, dry_run=False)
    options.run(lambda client: client.users.disable_totp())
    options.keep_access(None)  # what was issued before the change is void
    options.printer().say("no second factor is asked for any more")


@command(totp)
def codes(options: Options) -> None:
    """Make new recovery codes; the ones before are over."""
    found = options.run(lambda client: client.users.renew_recovery_codes())
    options.printer().say("keep these on paper; the ones before are over")
    _show_codes(options, found)


@command(sessions, name="list")
def list_sessions(options: Options) -> None:
    """List where you are signed in."""
    rows = [_row(each) for each in options.run(_all_sessions)]
    options.printer().rows(rows, SESSIONS)


@command(sessions)
@click.argument("session", required=False)
@click.option("--others", is_flag=True, help="All but this one.")
def revoke(options: Options, session: str | None, others: bool) -> None:
    """End a session of yours; its streams end within seconds."""
    if others == bool(session):
        raise click.UsageError("Name a session, or say --others.")

    async def use(client: Client) -> None:
        name = "-"
        if session:
            ids = [each.name.removeprefix("sessions/") for each in await _all_sessions(client)]
            name = unique(session.removeprefix("sessions/"), ids, NotFound)
        await client.users.revoke_session(name)

    options.run(use)
    options.printer().say("ended")


async def _all_sessions(client: Client) -> tuple[Session, ...]:
    from axisor.client import every

    return await every(lambda token: client.users.sessions(page_token=token))


def _row(session: Session) -> dict[str, Any]:
    return {
        "id": session.name.removeprefix("sessions/"),
        "device": session.device,
        "created_at": session.created_at,
        "used_at": session.used_at,
        "expires_at": session.expires_at,
        "current": session.current,
    }


def _show_codes(options: Options, codes: Sequence[Secret]) -> None:
    rows = [{"code": code.reveal()} for code in codes]
    options.printer().rows(rows, (Column("code", "code"),))
