"""What an earlier system of this kind did wrong about callers, and is not done here.

Two of the spots are about browsers. There is no web bridge yet, so what can be proved is that a
browser gets nowhere: the core speaks no protocol of theirs, reads no cookie, and allows no origin.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.server.rpc.serving import TOKEN, Served, bearer, creation
from tests.server.rpc.test_people import client, enter, join
from tests.support.frames import Frames, context, frames

from axisor.errors import PermissionDenied

CREATE = "/axisor.v1.AccountService/CreateAccount"
EVIL = "https://evil.example"
HTTP_1 = (
    b"OPTIONS %s HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
    b"Access-Control-Request-Method: POST\r\n\r\n",
    b"POST %s HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n"
    b"Content-Type: application/grpc-web+proto\r\nContent-Length: 0\r\n"
    b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
)


async def said(core: Served, request: bytes) -> bytes:
    """Return all that the core says to a request of HTTP/1.1 before it hangs up."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            core.port,
            ssl=context(core.certificate, "http/1.1"),
            server_hostname="127.0.0.1",
        )
    except OSError:
        return b""  # not even a handshake
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    except OSError:
        return b""
    finally:
        writer.transport.abort()


async def asked(line: Frames, message: bytes, **headers: str) -> dict[str, str]:
    """Return what the core answers a request of a browser with, as headers."""
    number = line.open(CREATE, origin=EVIL, sec_fetch_site="cross-site", **headers)
    line.send(number, message)
    await line.flush()
    assert await line.until(lambda: line.ended(number) or line.closed)
    return line.headers(number)


def allows(headers: dict[str, str]) -> list[str]:
    return [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("request_", HTTP_1, ids=["preflight", "grpc-web", "websocket"])
async def test_weak_spot_15_a_browsers_protocol_is_not_spoken(core: Served, request_: bytes):
    answer = await said(core, request_ % CREATE.encode())

    assert b"access-control" not in answer.lower()
    assert b" 101 " not in answer
    assert b" 200 " not in answer
    assert not await core.accounts()


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
async def test_weak_spot_15_no_origin_is_ever_allowed(core: Served, method: str):
    async with frames(core.port, core.certificate) as line:
        answer = await asked(
            line, creation().SerializeToString(), method=method, content_type="text/plain"
        )

    assert allows(answer) == []
    assert not await core.accounts()


@pytest.mark.parametrize(
    "content", ["text/plain", "application/grpc", "application/grpc-web+proto"]
)
async def test_weak_spot_17_no_cookie_stands_for_a_caller(core: Served, content: str):
    message = creation().SerializeToString()
    ambient: dict[str, Any] = {"cookie": f"authorization={TOKEN}; sid={TOKEN}"}
    async with frames(core.port, core.certificate) as line:
        answer = await asked(line, message, content_type=content, **ambient)

    assert answer.get("grpc-status") != "0"
    assert allows(answer) == []
    assert not await core.accounts()


async def test_weak_spot_17_whoever_calls_is_asked_for_a_token_whatever_else_they_send(
    core: Served,
):
    message = creation().SerializeToString()
    async with frames(core.port, core.certificate) as line:
        wrong = await asked(line, message, authorization="Basic b3duZXI6b3duZXI=")
        without = await asked(line, message)
        right = await asked(line, message, **dict(bearer()))

    assert (wrong["grpc-status"], without["grpc-status"]) == ("16", "16")
    assert right["grpc-status"] == "0", "the same request counts with a token"
    assert len(await core.accounts()) == 1


async def test_weak_spot_18_an_administrator_is_who_the_record_says_and_no_claim_helps(
    core: Served,
):
    await join(core)  # the first owns the core
    await join(core, "ben@example.org")
    ben = await enter(core, "ben@example.org")

    async with client(core, ben.access) as calls:
        with pytest.raises(PermissionDenied):
            await calls.users.list()
        with pytest.raises(PermissionDenied):
            await calls.system.settings()
    header, claims, signature = ben.access.reveal().split(".")
    for forged in (f"{header}.{claims}.", f"{header}.{claims[:-2]}AA.{signature}"):
        async with client(core, forged) as calls:
            with pytest.raises(Exception, match="token"):
                await calls.users.list()
