"""Every call about who may do what, as a client makes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from axisor.client import Client
from axisor.model import PlatformRole, Role
from axisor.ports import Secret
from axisor.wire.people import Challenge, Elsewhere, External

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WORDS = Secret("correct horse battery staple")
PROOF = Secret("p" * 43)
CODE = Secret("123456")
KEY = Secret("k" * 43)
REFRESH = Secret("rt_0190f3c7-0000-7000-8000-000000000001_" + "s" * 43)
EMAIL = "ada@example.org"
BACK = "http://127.0.0.1:9/"
AWAY = External(handle=PROOF, uri=Secret("https://example.com/authorize"), until=NOW)
ELSEWHERE = Elsewhere(
    handle=PROOF,
    typed=CODE,
    uri="https://example.com/device",
    uri_complete=Secret(""),
    pause=timedelta(seconds=5),
    until=NOW,
)

Called = Callable[[Client], Awaitable[Any]]


async def audited(client: Client) -> Any:
    """Return the first item of the watch of the core's journal."""
    async with aclosing(client.audit.watch(after=0)) as items:
        async for item in items:
            return item
    raise AssertionError("the watch gave nothing")


IDENTITY_CALLS: dict[str, Called] = {
    "AccessService/Grant": lambda c: c.access.grant("main", "ada", Role.VIEWER, not_after=NOW),
    "AccessService/Revoke": lambda c: c.access.revoke("main", "ada"),
    "AccessService/ListMembers": lambda c: c.access.list("main", page_size=2),
    "AuditService/ListAuditEntries": lambda c: c.audit.list(kinds=["SessionOpened"], start=NOW),
    "AuditService/WatchAuditEntries": audited,
    "AuditService/VerifyAudit": lambda c: c.audit.verify(),
    "AuditService/ListCheckpoints": lambda c: c.audit.checkpoints(page_size=2),
    "AuditService/ProveAuditEntry": lambda c: c.audit.prove("platform", 3),
    "AuditService/GetAuditKey": lambda c: c.audit.key(),
    "AuthService/Register": lambda c: c.auth.register(EMAIL, WORDS, title="Ada"),
    "AuthService/Login": lambda c: c.auth.login(EMAIL, WORDS, device="laptop", device_key=KEY),
    "AuthService/AnswerChallenge": lambda c: c.auth.answer(
        Challenge(challenge=PROOF, until=NOW), CODE
    ),
    "AuthService/Refresh": lambda c: c.auth.refresh(REFRESH, device_key=KEY),
    "AuthService/Logout": lambda c: c.auth.logout(),
    "AuthService/StepUp": lambda c: c.auth.step_up(WORDS, CODE),
    "AuthService/RequestPasswordReset": lambda c: c.auth.request_reset(EMAIL),
    "AuthService/ResetPassword": lambda c: c.auth.reset(PROOF, WORDS),
    "AuthService/RequestEmailVerification": lambda c: c.auth.request_verification(EMAIL),
    "AuthService/VerifyEmail": lambda c: c.auth.verify_email(PROOF),
    "AuthService/ListIdentityProviders": lambda c: c.auth.providers(page_size=2),
    "AuthService/BeginExternalSignIn": lambda c: c.auth.begin_external("test", BACK),
    "AuthService/FinishExternalSignIn": lambda c: c.auth.finish_external(
        AWAY, state="s" * 43, code=CODE, issuer="https://example.com", device_key=KEY
    ),
    "AuthService/BeginDeviceSignIn": lambda c: c.auth.begin_device("identityProviders/test"),
    "AuthService/PollDeviceSignIn": lambda c: c.auth.poll_device(ELSEWHERE, invitation=PROOF),
    "TokenService/CreateToken": lambda c: c.tokens.create("bot", ["read_only=true"]),
    "TokenService/ListTokens": lambda c: c.tokens.list(page_size=2),
    "TokenService/GetToken": lambda c: c.tokens.get("t1"),
    "TokenService/RevokeToken": lambda c: c.tokens.revoke("tokens/t1"),
    "TokenService/ListSigningKeys": lambda c: c.tokens.keys(page_token="t"),
    "UserService/GetMe": lambda c: c.users.me(),
    "UserService/ListUsers": lambda c: c.users.list(page_size=2),
    "UserService/InviteUser": lambda c: c.users.invite(EMAIL, role=PlatformRole.SUPPORT),
    "UserService/ChangeRole": lambda c: c.users.change_role("ada", PlatformRole.SUPPORT),
    "UserService/ChangePlan": lambda c: c.users.change_plan("ada", "free"),
    "UserService/DisableUser": lambda c: c.users.disable("ada"),
    "UserService/EnableUser": lambda c: c.users.enable("ada"),
    "UserService/EraseUser": lambda c: c.users.erase("ada"),
    "UserService/ChangePassword": lambda c: c.users.change_password(WORDS, WORDS),
    "UserService/ChangeEmail": lambda c: c.users.change_email(EMAIL),
    "UserService/EnrolTotp": lambda c: c.users.enrol_totp(),
    "UserService/ConfirmTotp": lambda c: c.users.confirm_totp(CODE),
    "UserService/DisableTotp": lambda c: c.users.disable_totp(),
    "UserService/RegenerateRecoveryCodes": lambda c: c.users.renew_recovery_codes(),
    "UserService/ListSessions": lambda c: c.users.sessions(page_size=2),
    "UserService/RevokeSession": lambda c: c.users.revoke_session("s1"),
    "UserService/ListIdentities": lambda c: c.users.identities(page_size=2),
    "UserService/LinkIdentity": lambda c: c.users.link_identity(AWAY, state="s", code=CODE),
    "UserService/UnlinkIdentity": lambda c: c.users.unlink_identity("i1"),
}
