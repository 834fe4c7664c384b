"""What was said to an exchange is said again, by HTTP and by WebSockets, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect

from axisor.testing.cassettes import CassetteMismatch, CassetteUnsafe, Played, cassette
from axisor.testing.cassettes.serving import serving
from tests.sdk.testing.cassettes.exchange import Shop

SECRET = "a-secret-of-the-test"
TIMEOUT_S = 30.0


@asynccontextmanager
async def shop() -> AsyncIterator[str]:
    """Serve an exchange."""
    async with serving(Shop()) as url:
        yield url


async def recorded(file: Path, talk: Any, **how: Any) -> Any:
    """Record a conversation and return what it came to."""
    async with cassette(file, shop, record=True, **how) as played:
        return await talk(played)


async def replayed(file: Path, talk: Any, **how: Any) -> Any:
    """Play it again."""
    async with cassette(file, "", **how) as played:
        return await talk(played)


async def look(client: httpx.AsyncClient, played: Played) -> Any:
    return (await client.get(f"{played.url}/orders?limit=5&timestamp=1")).text


async def order(client: httpx.AsyncClient, played: Played, size: int = 1) -> Any:
    return (await client.post(f"{played.url}/orders", json={"size": size})).text


async def trade(played: Played) -> list[str]:
    """Look, order, look twice."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        found = [await look(client, played), await order(client, played)]
        return [*found, await look(client, played), await look(client, played)]


async def test_requests_get_the_answers_of_then(tmp_path: Path) -> None:
    then = await recorded(tmp_path / "c.jsonl", trade)

    assert await replayed(tmp_path / "c.jsonl", trade) == then
    assert [json.loads(each)["orders"] for each in then] == [0, 1, 1, 1]


