"""Nobody learns of another's account: not by naming it, not in a list, not in a stream.

Made from the contract: every field of every request that can name an account is tried with one that
is somebody else's, and every answer is searched for what it must not hold.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from tests.server.rpc.forms import fill, naming
from tests.server.rpc.serving import Served, bearer, creation

from axisor.model import Permission, PlatformRole, Role
from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor.wire.status import from_call
from axisor_server.domain.journal import to_us
from axisor_server.domain.roles import EVERYTHING
from axisor_server.rpc.rules import Method, methods, services
from axisor_server.services.principals import Principal

METHODS = methods(services())
OTHER = "0d9f3c7e-0000-4000-8000-0000000000b1"
MADE_UP = "0d9f3c7e-0000-4000-8000-0000000000ee"
CANARY = "canary-label-of-another"
CALLERS = ("ann", "token of ann", "plugin of ann")
FIELDS = [
    (path, name)
    for path, method in METHODS.items()
    for name, text, _ in naming(fill(method, "a"))
    if text.startswith("accounts/")
]


class Two:
    """Two people with an account each, and the means to ask as the first."""

    def __init__(self, core: Served, channel: grpc.aio.Channel, mine: str, other: str) -> None:
        self.core = core
        self.channel = channel
        self.mine = mine
        self.other = other

    async def ask(self, method: Method, body: bytes, caller: str) -> bytes:
        """Return all that a method answers in a moment. Raises AioRpcError."""
        if not method.streams:
            ask: Any = self.channel.unary_unary(f"/{method.path}")
            return bytes(await ask(body, metadata=bearer(caller)))
        watch: Any = self.channel.unary_stream(f"/{method.path}")
        stream = watch(body, metadata=bearer(caller))
        frames = []
        try:
            while (frame := await asyncio.wait_for(stream.read(), 0.2)) is not grpc.aio.EOF:
                frames.append(bytes(frame))
        except TimeoutError:
            stream.cancel()
        return b"".join(frames)

    async def refusal(self, method: Method, body: bytes, caller: str) -> tuple[str, str]:
        """Return the reason and the text of a refusal, or that there was none."""
        try:
            await self.ask(method, body, caller)
        except grpc.aio.AioRpcError as error:
            refused = from_call(error)
            return refused.reason, str(refused)
        return "answered", ""


async def to_its_end(stream: Any) -> None:
    """Read a stream until it ends. Raises AioRpcError."""
    while await stream.read() is not grpc.aio.EOF:
        pass


@pytest.fixture
async def two(core: Served, channel: grpc.aio.Channel, account: str) -> Two:
    """Give each of two people an account; the first also has a token and a plugin."""
    answer = await AccountServiceStub(channel).CreateAccount(
        creation(request_id=OTHER, label=CANARY), metadata=bearer()
    )
    made = Two(core, channel, account.partition("/")[2], answer.account.name.partition("/")[2])
    now_us = to_us(core.clock.now())
    for person, id in (("ann", made.mine), ("olga", made.other)):
        await core.enrol(person, id, Role.OWNER)
        core.guests.people[person] = (person, PlatformRole.NONE, now_us)
    held = {made.mine: EVERYTHING}
    for token, name in (("token of ann", "tokens/t"), ("plugin of ann", "plugins/p")):
        core.guests.known[token] = Principal(
            name=name,
            platform=Permission.READ | Permission.MANAGE_SECRETS,
            accounts=held,
            authenticated_us=now_us,
        )
    return made


@pytest.mark.parametrize(("path", "field"), FIELDS)
async def test_an_account_of_another_is_not_found_wherever_it_is_named(
    two: Two, path: str, field: str
) -> None:
    method = METHODS[path]

    for caller in CALLERS:
        answers = []
        for id in (two.other, MADE_UP):
            request = fill(method, two.mine)
            for name, text, put in naming(request):
                if name == field:
                    put(text.replace(two.mine, id))
            reason, said = await two.refusal(method, request.SerializeToString(), caller)
            answers.append((reason, said.replace(id, "ID")))

        # One that is there and one that is not are told apart by nothing.
        assert answers[0] == answers[1]
        assert answers[0][0] == "ACCOUNT_NOT_FOUND"


@pytest.mark.parametrize("path", METHODS)
async def test_no_answer_holds_anything_of_another(two: Two, path: str) -> None:
    method = METHODS[path]
    body = fill(method, two.mine).SerializeToString()

    for caller in CALLERS:
        try:
            answer = await two.ask(method, body, caller)
        except grpc.aio.AioRpcError as error:
            answer = str(error).encode() + str(error.trailing_metadata()).encode()

        assert two.other.encode() not in answer
        assert CANARY.encode() not in answer


def of_an_account(method: Method) -> bool:
    """Return whether a method is about an account as a whole, not about one thing that it has."""
    request = fill(method, "a")
    return len(method.resource) == 1 and getattr(request, method.resource[0]) == "accounts/a"


async def test_a_stream_holds_nothing_that_happens_to_another(two: Two) -> None:
    streams = [method for method in METHODS.values() if method.streams and not method.converses]
    watches = [method for method in streams if of_an_account(method)]
    assert len(watches) >= len(streams) - 1  # all but that of one back-test
    asked = [
        two.ask(method, fill(method, two.mine).SerializeToString(), "ann") for method in watches
    ]

    answers, _ = await asyncio.gather(
        asyncio.gather(*asked), two.core.noise(f"accounts/{two.other}", 20)
    )

    assert all(two.other.encode() not in answer for answer in answers)


async def test_a_request_id_of_another_is_no_hindrance_and_tells_nothing(two: Two) -> None:
    method = METHODS["axisor.v1.AccountService/HaltAccount"]
    request: Any = fill(method, two.mine)
    request.validate_only = False
    theirs: Any = fill(method, two.other)
    theirs.validate_only = False

    await two.ask(method, theirs.SerializeToString(), "olga")
    answer = await two.ask(method, request.SerializeToString(), "ann")
    again = await two.ask(method, request.SerializeToString(), "ann")

    assert two.mine.encode() in answer
    assert answer == again


async def test_whoever_adds_an_account_owns_it_and_nobody_else_sees_it(
    two: Two, channel: grpc.aio.Channel
) -> None:
    stub = AccountServiceStub(channel)
    new = creation(request_id="0d9f3c7e-0000-4000-8000-0000000000b2", label="new")

    added = await stub.CreateAccount(new, metadata=bearer("ann"))

    name = added.account.name
    roles = await two.ask(
        METHODS["axisor.v1.AccessService/ListMembers"],
        fill(
            METHODS["axisor.v1.AccessService/ListMembers"], name.partition("/")[2]
        ).SerializeToString(),
        "ann",
    )
    theirs = await two.ask(METHODS["axisor.v1.AccountService/ListAccounts"], b"", "olga")
    assert b"people/ann" in roles
    assert name.encode() not in theirs


async def test_what_is_open_ends_when_a_role_is_taken(two: Two) -> None:
    method = METHODS["axisor.v1.EventService/WatchEvents"]
    body = method.request(parent=f"accounts/{two.mine}")
    await two.core.enrol("olga", two.mine, Role.VIEWER)
    watch: Any = two.channel.unary_stream(f"/{method.path}")
    stream = watch(body.SerializeToString(), metadata=bearer("olga"))
    await stream.read()

    revoke: Any = fill(METHODS["axisor.v1.AccessService/Revoke"], two.mine)
    revoke.name = f"accounts/{two.mine}/members/olga"
    revoke.validate_only = False
    await two.ask(METHODS["axisor.v1.AccessService/Revoke"], revoke.SerializeToString(), "ann")

    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await asyncio.wait_for(to_its_end(stream), 60)
    assert from_call(ended.value).reason == "TOKEN_INVALID"
