"""Refused calls through the wire: on record with who, what and why, and shown to administrators."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.rpc.serving import READER, TOKEN, Served
from tests.server.rpc.test_people import ADA, client, enter, join

from axisor.client import every
from axisor.errors import AccountNotFound, AuthError, PermissionDenied, StepUpRequired
from axisor.events import HaltLevel
from axisor.identity import CallsRefused
from axisor.model import PlatformRole

MADE_UP = "0190f5a0-0000-7000-8000-0000000000ff"


async def told(core: Served) -> list[CallsRefused]:
    """Return what is on record, as an administrator finds it."""
    await core.house.identity.refusals.flush()
    async with client(core, TOKEN) as calls:
        found: Any = await every(
            lambda token: calls.audit.list(kinds=["CallsRefused"], page_token=token)
        )
    return [entry.event.payload for entry in found]


async def test_a_right_that_is_lacking_is_on_record(core: Served, account: str):
    async with client(core, READER) as calls:
        for _ in range(3):
            with pytest.raises(PermissionDenied):
                await calls.accounts.halt(account.removeprefix("accounts/"), HaltLevel.RISK)

    (refused,) = await told(core)

    assert (refused.principal, refused.cause, refused.refused_count) == (
        "reader",
        "PERMISSION_DENIED",
        3,
    )
    assert refused.method.endswith("/HaltAccount")
    assert refused.place
    assert "127.0.0.1" not in repr(refused)


async def test_a_proof_that_is_too_old_is_on_record(core: Served):
    core.guests.people["old"] = ("ada", PlatformRole.ADMIN, 0)
    async with client(core, "old") as calls:
        with pytest.raises(StepUpRequired):
            await calls.users.invite("ben@example.org", silent=True)

    (refused,) = await told(core)

    assert (refused.principal, refused.cause) == ("people/ada", "STEP_UP_REQUIRED")


async def test_an_account_of_somebody_else_is_on_record_with_its_name(core: Served, account: str):
    await join(core)
    await join(core, "ben@example.org")
    ben = await enter(core, "ben@example.org")
    foreign = account.removeprefix("accounts/")
    async with client(core, ben.access) as calls:
        for id in (foreign, MADE_UP):
            with pytest.raises(AccountNotFound):
                await calls.accounts.get(id)

    (refused,) = await told(core)

    assert (refused.principal, refused.cause) == (ben.person, "ACCOUNT_NOT_FOUND")
    assert (refused.subject, refused.refused_count) == (foreign, 2)


async def test_a_token_that_was_revoked_is_on_record_as_what_it_says_it_is(core: Served):
    async with client(core, TOKEN) as owner:
        token, secret = await owner.tokens.create(label="bot", caveats=())
        await owner.tokens.revoke(token.id)
    async with client(core, secret) as calls:
        with pytest.raises(AuthError):
            await calls.system.status()

    (refused,) = await told(core)

    assert (refused.principal, refused.cause) == ("anonymous", "TOKEN_INVALID")
    assert refused.claimed == f"tokens/{token.id}"
    assert secret.reveal() not in repr(refused)


async def test_a_sign_in_that_is_over_is_on_record(core: Served):
    await join(core)
    signed = await enter(core)
    async with client(core, signed.access) as calls:
        await calls.auth.logout()
        with pytest.raises(AuthError):
            await calls.users.me()

    (refused,) = await told(core)

    assert (refused.cause, refused.claimed) == ("SESSION_OVER", signed.person)
    assert ADA not in repr(refused)


async def test_a_call_that_is_let_in_leaves_no_such_entry(core: Served, account: str):
    async with client(core, TOKEN) as calls:
        await calls.accounts.get(account.removeprefix("accounts/"))
        with pytest.raises(AccountNotFound):
            await calls.accounts.get(MADE_UP)  # the owner sees all: it is just not there

    assert await told(core) == []
