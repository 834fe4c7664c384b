"""A token that runs out while a client works is renewed, once for all calls, and streams go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from axisor.client import Client
from axisor.errors import SessionOver, TokenInvalid
from axisor.ports import Secret
from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, events_pb2, types_pb2
from axisor.watch import Disconnected, Reconnected
from axisor.wire.records import SeenEvent
from axisor.wire.scalars import time_to_wire
from axisor_server.adapters.memory.clock import START


class Core:
    """A scripted core that takes one token at a time."""

    def __init__(self) -> None:
        self.good = "second"
        self.asked: list[str] = []
        self.after: list[int] = []
        self.renewed: list[str] = []

    def check(self, context: Any) -> None:
        token = dict(context.invocation_metadata())["authorization"].removeprefix("Bearer ")
        self.asked.append(token)
        if token != self.good:
            raise TokenInvalid("The token has run out.")

    async def accounts(self, request: Any, context: Any) -> Any:
        self.check(context)
        return accounts_pb2.ListAccountsResponse()

    async def events(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.after.append(request.after_sequence)
        self.check(context)
        for sequence in range(request.after_sequence + 1, request.after_sequence + 3):
            event = events_pb2.Event(
                account="accounts/main",
                sequence=sequence,
                event_time=time_to_wire(START),
                mode=types_pb2.MODE_SIM,
                kind="FeedChanged",
                feed_changed=events_pb2.FeedChanged(),
            )
            yield events_pb2.WatchEventsResponse(events=[event])
        if len(self.asked) < 4:
            self.good = "third"
            raise TokenInvalid("The token ended while the stream was open.")
        await asyncio.Event().wait()

    async def renew(self, held: Secret) -> Secret:
        self.renewed.append(held.reveal())
        await asyncio.sleep(0)
        if self.good == "never":
            raise SessionOver()
        return Secret(self.good)


@pytest.fixture
async def core() -> Core:
    """Script a core."""
    return Core()


@pytest.fixture
async def client(core: Core) -> AsyncIterator[Client]:
    """Connect to it with a token that has run out."""
    answers = {
        "/axisor.v1.AccountService/ListAccounts": core.accounts,
        "/axisor.v1.EventService/WatchEvents": core.events,
    }
    async with (
        stub_server(answers) as address,
        Client.connect(address, token="first", plaintext=True, renew=core.renew) as opened,
    ):
        yield opened


async def test_a_call_with_a_token_that_ran_out_is_made_again_with_another(
    core: Core, client: Client
):
    await client.accounts.list()

    assert core.asked == ["first", "second"]
    assert core.renewed == ["first"]


async def test_of_many_calls_one_renews_the_token(core: Core, client: Client):
    await asyncio.gather(*(client.accounts.list() for _ in range(10)))

    assert core.renewed == ["first"]


async def test_a_call_that_is_refused_again_is_not_made_for_ever(core: Core, client: Client):
    async def useless(held: Secret) -> Secret:
        return Secret("still wrong")

    client._caller._renew = useless

    with pytest.raises(TokenInvalid):
        await client.accounts.list()

    assert core.asked == ["first", "still wrong"]


async def test_when_the_sign_in_is_over_the_call_says_so(core: Core, client: Client):
    core.good = "never"

    with pytest.raises(SessionOver):
        await client.accounts.list()


async def test_a_stream_goes_on_with_another_token_and_misses_nothing(core: Core, client: Client):
    seen: list[int] = []
    other: list[type] = []
    async with aclosing(client.events.watch("main", after=0)) as items:
        async for item in items:
            if isinstance(item, SeenEvent):
                seen.append(item.sequence)
            else:
                other.append(type(item))
            if len(seen) == 4:
                break

    assert seen == [1, 2, 3, 4]
    assert core.renewed == ["first", "second"]
    assert Disconnected in other
    assert Reconnected in other