async def test_a_state_is_read_as_often_as_a_plugin_likes(tmp_path: Path) -> None:
    await recorded(tmp_path / "c.jsonl", trade)

    async def patient(played: Played) -> list[int]:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            before = [await look(client, played) for _ in range(3)]
            await order(client, played)
            after = [await look(client, played) for _ in range(4)]
        return [json.loads(each)["orders"] for each in (*before, *after)]

    assert await replayed(tmp_path / "c.jsonl", patient) == [0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("size", [2, 3])
async def test_another_order_is_found_out(tmp_path: Path, size: int) -> None:
    await recorded(tmp_path / "c.jsonl", trade)

    async def otherwise(played: Played) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            await order(client, played, size)

    with pytest.raises(CassetteMismatch) as caught:
        await replayed(tmp_path / "c.jsonl", otherwise)
    assert f'POST /orders  {{"size":{size}}}' in str(caught.value)
    assert "no longer asks for POST /orders" in str(caught.value)


async def subscribe(played: Played, ids: tuple[Any, Any] = ("a", "b")) -> list[Any]:
    """Say hello and subscribe, each under an id; return what was heard."""
    url = played.url.replace("http", "ws", 1) + "/stream"
    async with connect(url, proxy=None) as line:
        heard = []
        for id, method, answers in ((ids[0], "hello", 1), (ids[1], "subscribe", 4)):
            await line.send(json.dumps({"id": id, "method": method, "nonce": str(id) * 9}))
            heard += [json.loads(await line.recv()) for _ in range(answers)]
        return heard


async def test_a_websocket_says_the_same_under_the_ids_of_now(tmp_path: Path) -> None:
    then = await recorded(tmp_path / "c.jsonl", subscribe)

    now = await replayed(tmp_path / "c.jsonl", lambda played: subscribe(played, (71, "z")))

    prices = [{"price": 1}, {"price": 2}, {"price": 3}]
    assert then == [{"id": "a", "result": "hello"}, {"id": "b", "result": "subscribe"}, *prices]
    assert now == [{"id": 71, "result": "hello"}, {"id": "z", "result": "subscribe"}, *prices]


async def test_a_websocket_that_is_opened_again_begins_anew(tmp_path: Path) -> None:
    await recorded(tmp_path / "c.jsonl", subscribe)

    async def twice(played: Played) -> tuple[Any, Any]:
        return await subscribe(played), await subscribe(played)

    first, second = await replayed(tmp_path / "c.jsonl", twice)
    assert first == second


async def test_what_a_plugin_says_once_more_is_answered_once_more(tmp_path: Path) -> None:
    await recorded(tmp_path / "c.jsonl", subscribe)

    async def again(played: Played) -> Any:
        url = played.url.replace("http", "ws", 1) + "/stream"
        async with connect(url, proxy=None) as line:
            heard = []
            for id in (1, 2):
                await line.send(json.dumps({"id": id, "method": "hello", "nonce": "n"}))
                heard.append(json.loads(await line.recv()))
            return heard

    assert await replayed(tmp_path / "c.jsonl", again) == [
        {"id": 1, "result": "hello"},
        {"id": 2, "result": "hello"},
    ]


async def leave(played: Played) -> int:
    """Say bye and return the code that the exchange closes with."""
    url = played.url.replace("http", "ws", 1) + "/stream"
    async with connect(url, proxy=None) as line:
        await line.send(json.dumps({"id": 1, "method": "bye"}))
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await line.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def test_an_exchange_that_hangs_up_does_so_again(tmp_path: Path) -> None:
    assert await recorded(tmp_path / "c.jsonl", leave) == 1001
    assert await replayed(tmp_path / "c.jsonl", leave) == 1001


async def test_what_was_never_said_on_a_websocket_is_found_out(tmp_path: Path) -> None:
    await recorded(tmp_path / "c.jsonl", subscribe)

    with pytest.raises(CassetteMismatch, match="which is not in the cassette"):
        await replayed(tmp_path / "c.jsonl", leave_unheard)


async def leave_unheard(played: Played) -> None:
    """Say bye to an exchange that does not know the word."""
    url = played.url.replace("http", "ws", 1) + "/stream"
    async with connect(url, proxy=None) as line:
        await line.send(json.dumps({"id": 1, "method": "bye"}))
        await line.send(json.dumps({"id": 2, "method": "hello", "nonce": "n"}))
        await line.recv()


async def sign_in(played: Played) -> Any:
    """Send secrets where they usually are, and some where they are not."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        headers = {"x-api-key": SECRET, "x-echo": "fine"}
        body = {"signature": "sig-of-now-123", "text": f"I am {SECRET}"}
        found = await client.post(f"{played.url}/echo", json=body, headers=headers)
        form = {"password": "pass-of-now-1", "size": "1"}
        await client.post(f"{played.url}/orders?token=tok-of-now-1", data=form)
        return found.json()


async def test_secrets_are_taken_out_and_the_plugin_has_them_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    then = await recorded(file, sign_in, secrets=[SECRET])

    text = file.read_text()
    assert SECRET in then["text"]
    for secret in (SECRET, "sig-of-now", "pass-of-now", "tok-of-now", "x-api-key", "machine-7"):
        assert secret not in text
    assert (await replayed(file, sign_in, secrets=[SECRET]))["header"] == "fine"


async def test_a_secret_of_a_header_that_comes_back_is_never_written(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text("what was there")

    async def echo(played: Played) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            await client.get(f"{played.url}/echo", headers={"x-echo": "unknown-secret-9"})

    with pytest.raises(CassetteUnsafe, match="16 characters") as caught:
        await recorded(file, echo)

    assert "unknown-secret-9" not in str(caught.value)
    assert file.read_text() == "what was there"
    assert [each.name for each in tmp_path.iterdir()] == ["c.jsonl"]


async def test_what_is_no_text_is_not_written(tmp_path: Path) -> None:
    async def see(played: Played) -> bytes:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            return (await client.get(f"{played.url}/picture")).content

    with pytest.raises(CassetteUnsafe, match="no text"):
        await recorded(tmp_path / "c.jsonl", see)

    assert not (tmp_path / "c.jsonl").exists()


async def test_a_test_that_fails_writes_nothing(tmp_path: Path) -> None:
    async def fail(played: Played) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await recorded(tmp_path / "c.jsonl", fail)

    assert not (tmp_path / "c.jsonl").exists()


async def test_without_a_cassette_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="plugin test --record"):
        await replayed(tmp_path / "none.jsonl", trade)


async def test_its_clock_stands_where_it_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    await recorded(file, trade)
    head, *rest = file.read_text().splitlines()
    old = json.loads(head) | {"time": "2020-01-02T03:04:05Z"}
    file.write_text("\n".join([json.dumps(old), *rest]))

    async def now(played: Played) -> str:
        await trade(played)
        return played.clock.now().isoformat()

    assert (await replayed(file, now)).startswith("2020-01-02T03:04")
