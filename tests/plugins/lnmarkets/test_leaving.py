"""Whoever asks for a change may keep it here until its first byte is next."""

from __future__ import annotations

import asyncio

import pytest
from tests.plugins.lnmarkets.answers import ACCOUNT, RUNNING, TRADE_ID
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.counting import Line, counting
from tests.plugins.lnmarkets.links import account_client, rest_client
from tests.plugins.lnmarkets.server import answer

from axisor.errors import LeaseLost, OutcomeUnknown, RequestExpired
from axisor.intents import AddMargin
from axisor.ports import Confirmed, Refused, Unknown
from axisor_lnmarkets.leaving import on_condition
from axisor_lnmarkets.transport import SIGNATURE_WINDOW_MS

ACTION = AddMargin(position=TRADE_ID, amount=1)
GONE = LeaseLost("The lease ended.")
ADDED = answer(RUNNING)
TIME = answer({"time": "2026-10-01T12:00:00.000Z"})


class Asker:
    """Lets a request go so many times, then keeps it here."""

    def __init__(self, *, lets_go: int) -> None:
        self.asked = 0
        self._lets_go = lets_go

    def leave(self) -> None:
        self.asked += 1
        if self.asked > self._lets_go:
            raise GONE


async def test_not_one_byte_of_a_request_that_is_kept_here_leaves():
    asker = Asker(lets_go=0)
    async with counting(Line(reply=ADDED)) as line:
        account = account_client(line.url)
        result = await account.send(ACTION, signed_at_ms=0, leave=asker.leave)
        await account.aclose()

    assert result == Refused(GONE)
    assert line.received == 0


async def test_it_is_asked_once_there_is_a_connection():
    asker = Asker(lets_go=0)
    async with counting(Line(reply=ADDED)) as line:
        account = account_client(line.url)
        await account.send(ACTION, signed_at_ms=0, leave=asker.leave)
        while not line.connections:
            await asyncio.sleep(0)
        await account.aclose()

    assert (asker.asked, line.connections, line.received) == (1, 1, 0)


async def test_a_request_without_its_body_is_of_unknown_outcome():
    async with counting(Line(reply=ADDED)) as line:
        account = account_client(line.url)
        result = await account.send(ACTION, signed_at_ms=0, leave=Asker(lets_go=1).leave)
        await account.aclose()

    assert isinstance(result, Unknown)
    assert line.requests <= 1


async def test_a_request_that_may_go_goes_once():
    asker = Asker(lets_go=2)
    async with counting(Line(reply=ADDED)) as line:
        account = account_client(line.url)
        result = await account.send(ACTION, signed_at_ms=0, leave=asker.leave)
        await account.aclose()

    assert isinstance(result, Confirmed)
    assert (asker.asked, line.requests) == (2, 1)


async def test_nobody_is_asked_about_a_reading():
    async with counting(Line(reply=answer(ACCOUNT))) as line:
        rest = rest_client(line.url)
        with on_condition(Asker(lets_go=0).leave):
            read = await rest.account.account()
        await rest.transport.aclose()

    assert read.balance == ACCOUNT["balance"]


async def test_a_question_is_forgotten_with_its_request():
    async with counting(Line(reply=ADDED)) as line:
        account = account_client(line.url)
        await account.send(ACTION, signed_at_ms=0, leave=Asker(lets_go=0).leave)
        result = await account.send(ACTION, signed_at_ms=0)
        await account.aclose()

    assert isinstance(result, Confirmed)


@pytest.mark.parametrize(
    ("asked", "error"), [(1, RequestExpired), (2, OutcomeUnknown)], ids=["head", "body"]
)
async def test_a_stamp_that_ran_out_on_the_way_to_the_first_byte_does_not_leave(asked, error):
    clock, times = JumpingClock(), [0]

    def dawdle() -> None:
        times[0] += 1
        if times[0] == asked:
            clock.ms += SIGNATURE_WINDOW_MS + 1

    async with counting(Line(reply=TIME)) as first:
        rest = rest_client(first.url, clock)
        await rest.transport.warm()
        stamp = rest.transport.venue_now_ms()
        received = first.received
        with on_condition(dawdle), pytest.raises(error):
            await rest.isolated.add_margin(TRADE_ID, 1, signed_at_ms=stamp)
        await rest.transport.aclose()

    if error is RequestExpired:
        assert first.received == received
