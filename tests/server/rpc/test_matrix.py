"""Every method against every kind of caller: each gets exactly what its rights say.

What each kind may do is written out here and not read from the core, so that one is held against
the other. A new method is in the matrix the moment it is in the contract.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from tests.server.rpc.forms import fill, subject
from tests.server.rpc.serving import READER, TOKEN, Served, bearer

from axisor.model import Permission, PlatformRole, Role
from axisor.wire.status import from_call
from axisor_server.domain.journal import to_us
from axisor_server.rpc.rules import Method, methods, services
from axisor_server.services.principals import Principal

P = Permission
METHODS = methods(services())
NONE, READ = P.NONE, P.READ
TRADING = READ | P.TRADE | P.ADJUST_MARGIN
RUNNING = TRADING | P.GUARD | P.OPERATE
ALL = RUNNING | P.MANAGE_SECRETS | P.ADMIN
PERSON = READ | P.MANAGE_SECRETS | P.SELF

ON_ACCOUNT: dict[str, Permission] = {
    "stranger": NONE,
    "other tenant": NONE,
    "viewer": READ,
    "trader": TRADING,
    "operator": RUNNING,
    "owner": ALL,
    "support": READ,
    "admin": NONE,
    "first person": ALL,
    "scoped token": READ,
    "plugin token": READ | P.TRADE,
    "owner token": ALL,
}
"""What each kind of caller may do with the account that is asked about."""

ON_CORE: dict[str, Permission] = {
    "stranger": PERSON,
    "other tenant": PERSON,
    "viewer": PERSON,
    "trader": PERSON,
    "operator": PERSON,
    "owner": PERSON,
    "support": PERSON,
    "admin": PERSON | P.OPERATE | P.ADMIN,
    "first person": ALL | P.SELF,
    "scoped token": READ,
    "plugin token": NONE,
    "owner token": ALL,
}
"""What each kind of caller may do with the core."""

PEOPLE = {
    "stranger": ("zoe", PlatformRole.NONE),
    "other tenant": ("olga", PlatformRole.NONE),
    "viewer": ("vera", PlatformRole.NONE),
    "trader": ("tom", PlatformRole.NONE),
    "operator": ("olaf", PlatformRole.NONE),
    "owner": ("ann", PlatformRole.NONE),
    "support": ("sue", PlatformRole.SUPPORT),
    "admin": ("adam", PlatformRole.ADMIN),
    "first person": ("eve", PlatformRole.OWNER),
}
MEMBERS = {"vera": Role.VIEWER, "tom": Role.TRADER, "olaf": Role.OPERATOR, "ann": Role.OWNER}
REFUSALS = {
    "UNAUTHENTICATED",
    "TOKEN_INVALID",
    "PERMISSION_DENIED",
    "STEP_UP_REQUIRED",
    "ACCOUNT_NOT_FOUND",
    "CONFIRMATION_REQUIRED",
}
PROPOSING = (
    "axisor.v1.ConfirmationService/PrepareConfirmation",
    "axisor.v1.ConfirmationService/RefuseConfirmation",
)
"""What a caller who may only propose may call although it changes something."""

OF_TOKENS = [path for path, m in METHODS.items() if not m.anonymous and m.permission in ALL]
"""The methods whose right a token can hold."""

OURS_TO_FIX = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
IN = "let in"
SILENT_S, REFUSING_S = 0.3, 30.0
"""How long a stream may be silent, and how long a refusal may take on a busy machine."""


async def populate(core: Served, account: str) -> None:
    """Make every kind of caller known, with a proof that is fresh."""
    id = account.removeprefix("accounts/")
    now_us = to_us(core.clock.now())
    for kind, (person, role) in PEOPLE.items():
        core.guests.people[kind] = (person, role, now_us)
    for person, held in MEMBERS.items():
        await core.enrol(person, id, held)
    await core.enrol("olga", "another", Role.OWNER)
    core.guests.known["scoped token"] = Principal(
        name="tokens/t", tenant="ann", person="ann", platform=READ, accounts={id: READ}
    )
    core.guests.known["plugin token"] = Principal(
        name="plugins/p", tenant="p", platform=NONE, accounts={id: READ | P.TRADE}
    )
    core.guests.known["expired"] = Principal(name="late", platform=ALL, until_us=now_us - 1)


async def outcome(
    channel: grpc.aio.Channel,
    method: Method,
    body: bytes,
    *,
    silent_s: float = SILENT_S,
    **options: Any,
) -> str:
    """Call a method and return the reason it was refused for, or that its caller was let in.

    A stream has let its caller in when it was silent for so long.
    """
    try:
        if method.streams:
            watch: Any = channel.unary_stream(f"/{method.path}")
            stream = watch(body, **options)
            try:
                await asyncio.wait_for(stream.read(), silent_s)
            except TimeoutError:
                stream.cancel()
        else:
            ask: Any = channel.unary_unary(f"/{method.path}")
            await ask(body, **options)
    except grpc.aio.AioRpcError as error:
        if error.code() in OURS_TO_FIX:
            return f"{error.code().name} {error.details()}"
        reason = from_call(error).reason
        if method.anonymous and reason == "TOKEN_INVALID":
            return IN  # it is about a token in the request, not about who calls
        return reason if reason in REFUSALS else IN
    return IN


def expected(method: Method, kind: str, about: str) -> str:
    """Return what the contract and the rights of a kind of caller make of a call."""
    if method.anonymous:
        return IN
    held = ON_ACCOUNT[kind] | ON_CORE[kind] | (ALL if kind == "other tenant" else NONE)
    if not about.startswith("accounts/"):
        if method.permission not in (held if method.resource else ON_CORE[kind]):
            return "PERMISSION_DENIED"
        return IN if method.permission in ON_CORE[kind] else "PERMISSION_DENIED"
    if method.permission not in held:
        return "PERMISSION_DENIED"
    if READ not in ON_ACCOUNT[kind]:
        return "ACCOUNT_NOT_FOUND"
    return IN if method.permission in ON_ACCOUNT[kind] else "PERMISSION_DENIED"


def steps_up(method: Method, kind: str) -> bool:
    """Return whether a token of this kind cannot prove who its holder is."""
    return method.step_up and kind in ("scoped token", "plugin token")


@pytest.mark.parametrize("path", METHODS)
async def test_every_caller_gets_what_their_rights_say(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
) -> None:
    await populate(core, account)
    method = METHODS[path]
    request = fill(method, account.removeprefix("accounts/"))
    about, body = subject(method, request), request.SerializeToString()

    for kind in ON_ACCOUNT:
        wanted = expected(method, kind, about)
        if wanted == IN and steps_up(method, kind):
            wanted = "STEP_UP_REQUIRED"
        token = TOKEN if kind == "owner token" else kind
        silent_s = SILENT_S if wanted == IN else REFUSING_S

        found = await outcome(channel, method, body, silent_s=silent_s, metadata=bearer(token))

        assert (kind, found) == (kind, wanted)


@pytest.mark.parametrize("path", METHODS)
async def test_nobody_is_let_in_without_a_token_that_counts(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
) -> None:
    await populate(core, account)
    method = METHODS[path]
    body = fill(method, account.removeprefix("accounts/")).SerializeToString()
    usual = IN if method.anonymous else "TOKEN_INVALID"

    silent_s = SILENT_S if method.anonymous else REFUSING_S

    found = await outcome(channel, method, body, silent_s=silent_s)
    assert found == (IN if method.anonymous else "UNAUTHENTICATED")
    for token in ("expired", "guessed", "", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper()):
        found = await outcome(channel, method, body, silent_s=silent_s, metadata=bearer(token))
        assert found == usual


@pytest.mark.parametrize("path", [p for p, m in METHODS.items() if m.step_up])
async def test_a_proof_that_is_too_old_is_asked_for_again(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
) -> None:
    await populate(core, account)
    method = METHODS[path]
    body = fill(method, account.removeprefix("accounts/")).SerializeToString()
    old = to_us(core.clock.now() - timedelta(minutes=5, seconds=1))
    for kind, (person, role, _) in list(core.guests.people.items()):
        core.guests.people[kind] = (person, role, old)

    found = await outcome(channel, method, body, metadata=bearer("first person"))

    assert found == "STEP_UP_REQUIRED"


@pytest.mark.parametrize("kind", ["viewer", "owner", "support", "scoped token", "plugin token"])
async def test_the_journal_of_the_core_is_for_its_administrators(
    core: Served, channel: grpc.aio.Channel, account: str, kind: str
) -> None:
    await populate(core, account)
    method = METHODS["axisor.v1.AuditService/ListAuditEntries"]
    body = method.request(parent="platform").SerializeToString()

    assert await outcome(channel, method, body, metadata=bearer(kind)) == "PERMISSION_DENIED"
    for other in ("admin", "first person"):
        assert await outcome(channel, method, body, metadata=bearer(other)) == IN


@pytest.mark.parametrize("path", OF_TOKENS)
async def test_a_caller_who_may_only_propose_changes_nothing_whatever_they_hold(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
) -> None:
    now_us = to_us(core.clock.now())
    core.guests.known["bot"] = Principal(
        name="tokens/bot", platform=ALL, authenticated_us=now_us, propose_only=True
    )
    method = METHODS[path]
    request: Any = fill(method, account.removeprefix("accounts/"))
    tried = "validate_only" in request.DESCRIPTOR.fields_by_name
    asked = request.SerializeToString()
    if tried:
        request.validate_only = False

    found = await outcome(channel, method, request.SerializeToString(), metadata=bearer("bot"))
    dry = await outcome(channel, method, asked, metadata=bearer("bot"))

    asks = method.reads or path in PROPOSING
    assert found == (IN if asks else "CONFIRMATION_REQUIRED")
    assert dry == (IN if asks or tried else "CONFIRMATION_REQUIRED")


async def test_a_reader_of_everything_still_only_reads(
    core: Served, channel: grpc.aio.Channel, account: str
) -> None:
    method = METHODS["axisor.v1.AccountService/HaltAccount"]
    body = fill(method, account.removeprefix("accounts/")).SerializeToString()

    assert await outcome(channel, method, body, metadata=bearer(READER)) == "PERMISSION_DENIED"
