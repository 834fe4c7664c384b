"""Streams over HTTP and sockets: in order, resumed after what was read, ended with a reason."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from axisor_web.serving import Served as Bridge
from axisor_web.sessions import COOKIE, Tokens
from tests.server.rpc.serving import READER, TOKEN, Served


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Read Server-Sent Events as a browser does."""
    told: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            told[name] = value
        else:
            yield told
            told = {}


async def some(
    client: httpx.AsyncClient, path: str, count: int, **headers: str
) -> list[dict[str, str]]:
    """Return the first events that are no `retry`."""
    accept = {"accept": "text/event-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
    found: list[dict[str, str]] = []
    async with client.stream("GET", path, headers=accept) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for told in events(answer):
            if "data" in told:
                found.append(told)
            if len(found) == count:
                break
    return found


def sequences(told: list[dict[str, str]]) -> list[int]:
    """Return the sequences of journal entries in events."""
    frames = [json.loads(each["data"]) for each in told if each.get("event") == "events"]
    return [int(event["sequence"]) for frame in frames for event in frame["events"]]


async def test_a_stream_begins_with_the_present_and_its_id_is_where_to_go_on(
    owner: httpx.AsyncClient, account: str, core: Served
):
    (first,) = await some(owner, f"/v1/{account}/events:watch", 1)

    assert first["event"] == "snapshot"
    assert int(first["id"]) == await core.head(account)


async def test_who_comes_back_gets_what_follows_and_nothing_twice(
    owner: httpx.AsyncClient, account: str, core: Served
):
    path = f"/v1/{account}/events:watch?afterSequence=0"
    await core.noise(account, 6)
    before = await some(owner, path, 1)
    await core.noise(account, 4)

    after = await some(owner, path, 1, last_event_id=before[-1]["id"])

    assert sequences(before + after) == list(range(1, sequences(after)[-1] + 1))


async def test_the_last_id_counts_more_than_where_the_page_once_began(
    owner: httpx.AsyncClient, account: str, core: Served
):
    await core.noise(account, 5)

    told = await some(owner, f"/v1/{account}/events:watch?afterSequence=1", 1, last_event_id="3")

    assert sequences(told)[0] == 4


async def test_an_id_that_is_none_is_refused(owner: httpx.AsyncClient, account: str):
    headers = {"accept": "text/event-stream", "last-event-id": "-3"}

    answer = await owner.get(f"/v1/{account}/events:watch", headers=headers)

    assert answer.status_code == 400


async def test_a_refusal_is_an_event_with_its_reason(anyone: httpx.AsyncClient, account: str):
    (told,) = await some(anyone, f"/v1/{account}/events:watch", 1)

    assert told["event"] == "refused"
    assert json.loads(told["data"])["status"] == "UNAUTHENTICATED"


async def test_programs_get_lines_of_json(owner: httpx.AsyncClient, account: str):
    async with owner.stream("GET", f"/v1/{account}/events:watch?afterSequence=0") as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        line = await anext(answer.aiter_lines())

    assert json.loads(line)["result"]["events"][0]["sequence"] == "1"


async def test_a_reader_who_leaves_is_forgotten(
    owner: httpx.AsyncClient, account: str, core: Served
):
    for _ in range(5):
        await some(owner, f"/v1/{account}/events:watch", 1)

    await core.until_watchers(0)
    assert core.house.hub.watchers == 0


@pytest.fixture
async def socket(bridge: Bridge) -> AsyncIterator[ClientConnection]:
    """Open a socket and say who calls."""
    async with websockets.connect(address(bridge), proxy=None) as opened:
        await opened.send(json.dumps({"token": TOKEN}))
        yield opened


def address(bridge: Bridge) -> str:
    """Return where a bridge's sockets are."""
    return bridge.origin.replace("http", "ws") + "/v1/ws"


async def heard(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message."""
    return dict(json.loads(await socket.recv()))


async def test_one_socket_carries_several_streams_each_by_its_id(
    socket: ClientConnection, account: str
):
    watch = f"/v1/{account}/events:watch"
    await socket.send(json.dumps({"id": "a", "watch": watch, "after": "0"}))
    await socket.send(json.dumps({"id": "b", "watch": f"/v1/{account}/positions:watch"}))

    told = {found["id"]: found for found in [await heard(socket), await heard(socket)]}

    assert told["a"]["frame"]["events"][0]["sequence"] == "1"
    assert "snapshot" in told["b"]["frame"]
    assert int(told["b"]["after"]) >= 1


async def test_a_stream_on_a_socket_goes_on_after_what_was_read(
    socket: ClientConnection, account: str, core: Served
):
    await core.noise(account, 5)

    await socket.send(json.dumps({"id": "a", "watch": f"/v1/{account}/events:watch", "after": "3"}))

    assert (await heard(socket))["frame"]["events"][0]["sequence"] == "4"


async def test_a_stream_that_was_stopped_is_silent_and_its_id_is_free(
    socket: ClientConnection, account: str, core: Served
):
    ask = {"id": "a", "watch": f"/v1/{account}/events:watch", "after": "0"}
    await socket.send(json.dumps(ask))
    await heard(socket)
    await socket.send(json.dumps({"id": "a", "stop": True}))
    await core.until_watchers(0)

    await socket.send(json.dumps(ask))

    assert (await heard(socket))["frame"]["events"][0]["sequence"] == "1"


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[]",
        '{"watch": "/v1/accounts/a/events:watch"}',
        '{"id": "a"}',
        '{"id": "a", "watch": "/v1/x", "stop": true}',
        '{"id": "a", "watch": "/v1/x", "more": 1}',
        '{"id": 5, "watch": "/v1/x"}',
    ],
)
async def test_a_message_that_makes_no_sense_ends_the_socket_with_a_reason(
    socket: ClientConnection, said: str
):
    await socket.send(said)

    told = await heard(socket)

    assert told["error"]["status"] == "INVALID_ARGUMENT"
    with pytest.raises(websockets.ConnectionClosed) as caught:
        await socket.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4400


async def test_a_path_that_is_no_stream_is_refused_and_the_socket_goes_on(
    socket: ClientConnection, account: str
):
    await socket.send(json.dumps({"id": "a", "watch": f"/v1/{account}/positions"}))
    assert (await heard(socket))["error"]["status"] == "INVALID_ARGUMENT"

    await socket.send(json.dumps({"id": "b", "watch": f"/v1/{account}/events:watch"}))
    assert (await heard(socket))["id"] == "b"


async def test_a_seventeenth_stream_is_refused_and_the_others_go_on(
    socket: ClientConnection, account: str
):
    for number in range(17):
        await socket.send(json.dumps({"id": str(number), "watch": f"/v1/{account}/events:watch"}))

    told = [await heard(socket) for _ in range(17)]

    refused = [each for each in told if "error" in each]
    assert [each["id"] for each in refused] == ["16"]
    assert refused[0]["error"]["status"] == "RESOURCE_EXHAUSTED"


async def test_a_socket_without_a_token_is_closed(bridge: Bridge):
    async with websockets.connect(address(bridge), proxy=None) as opened:
        await opened.send(json.dumps({"id": "a", "watch": "/v1/accounts/a/events:watch"}))
        await opened.recv()
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await opened.recv()

    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


async def test_a_token_without_the_right_gets_the_core_s_own_refusal(
    bridge: Bridge, account: str, core: Served
):
    core.guests.known.pop(READER)
    async with websockets.connect(address(bridge), proxy=None) as opened:
        await opened.send(json.dumps({"token": READER}))
        await opened.send(json.dumps({"id": "a", "watch": f"/v1/{account}/events:watch"}))
        told = await heard(opened)

    assert told["error"]["status"] == "UNAUTHENTICATED"


async def test_a_page_of_another_origin_cannot_use_a_visitor_s_cookie(
    bridge: Bridge, owner_cookie: str, account: str
):
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(
            address(bridge),
            proxy=None,
            origin="https://evil.example",  # type: ignore[arg-type]
            additional_headers={"cookie": owner_cookie},
        ):
            pass


async def test_our_own_page_needs_no_token_on_a_socket(
    bridge: Bridge, owner_cookie: str, account: str
):
    async with websockets.connect(
        address(bridge),
        proxy=None,
        origin=bridge.origin,  # type: ignore[arg-type]
        additional_headers={"cookie": owner_cookie},
    ) as opened:
        await opened.send(json.dumps({"id": "a", "watch": f"/v1/{account}/events:watch"}))
        assert "snapshot" in (await heard(opened))["frame"]


@pytest.fixture
def owner_cookie(bridge: Bridge) -> str:
    """Return the cookie of a session of the owner's."""
    from axisor.ports import Secret

    cookie, _ = bridge.sessions.begin(Tokens(Secret(TOKEN)))
    return f"{COOKIE}={cookie}"
