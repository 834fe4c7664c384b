"""One request over a real connection that misbehaves, and what the client makes of it."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.plugins.lnmarkets.answers import ACCOUNT, RUNNING, TRADE_ID
from tests.plugins.lnmarkets.clocks import START, JumpingClock
from tests.plugins.lnmarkets.links import rest_client
from tests.plugins.lnmarkets.server import HANG_UP, SILENCE, Script, answer

from axisor.errors import (
    OutcomeUnknown,
    RequestExpired,
    VenueAnswerInvalid,
    VenueAuth,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.ports import Lane
from axisor_lnmarkets.address import address_of
from axisor_lnmarkets.limiter import GUARDS_HELD_MS, Limiter
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.transport import MOST_BYTES, SIGNATURE_WINDOW_MS, Transport, unix_ms

ADD = "POST /v3/futures/isolated/trade/add-margin"
WHOLE = answer(RUNNING)
NO = {"code": "BAD_REQUEST", "message": "no"}

UNCLEAR = {
    "hang up": HANG_UP,
    "half the head": b"HTTP/1.1 200 X\r\ncontent-le",
    "half the body": WHOLE[:-40] + b"",
    "no HTTP": b"hello\r\n\r\n",
    "redirect": answer(b"", 302, location="http://127.0.0.1:1/"),
    "redirect with a body": answer(RUNNING, 307, location="/v3/account"),
    "timeout": answer(NO, 408),
    "server error": answer(NO, 500),
    "gateway": answer(b"<html>", 502),
    "out of service": answer({"code": "SERVICE_UNAVAILABLE"}, 503),
    "gateway timeout": answer(b"", 504),
    "a gateway's no": answer(b"<html>", 403),
    "no body": answer(b""),
    "no JSON": answer(b"<html>"),
    "another id": answer({**RUNNING, "id": "other"}),
    "absurd figure": answer({**RUNNING, "margin": -1}),
    "an error with 200": answer(NO),
    "bad gzip": answer(b"not gzip", content_encoding="gzip"),
    "too much": answer(gzip.compress(b" " * (MOST_BYTES + 1)), content_encoding="gzip"),
}


class SteppedClock(JumpingClock):
    """A clock whose wall time somebody steps."""

    step = timedelta()

    def now(self) -> datetime:
        return super().now() + self.step


@pytest.mark.parametrize("reply", UNCLEAR.values(), ids=list(UNCLEAR))
async def test_a_change_with_an_unclear_end_is_unknown_and_sent_once(
    venue: Script, rest: Rest, reply
):
    closing = reply.replace(b"content-length", b"connection: close\r\ncontent-length", 1)
    venue.on(ADD, closing)

    with pytest.raises(OutcomeUnknown):
        await rest.isolated.add_margin(TRADE_ID, 1)

    assert len(venue.seen) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422])
async def test_a_change_the_venue_refuses_raises_its_refusal(venue: Script, rest: Rest, status):
    venue.on(ADD, answer(NO, status))

    with pytest.raises(VenueRefused):
        await rest.isolated.add_margin(TRADE_ID, 1)


async def test_a_venue_that_stays_silent_leaves_the_outcome_unknown(venue: Script):
    venue.on(ADD, SILENCE)
    rest = rest_client(venue.url, timeout=httpx.Timeout(0.05, connect=3.0))

    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        await rest.isolated.add_margin(TRADE_ID, 1)

    await rest.transport.aclose()


async def test_a_venue_that_is_not_there_was_sent_nothing(venue: Script):
    async with asyncio.timeout(60):
        listener = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        listener.close()
        await listener.wait_closed()
    rest = rest_client(f"http://127.0.0.1:{port}")

    with pytest.raises(VenueUnavailable) as caught:
        await rest.isolated.add_margin(TRADE_ID, 1)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    await rest.transport.aclose()


@pytest.mark.parametrize("reply", [HANG_UP, answer(b"", 302), answer(b"", 503)])
async def test_a_read_with_an_unclear_end_is_just_unavailable(venue: Script, rest: Rest, reply):
    venue.on("GET /v3/account", reply)

    with pytest.raises(VenueUnavailable):
        await rest.account.account()

    assert len(venue.seen) == 1


async def test_a_read_that_makes_no_sense_names_the_field(venue: Script, rest: Rest):
    venue.on("GET /v3/account", {**ACCOUNT, "balance": "much"})

    with pytest.raises(VenueAnswerInvalid) as caught:
        await rest.account.account()

    assert caught.value.metadata["field"] == "balance"


async def test_too_many_requests_hold_the_limiter(venue: Script, rest: Rest):
    venue.on("GET /v3/account", answer(NO, 429, retry_after="7"), ACCOUNT)
    clock = rest.transport.clock
    with pytest.raises(VenueRateLimited) as caught:
        await rest.account.account()
    began = clock.monotonic_ms()

    await rest.account.account()

    assert caught.value.metadata["retry_after_s"] == "7"
    assert clock.monotonic_ms() - began == 7_000


async def test_a_guard_waits_a_moment_and_no_more_when_the_venue_wants_an_hour(
    venue: Script, rest: Rest
):
    venue.on("GET /v3/account", answer(NO, 429, retry_after="3600"), ACCOUNT)
    with pytest.raises(VenueRateLimited):
        await rest.account.account()
    began = rest.transport.clock.monotonic_ms()

    await rest.account.account(lane=Lane.GUARD)

    assert rest.transport.clock.monotonic_ms() - began == GUARDS_HELD_MS


async def test_no_request_waits_longer_than_half_a_minute(venue: Script, rest: Rest):
    venue.on("GET /v3/account", answer(NO, 429, retry_after="90000"))
    with pytest.raises(VenueRateLimited):
        await rest.account.account()

    with pytest.raises(VenueRateLimited, match="no room"):
        await rest.account.account(lane=Lane.RECONCILE)

    assert len(venue.seen) == 1


@pytest.mark.parametrize("wait", ["yesterday", "-5", "NaN", ""])
async def test_a_retry_after_that_is_no_number_holds_for_a_second(venue: Script, rest: Rest, wait):
    venue.on("GET /v3/account", answer(NO, 429, retry_after=wait), ACCOUNT)
    with pytest.raises(VenueRateLimited):
        await rest.account.account()
    began = rest.transport.clock.monotonic_ms()

    await rest.account.account()

    assert rest.transport.clock.monotonic_ms() - began == 1_000


async def test_a_stamp_given_is_the_stamp_sent(venue: Script, rest: Rest):
    venue.on(ADD, RUNNING)

    await rest.isolated.add_margin(TRADE_ID, 1, signed_at_ms=1_700_000_000_000)

    assert venue.seen[0].headers["lnm-access-timestamp"] == "1700000000000"


async def test_a_stamp_not_given_is_the_venues_present_time(venue: Script, rest: Rest):
    venue.on("GET /v3/account", ACCOUNT)
    venue.on("GET /v3/time", {"time": "2026-10-01T12:00:42.000Z"})
    await rest.transport.warm()

    await rest.account.account()

    stamp = int(venue.calls("/v3/account")[0].headers["lnm-access-timestamp"])
    clock = rest.transport.clock
    assert stamp == unix_ms(clock.now()) + 42_000


async def test_a_step_of_our_clock_moves_no_stamp(venue: Script):
    clock = SteppedClock()
    rest = rest_client(venue.url, clock)
    venue.on("GET /v3/account", ACCOUNT)
    venue.on("GET /v3/time", {"time": "2026-10-01T12:00:00.000Z"})
    await rest.transport.warm()
    before = rest.transport.venue_now_ms()

    clock.step = timedelta(hours=1)

    assert rest.transport.venue_now_ms() == before
    await rest.transport.aclose()


async def test_another_refusal_of_the_key_leaves_the_venues_clock_known(venue: Script, rest: Rest):
    venue.on("GET /v3/time", {"time": "2026-10-01T12:00:42.000Z"})
    venue.on("GET /v3/account", answer({"code": "UNAUTHORIZED", "message": "Invalid key"}, 401))
    await rest.transport.warm()

    with pytest.raises(VenueAuth):
        await rest.account.account()

    assert rest.transport.knows_time


async def test_a_stamp_that_ran_out_is_not_sent(venue: Script, rest: Rest):
    venue.on("GET /v3/time", {"time": "2026-10-01T12:00:00.000Z"})
    await rest.transport.warm()
    old = rest.transport.venue_now_ms() - SIGNATURE_WINDOW_MS

    with pytest.raises(RequestExpired):
        await rest.isolated.add_margin(TRADE_ID, 1, signed_at_ms=old)

    assert venue.calls("/v3/futures/isolated/trade/add-margin") == []


async def test_a_client_without_a_key_sends_nothing_signed(venue: Script):
    clock = JumpingClock()
    transport = Transport(address_of("sim", venue.url), clock=clock, public=Limiter(clock))

    with pytest.raises(VenueAuth):
        await Rest(transport).account.account()

    assert venue.seen == []
    await transport.aclose()


async def test_a_canceled_change_is_canceled(venue: Script, rest: Rest):
    venue.on(ADD, SILENCE)
    task = asyncio.ensure_future(rest.isolated.add_margin(TRADE_ID, 1))
    while not venue.seen:
        await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_connection_is_used_again(venue: Script, rest: Rest):
    venue.on("GET /v3/account", ACCOUNT)

    await rest.account.account()
    await rest.account.account()

    assert (len(venue.seen), venue.connections) == (2, 1)


def test_a_time_before_1970_is_whole_milliseconds_too():
    assert unix_ms(START) == 1_790_856_000_000
    assert unix_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1
