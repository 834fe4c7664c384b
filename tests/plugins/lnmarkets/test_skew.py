"""A refused stamp is not a refused key: the clock is measured once, and a read asked once more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.links import SEED, account_client, credentials
from tests.plugins.lnmarkets.server import Script, answer
from tests.plugins.lnmarkets.stream_server import Stage, staged

from axisor.errors import VenueAuth, VenueClockSkew
from axisor.intents import AddMargin
from axisor.ports import Refused
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.outcome import Reply, judge
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.retry_after import seconds_to_wait

ACCOUNT, TIME = "GET /v3/account", "GET /v3/time"
SAYS = {"code": "UNAUTHORIZED", "message": "Timestamp is outside the accepted window"}
LATE = answer(SAYS, 401)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "said",
    [
        b'{"code":"UNAUTHORIZED","message":"Timestamp is outside the accepted window"}',
        b'{"message":"timestamp too old"}',
        b'{"code":"INVALID_TIMESTAMP"}',
        b'{"message":"Request time stamp expired"}',
    ],
)
def test_a_refusal_about_time_is_told_apart_from_one_about_the_key(status: int, said: bytes):
    verdict = judge(Reply(status, said), lambda body: body)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueClockSkew)
    assert not isinstance(verdict.error, VenueAuth)


@pytest.mark.parametrize(
    "said",
    [b'{"code":"UNAUTHORIZED"}', b'{"message":"Invalid signature"}', b'{"code":"FORBIDDEN"}'],
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stays_one(status: int, said: bytes):
    verdict = judge(Reply(status, said), lambda body: body)

    assert isinstance(verdict, Refused)
    assert isinstance(verdict.error, VenueAuth)


async def test_a_read_is_asked_once_more_with_the_clock_measured_anew(venue: Script, rest: Rest):
    venue.on(ACCOUNT, LATE, answers.ACCOUNT)
    venue.on(TIME, {"time": "2026-10-01T12:01:00.000Z"})

    found = await rest.account.account()

    assert found.balance == 897_900
    assert [seen.path for seen in venue.seen] == ["/v3/account", "/v3/time", "/v3/account"]
    stamp = int(venue.seen[2].headers["lnm-access-timestamp"])
    assert stamp >= 1_790_856_060_000


async def test_a_read_is_never_asked_a_third_time(venue: Script, rest: Rest):
    venue.on(ACCOUNT, LATE)
    venue.on(TIME, answers.TIME)

    with pytest.raises(VenueClockSkew):
        await rest.account.account()

    assert len(venue.calls("/v3/account")) == 2


async def test_reads_refused_together_have_the_clock_measured_once(venue: Script, rest: Rest):
    venue.on(ACCOUNT, LATE, LATE, LATE, answers.ACCOUNT)
    venue.on(TIME, answers.TIME)

    await asyncio.gather(*[rest.account.account() for _ in range(3)])

    assert len(venue.calls("/v3/time")) == 1
    assert len(venue.calls("/v3/account")) == 6


async def test_a_clock_that_cannot_be_measured_leaves_the_refusal(venue: Script, rest: Rest):
    venue.on(ACCOUNT, LATE)
    venue.on(TIME, answer(b"", 500))

    with pytest.raises(VenueClockSkew):
        await rest.account.account()


async def test_a_revoked_key_is_not_asked_about_again(venue: Script, rest: Rest):
    venue.on(ACCOUNT, answer({"code": "UNAUTHORIZED", "message": "Invalid API key"}, 401))

    with pytest.raises(VenueAuth):
        await rest.account.account()

    assert len(venue.seen) == 1


async def test_an_action_is_refused_once_and_the_clock_measured_before_the_next_read(
    venue: Script,
):
    account = account_client(venue.url)
    venue.on(TIME, answers.TIME)
    venue.on("POST /v3/futures/isolated/trade/add-margin", LATE)
    venue.on(ACCOUNT, answers.ACCOUNT)
    await account.warm()

    result = await account.send(
        AddMargin(position=answers.TRADE_ID, amount=1), signed_at_ms=1_790_856_000_000
    )
    await account._know_clock()

    assert isinstance(result, Refused)
    assert isinstance(result.error, VenueClockSkew)
    assert len(venue.calls("/v3/futures/isolated/trade/add-margin")) == 1
    assert len(venue.calls("/v3/time")) == 2
    await account.aclose()


class Late(Stage):
    """A stream that refuses the time of the first logins."""

    refuses: int = 1

    def _authenticate(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.refuses:
            self.refuses -= 1
            return {"error": {"code": -32000, "message": SAYS["message"], "data": SAYS}}
        return super()._authenticate(params)


@pytest.fixture
async def late() -> AsyncIterator[Late]:
    """Serve a stream that refuses one login for its time."""
    async with staged(Late()) as stage:
        assert isinstance(stage, Late)
        yield stage


def account_at(venue: Script, stage: Stage) -> LnMarketsAccount:
    clock = JumpingClock()
    address = Address(venue.url, stage.url)
    public = Limiter(clock)
    return LnMarketsAccount(address, credentials(), clock=clock, public=public, rng=Random(SEED))


async def test_the_rights_of_a_key_are_asked_again_after_a_refused_time(venue: Script, late: Late):
    venue.on(TIME, answers.TIME)
    account = account_at(venue, late)

    rights = await account.rights()
    late.refuses = 2
    with pytest.raises(VenueClockSkew):
        await account.rights()

    assert rights.can_withdraw is False
    assert len(venue.seen) == 3
    await account.aclose()


async def test_hints_go_on_after_a_refused_time(venue: Script, late: Late):
    venue.on(TIME, answer(b"", 500), answers.TIME)
    late.refuses = 2
    account = account_at(venue, late)

    async with asyncio.timeout(20):
        first = await anext(account.changes())

    assert first == "connected"
    assert len(venue.calls("/v3/time")) == 2
    await account.aclose()


def test_a_date_to_wait_for_is_seconds_from_now():
    now = JumpingClock().now()

    assert seconds_to_wait("Thu, 01 Oct 2026 12:00:07 GMT", now=now) == 7
    assert seconds_to_wait("Thu, 01 Oct 2026 11:00:00 GMT", now=now) == 0
    assert seconds_to_wait("Fri, 02 Oct 2026 12:00:00 GMT", now=now) == 3_600
    assert seconds_to_wait("Thu, 99 Oct 2026 12:00:00 GMT", now=now) is None
    assert seconds_to_wait(None, now=now) is None
