"""Whatever breaks: only what provably never left is refused, and nothing leaves twice."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx
import pytest
from tests.plugins.lnmarkets.answers import RUNNING, TRADE_ID
from tests.plugins.lnmarkets.certificates import server_tls
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.counting import Line, counting, deaf
from tests.plugins.lnmarkets.links import SEED, credentials
from tests.plugins.lnmarkets.server import answer

from axisor.errors import OutcomeUnknown, VenueRateLimited, VenueRefused, VenueUnavailable
from axisor_lnmarkets.address import Address
from axisor_lnmarkets.limiter import Limiter, Rate
from axisor_lnmarkets.models.futures import Trade
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.stream import open_stream
from axisor_lnmarkets.transport import LIMITS, Transport

BRIEF = httpx.Timeout(0.15, connect=0.15, pool=0.15)
PATIENT = httpx.Timeout(10.0, connect=3.0, pool=3.0)
WHOLE = answer(RUNNING).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
BODY = WHOLE.partition(b"\r\n\r\n")[2]
UNTIL_CLOSED = b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n" + BODY
"""An answer that does not tell its length: only its JSON can say that it is whole."""


@asynccontextmanager
async def client(
    url: str, *, timeout: httpx.Timeout = PATIENT, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Rest]:
    """Return a client of every endpoint, in no hurry with its rate."""
    clock = JumpingClock()
    transport = Transport(
        Address(url, url),
        clock=clock,
        public=Limiter(clock, Rate(requests=1_000, reserve=0)),
        signer=Signer(credentials()),
        timeout=timeout,
        tls=tls,
    )
    yield Rest(transport)
    await transport.aclose()


async def add(rest: Rest) -> Trade | Exception:
    """Ask for a change and return what came of it."""
    try:
        return await rest.isolated.add_margin(TRADE_ID, 1)
    except Exception as error:
        return error


async def test_no_connection_means_that_not_one_byte_left():
    async with counting(Line()) as line:
        url = line.url
    async with client(url) as rest:
        came = await add(rest)

    assert isinstance(came, VenueUnavailable)
    assert came.metadata["kind"] == "ConnectError"
    assert line.received == 0


async def test_a_connection_that_is_not_made_in_time_means_that_not_one_byte_left():
    async with deaf() as url, client(url, timeout=BRIEF) as rest:
        came = await add(rest)

    assert isinstance(came, VenueUnavailable)
    assert came.metadata["kind"] == "ConnectTimeout"


async def test_a_full_pool_means_that_not_one_byte_left():
    most = LIMITS.max_connections
    assert most is not None
    async with counting(Line(end="hold")) as line:
        slow = httpx.Timeout(10.0, connect=3.0, pool=0.1)
        async with client(line.url, timeout=slow) as rest:
            busy = [asyncio.ensure_future(add(rest)) for _ in range(most)]
            while line.requests < most:
                await asyncio.sleep(0.001)
            before = line.received
            came = await add(rest)
            after = line.received
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

    assert isinstance(came, VenueUnavailable)
    assert came.metadata["kind"] == "PoolTimeout"
    assert (before, line.requests) == (after, most)


BROKEN = {
    "closed before anything was read": Line(reads="nothing"),
    "reset before anything was read": Line(reads="nothing", end="reset"),
    "closed after the head": Line(reads="head"),
    "reset after the head": Line(reads="head", end="reset"),
    "closed after all of it": Line(),
    "reset after all of it": Line(end="reset"),
    "no answer": Line(end="hold"),
    "half a status line": Line(reply=b"HTTP/1."),
    "half a head, then reset": Line(reply=WHOLE[:30], end="reset"),
    "a whole head, then reset": Line(reply=WHOLE[:-5], end="reset"),
    "a whole head, then silence": Line(reply=WHOLE[:-5], end="hold"),
    "100 and nothing after it": Line(reply=b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_line_that_breaks_later_leaves_the_outcome_unknown(name: str):
    async with counting(BROKEN[name]) as line, client(line.url, timeout=BRIEF) as rest:
        came = await add(rest)

    assert isinstance(came, OutcomeUnknown), came
    assert line.connections == 1, "it was sent again"
    assert line.requests <= 1


@pytest.mark.parametrize("whole", [WHOLE, UNTIL_CLOSED], ids=["with length", "until closed"])
async def test_an_answer_that_ends_at_any_byte_but_the_last_is_unknown(whole: bytes):
    line = Line()
    async with counting(line), client(line.url) as rest:
        for end in range(len(whole)):
            line.reply = whole[:end]

            came = await add(rest)

            assert isinstance(came, OutcomeUnknown), (end, came)
        line.reply = whole
        done = await add(rest)

    assert isinstance(done, Trade)
    assert line.requests == line.connections == len(whole) + 1


SAYS = {"code": "X", "message": "no"}
STATUSES = [*range(200, 209), 226, *range(300, 309), *range(400, 432), 451, *range(500, 512), 599]
REFUSED = {400, 401, 403, 404, 409, 422, 429}


@pytest.mark.parametrize("body", [SAYS, b"<html>", b"", RUNNING], ids=["venue", "html", "", "ok"])
async def test_each_status_with_each_body_has_its_place_in_the_table(body):
    line = Line()
    async with counting(line), client(line.url) as rest:
        for status in STATUSES:
            text = answer(b"" if status in (204, 205, 304) else body, status)
            line.reply = text.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)

            came = await add(rest)

            if 200 <= status < 300 and body is RUNNING and status not in (204, 205):
                assert isinstance(came, Trade), (status, came)
            elif status in REFUSED and body is SAYS:
                assert not isinstance(came, OutcomeUnknown | Trade), (status, came)
            else:
                assert isinstance(came, OutcomeUnknown), (status, came)

    assert line.requests == len(STATUSES)


@pytest.mark.parametrize("moment", ["connecting", "waiting"])
async def test_a_canceled_change_is_canceled_and_never_sent_again(moment: str):
    async with counting(Line(end="hold")) as line, client(line.url) as rest:
        task = asyncio.ensure_future(rest.isolated.add_margin(TRADE_ID, 1))
        while moment == "waiting" and not line.requests:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)

    assert line.requests <= 1


async def test_a_good_certificate_is_accepted(tmp_path: Path):
    server, trusting = server_tls(tmp_path)
    line = Line(reply=WHOLE)
    async with counting(line, tls=server), client(line.url, tls=trusting) as rest:
        done = await add(rest)

    assert isinstance(done, Trade)
    assert line.requests == 1


FAULTS = {
    "for another address": {"address": "127.0.0.2"},
    "that ran out": {"expired": True},
    "over a version that is not safe": {"newest": ssl.TLSVersion.TLSv1_1},
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("name", FAULTS)
async def test_a_bad_certificate_is_refused_before_a_byte_of_the_request_leaves(
    tmp_path: Path, name: str
):
    server, trusting = server_tls(tmp_path, **FAULTS[name])  # type: ignore[arg-type]
    line = Line(reply=WHOLE)
    async with counting(line, tls=server), client(line.url, tls=trusting) as rest:
        came = await add(rest)

    assert isinstance(came, VenueUnavailable), came
    assert came.metadata["kind"] == "ConnectError"
    assert (line.requests, line.received) == (0, 0)


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path):
    server, _ = server_tls(tmp_path)
    line = Line(reply=WHOLE)
    async with counting(line, tls=server), client(line.url) as rest:
        came = await add(rest)

    assert isinstance(came, VenueUnavailable)
    assert line.requests == 0


async def test_a_venue_that_speaks_plain_where_tls_is_due_gets_nothing():
    line = Line(reads="nothing", reply=WHOLE)
    async with counting(line), client(line.url.replace("http:", "https:")) as rest:
        came = await add(rest)

    assert isinstance(came, VenueUnavailable), came
    assert line.requests == 0


@pytest.mark.parametrize("name", ["for another address", "that ran out"])
async def test_the_stream_refuses_a_bad_certificate_too(tmp_path: Path, name: str):
    server, trusting = server_tls(tmp_path, **FAULTS[name])  # type: ignore[arg-type]
    line = Line()
    async with counting(line, tls=server):
        url = line.url.replace("https", "wss")
        with pytest.raises(VenueUnavailable):
            async with open_stream(url, clock=JumpingClock(), rng=Random(SEED), tls=trusting):
                raise AssertionError("it was opened")

    assert line.requests == 0


async def test_a_refusal_of_the_venue_carries_its_status():
    line = Line(reply=answer(SAYS, 429).replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
    async with counting(line), client(line.url) as rest:
        crowded = await add(rest)
        line.reply = answer(SAYS, 422).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
        refused = await add(rest)

    assert isinstance(crowded, VenueRateLimited)
    assert isinstance(refused, VenueRefused)
    assert refused.metadata["status"] == "422"
