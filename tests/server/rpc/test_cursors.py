"""A page token serves its caller, its list and its day, and nobody can make one up."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axisor.errors import PageTokenInvalid
from axisor.model import Permission
from axisor.v1 import accounts_pb2, margin_pb2
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.rpc.calls import Call
from axisor_server.rpc.cursors import Cursors
from axisor_server.rpc.rules import methods, services
from axisor_server.services.principals import Principal

METHODS = methods(services())
ACCOUNTS = METHODS["axisor.v1.AccountService/ListAccounts"]
POSITIONS = METHODS["axisor.v1.MarginService/ListPositions"]
ANN = Principal(name="people/ann", tenant="ann", platform=Permission.READ)
BEN = Principal(name="people/ben", tenant="ben", platform=Permission.READ)


async def digest(purpose: str, text: str) -> str:
    """Return a hash that nobody else has the key of."""
    return hashlib.sha256(f"secret/{purpose}/{text}".encode()).hexdigest()


class Desk:
    """Cursors with a clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.cursors = Cursors(digest, self.clock)

    async def given(self, caller: Principal) -> str:
        """Return the token a caller gets with a page of accounts."""
        answer = accounts_pb2.ListAccountsResponse(next_page_token="place")
        await self.cursors.wrap(call(caller, ""), answer)
        return answer.next_page_token

    async def read(self, caller: Principal, token: str) -> str:
        """Return what the list is given."""
        made = call(caller, token)
        await self.cursors.unwrap(made)
        return made.body.page_token  # type: ignore[attr-defined, no-any-return]


def call(caller: Principal, token: str) -> Call:
    """Return a call for a page of accounts."""
    return Call(ACCOUNTS, caller, accounts_pb2.ListAccountsRequest(page_token=token))


async def test_a_token_comes_back_as_the_list_made_it() -> None:
    desk = Desk()

    assert await desk.read(ANN, await desk.given(ANN)) == "place"


async def test_no_token_is_no_token() -> None:
    desk = Desk()

    assert await desk.read(ANN, "") == ""


async def test_a_last_page_has_no_token() -> None:
    answer = accounts_pb2.ListAccountsResponse()

    await Desk().cursors.wrap(call(ANN, ""), answer)

    assert answer.next_page_token == ""


async def test_a_token_is_its_callers_only() -> None:
    desk = Desk()

    with pytest.raises(PageTokenInvalid):
        await desk.read(BEN, await desk.given(ANN))


async def test_a_token_is_its_lists_only() -> None:
    desk = Desk()
    request = margin_pb2.ListPositionsRequest(page_token=await desk.given(ANN))

    with pytest.raises(PageTokenInvalid):
        await desk.cursors.unwrap(Call(POSITIONS, ANN, request))


async def test_a_token_is_over_after_a_day() -> None:
    desk = Desk()
    token = await desk.given(ANN)

    await desk.clock.advance(86_399)
    assert await desk.read(ANN, token) == "place"
    await desk.clock.advance(1)
    with pytest.raises(PageTokenInvalid):
        await desk.read(ANN, token)


@given(text=st.text(min_size=1))
@example(text=".")
@example(text="..")
@example(text="zz.place.")
@example(text="-1.place.\udcff")
async def test_made_up_tokens_are_refused(text: str) -> None:
    with pytest.raises(PageTokenInvalid):
        await Desk().read(ANN, text.encode("utf-8", "replace").decode())


async def test_no_changed_letter_of_a_token_is_accepted() -> None:
    desk, draw = Desk(), random.Random(7)
    token = await desk.given(ANN)

    for at in range(len(token)):
        other = draw.choice([c for c in "0123456789abcdef.pl" if c != token[at]])
        with pytest.raises(PageTokenInvalid):
            await desk.read(ANN, token[:at] + other + token[at + 1 :])
