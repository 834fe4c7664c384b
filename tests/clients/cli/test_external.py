"""The port where a browser is waited for: who is taken for it, and who is sent away."""

from __future__ import annotations

import asyncio

import pytest

from axisor.errors import IdentityRefused
from axisor_cli.external import Door, Returned, door

AWAY = "https://provider.example/authorize?client_id=x&state=the-one"


async def call(opened: Door, text: str) -> str:
    """Send something to the port, and return the first line of its answer."""
    host, port = opened.uri.removeprefix("http://").partition("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(text.encode("latin-1"))
    if writer.can_write_eof():
        writer.write_eof()
    line = (await reader.readline()).decode()
    writer.close()
    return line.strip()


def get(target: str) -> str:
    """Return a request as a browser makes it."""
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def test_the_browser_that_was_sent_away_is_known_by_its_state():
    async with door() as opened:
        waiting = asyncio.create_task(opened.wait("test", AWAY))
        await asyncio.sleep(0)

        answer = await call(opened, get("/back?code=c%2B1&state=the-one&iss=https%3A%2F%2Fp"))

        found = await waiting
    assert answer == "HTTP/1.1 200 OK"
    assert (found.state, found.code.reveal(), found.issuer) == ("the-one", "c+1", "https://p")
    assert isinstance(found, Returned)


@pytest.mark.parametrize(
    "text",
    [
        get("/back?code=c&state=another"),
        get("/back?code=c"),
        get("/back?code=c&state="),
        get("/other?code=c&state=the-one"),
        get("/"),
        get("http://[bad/back?state=the-one"),
        get("/back?" + "&".join(f"a{n}=1" for n in range(40)) + "&state=the-one"),
        "POST /back?code=c&state=the-one HTTP/1.1\r\n\r\n",
        "\xff\xfe\r\n\r\n",
        "x" * 40_000,
        "",
    ],
)
async def test_whoever_else_calls_changes_nothing(text: str):
    async with door() as opened:
        waiting = asyncio.create_task(opened.wait("test", AWAY))
        await asyncio.sleep(0)

        assert await call(opened, text) in ("HTTP/1.1 404 Not Found", "")

        assert not waiting.done()
        await call(opened, get("/back?code=c&state=the-one"))
        assert (await waiting).code.reveal() == "c"


async def test_nobody_is_taken_for_the_browser_before_one_was_sent_away():
    async with door() as opened:
        assert await call(opened, get("/back?code=c&state=")) == "HTTP/1.1 404 Not Found"


async def test_a_refusal_at_the_provider_is_one_here():
    async with door() as opened:
        waiting = asyncio.create_task(opened.wait("test", AWAY))
        await asyncio.sleep(0)
        await call(opened, get("/back?error=access_denied&state=the-one"))

        with pytest.raises(IdentityRefused) as error:
            await waiting
    assert error.value.metadata == {"provider": "test", "cause": "access_denied"}
