"""The stream's client: requests, pushes in between, refusals and broken lines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from random import Random

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET, SEED, credentials
from tests.plugins.lnmarkets.server import Script
from tests.plugins.lnmarkets.stream_server import Stage, staged

from axisor.errors import VenueAnswerInvalid, VenueAuth, VenueRefused, VenueUnavailable
from axisor.ports import KeyRights
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.hints import is_granted, rights_of
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.models.stream import CROSS_ORDERS, ISOLATED_TRADES, LAST_PRICE
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.stream import open_stream

STAMP = 1_790_856_000_000


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Serve a stream."""
    async with staged() as serving:
        yield serving


@pytest.fixture
async def account(venue: Script, stage: Stage) -> AsyncIterator[LnMarketsAccount]:
    """Return an account whose stream is the stage."""
    venue.on("GET /v3/time", answers.TIME)
    clock = JumpingClock()
    client = LnMarketsAccount(
        Address(venue.url, stage.url),
        credentials(),
        clock=clock,
        public=Limiter(clock),
        rng=Random(SEED),
    )
    yield client
    await client.aclose()


async def test_every_request_has_its_answer(stage: Stage):
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        assert (await stream.hello()).version == "1.0.0"
        assert await stream.ping() == "pong"
        assert (await stream.time()).time == STAMP
        login = await stream.authenticate(Signer(credentials()), timestamp_ms=STAMP)
        assert login.authenticated
        assert (await stream.whoami()).user_id == "u"
        assert (await stream.subscribe([LAST_PRICE])).subscribed == (LAST_PRICE,)
        assert (await stream.unsubscribe([LAST_PRICE])).unsubscribed == (LAST_PRICE,)
        assert (await stream.unsubscribe_all()).unsubscribed == ()

    assert all(isinstance(message["id"], str) for message in stage.seen)
    assert len({message["id"] for message in stage.seen}) == len(stage.seen)


async def test_pushes_that_come_before_an_answer_are_kept(stage: Stage):
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        await stage.push(LAST_PRICE, {"n": 1})
        await stage.push(LAST_PRICE, {"n": 2})
        await stream.ping()

        first = await stream.push(timeout_s=1)
        second = await stream.push(timeout_s=1)

    assert first is not None
    assert second is not None
    assert (first.data, second.data) == ({"n": 1}, {"n": 2})


async def test_no_push_in_time_is_none(stage: Stage):
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        assert await stream.push(timeout_s=0.01) is None


async def test_a_refused_request_says_why(stage: Stage):
    stage.permissions = ["revoked"]
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        with pytest.raises(VenueAuth):
            await stream.authenticate(Signer(credentials()), timestamp_ms=STAMP)
        with pytest.raises(VenueRefused):
            await stream.request(str, "nothing")


@pytest.mark.parametrize(
    "frame", ["hello", "{}", "[]", '{"id":5,"result":1}', '{"method":"subscription","params":{}}']
)
async def test_a_message_without_sense_is_an_error(stage: Stage, frame: str):
    stage.raw["ping"] = frame
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        with pytest.raises(VenueAnswerInvalid):
            await stream.ping()


async def test_a_result_of_another_shape_is_an_error(stage: Stage):
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        with pytest.raises(VenueAnswerInvalid):
            await stream.request(int, "ping")


async def test_a_line_that_drops_is_unavailable(stage: Stage):
    async with open_stream(stage.url, clock=JumpingClock(), rng=Random(SEED)) as stream:
        await stage.drop()
        with pytest.raises(VenueUnavailable, match="1001"):
            await stream.push(timeout_s=5)
        with pytest.raises(VenueUnavailable):
            await stream.ping()


async def test_a_stream_that_redirects_is_not_followed(venue: Script):
    from tests.plugins.lnmarkets.server import answer

    venue.on("GET /v1", answer(b"", 302, location="/elsewhere", connection="close"))

    with pytest.raises(VenueUnavailable):
        async with open_stream(
            venue.url.replace("http", "ws") + "/v1", clock=JumpingClock(), rng=Random(SEED)
        ):
            pass

    assert [request.target for request in venue.seen] == ["/v1"]


async def test_changes_are_hinted_at_and_breaks_too(account: LnMarketsAccount, stage: Stage):
    changes = account.changes()

    first = await anext(changes)
    await stage.push(ISOLATED_TRADES, {"pair": "btc_usd", "event": "filled", "trade": {}})
    second = await anext(changes)
    await stage.push(CROSS_ORDERS, {"pair": "btc_usd", "event": "new", "order": {}})
    third = await anext(changes)
    await stage.drop()
    fourth = await anext(changes)

    assert (first, second, third, fourth) == (
        "connected",
        "isolated/trades:filled",
        "cross/orders:new",
        "connected",
    )
    asked = [m["params"]["topics"] for m in stage.seen if m["method"] == "subscribe"]
    assert len(asked) == 2
    assert not [topic for topic in asked[0] if topic.startswith("wallet/")]


async def test_a_key_that_is_refused_ends_the_hints(account: LnMarketsAccount, stage: Stage):
    stage.permissions = ["revoked"]

    with pytest.raises(VenueAuth):
        await anext(account.changes())


async def test_a_key_that_may_read_nothing_ends_the_hints(account: LnMarketsAccount, stage: Stage):
    stage.permissions = ["account:read"]

    with pytest.raises(VenueAuth):
        await anext(account.changes())


async def test_rights_are_those_the_venue_tells(account: LnMarketsAccount):
    rights = await account.rights()

    assert rights.scopes == {"futures:isolated:read", "futures:cross:*"}
    assert rights.can_withdraw is False


@pytest.mark.parametrize(
    ("permissions", "can_withdraw"),
    [
        ([], None),
        (["futures:*"], False),
        (["account:withdrawals:read"], False),
        (["account:withdrawals:write"], True),
        (["account:withdrawals:*"], True),
        (["account:*"], True),
        (["*"], True),
    ],
)
def test_whether_a_key_withdraws_is_told_from_its_scopes(permissions, can_withdraw):
    assert rights_of(permissions) == KeyRights(frozenset(permissions), can_withdraw)


def test_a_wildcard_grants_what_is_below_it_only():
    assert is_granted("futures:cross:read", ["futures:cross:*"])
    assert not is_granted("futures:isolated:read", ["futures:cross:*"])


async def test_the_login_is_written_to_no_log(
    account: LnMarketsAccount, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)

    await account.rights()
    await asyncio.sleep(0)

    for secret in (KEY, SECRET, PASSPHRASE):
        assert secret not in caplog.text
