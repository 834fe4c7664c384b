"""Changes of one's own way in: sessions, tokens for programs, password, second factor."""

from __future__ import annotations

from axisor.client import Client
from axisor.errors import FieldInvalid
from axisor.ports import Secret
from axisor.tokens import caveat
from axisor_web.languages import marked
from axisor_web.pages.acting import NOTHING
from axisor_web.pages.changes import (
    Change,
    Done,
    Field,
    Given,
    accounts_field,
    target_of,
    whole,
)

DAY_S = 86_400
READING = "read"
RIGHTS = (
    (READING, marked("read")),
    ("propose", marked("read, and propose what somebody approves")),
    ("read,adjust_margin", marked("read and move margin")),
    ("read,adjust_margin,trade", marked("read, move margin and trade")),
    ("read,adjust_margin,trade,guard,operate", marked("all of that, run strategies and halt")),
)


async def _end_session(client: Client, given: Given) -> None:
    await client.users.revoke_session(target_of(given), request_id=given.get("request_id"))


async def _token_fields(client: Client, given: Given) -> tuple[Field, ...]:
    return (
        Field(name="label", title=marked("what it is for"), required=True),
        Field(name="rights", title=marked("it may"), kind="choice", options=RIGHTS),
        await accounts_field(client, marked("with which account")),
        Field(
            name="sats",
            title=marked("most sats it moves in a day; nothing is no limit"),
            kind="number",
        ),
        Field(
            name="days",
            title=marked("days until it ends; nothing is never"),
            kind="number",
            value="30",
        ),
    )


async def _create_token(client: Client, given: Given) -> Done:
    label, caveats = given.get("label", "").strip(), await _caveats(client, given)
    key = given.get("request_id")
    _, secret = await client.tokens.create(label, caveats, request_id=key)
    return Done(
        text=marked("Keep it now: it is shown this once."),
        secrets=((marked("token"), secret.reveal()),),
    )


async def _caveats(client: Client, given: Given) -> tuple[str, ...]:
    rights, account = given.get("rights", ""), given.get("account", "")
    if rights not in dict(RIGHTS):
        raise FieldInvalid("Say what it may do.", field="rights", money=NOTHING)
    made = ["propose_only=true" if rights == "propose" else caveat("permissions", rights)]
    if account:
        made.append(caveat("accounts", account))
    if sats := whole(given, "sats"):
        made.append(caveat("max_sats_per_day", sats))
    if days := whole(given, "days"):
        now = (await client.system.status()).status_time.seconds  # the clock that it will end by
        made.append(caveat("exp", now + days * DAY_S))
    return tuple(made)


async def _revoke_token(client: Client, given: Given) -> None:
    await client.tokens.revoke(target_of(given), request_id=given.get("request_id"))


async def _password_fields(client: Client, given: Given) -> tuple[Field, ...]:
    return (
        Field(name="current", title=marked("password now"), kind="secret", required=True),
        Field(name="password", title=marked("new password"), kind="secret", required=True),
    )


async def _change_password(client: Client, given: Given) -> None:
    await client.users.me()  # a token that ran out is renewed by this, and not by what is secret
    await client.users.change_password(
        Secret(given.get("current", "")), Secret(given.get("password", ""))
    )


async def _enrol(client: Client, given: Given) -> Done:
    await client.users.me()
    secret, address = await client.users.enrol_totp()
    return Done(
        text=marked("Give this to your authenticator app, then confirm with a code that it shows."),
        secrets=(
            (marked("secret for the app"), secret.reveal()),
            (marked("the same as an address"), address.reveal()),
        ),
    )


async def _code_fields(client: Client, given: Given) -> tuple[Field, ...]:
    return (Field(name="code", title=marked("code of your app"), required=True),)


async def _confirm(client: Client, given: Given) -> Done:
    await client.users.me()
    codes = await client.users.confirm_totp(Secret(given.get("code", "").strip()))
    return _codes([code.reveal() for code in codes])


async def _renew_codes(client: Client, given: Given) -> Done:
    await client.users.me()
    return _codes([code.reveal() for code in await client.users.renew_recovery_codes()])


def _codes(codes: list[str]) -> Done:
    return Done(
        text=marked(
            "Keep these where your phone is not: each opens the door once. "
            "They are shown this once."
        ),
        secrets=((marked("recovery codes"), "\n".join(codes)),),
    )


async def _disable_totp(client: Client, given: Given) -> None:
    await client.users.disable_totp(request_id=given.get("request_id"))


PERSON = (
    Change(
        name="end_session",
        call="UserService.RevokeSession",
        title=marked("End it"),
        do=_end_session,
        text=marked("Whoever uses it has to sign in again."),
    ),
    Change(
        name="create_token",
        call="TokenService.CreateToken",
        title=marked("Make a token"),
        do=_create_token,
        fields=_token_fields,
        text=marked("A token never holds more than you do, and makes no tokens."),
    ),
    Change(
        name="revoke_token",
        call="TokenService.RevokeToken",
        title=marked("Revoke"),
        do=_revoke_token,
        text=marked("Whatever uses it, or a token made of it, is refused from now on."),
        word="revoke",
    ),
    Change(
        name="change_password",
        call="UserService.ChangePassword",
        title=marked("Change the password"),
        do=_change_password,
        fields=_password_fields,
        text=marked("Your other sessions end."),
    ),
    Change(
        name="enrol_totp",
        call="UserService.EnrolTotp",
        title=marked("Set up a second factor"),
        do=_enrol,
        text=marked("Nothing changes until you confirm with a code."),
    ),
    Change(
        name="confirm_totp",
        call="UserService.ConfirmTotp",
        title=marked("Confirm with a code"),
        do=_confirm,
        fields=_code_fields,
    ),
    Change(
        name="renew_codes",
        call="UserService.RegenerateRecoveryCodes",
        title=marked("New recovery codes"),
        do=_renew_codes,
        text=marked("The codes before are over."),
    ),
    Change(
        name="disable_totp",
        call="UserService.DisableTotp",
        title=marked("Take the second factor away"),
        do=_disable_totp,
        text=marked("A password alone opens the door then."),
        word="remove",
    ),
)
