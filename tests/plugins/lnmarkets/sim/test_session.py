"""A session of the stream ends quietly, whichever of its parts finds out first."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.websockets import WebSocket
from tests.plugins.lnmarkets.sim.kit import SETTINGS

from axisor_lnmarkets.sim.auth import ApiKey
from axisor_lnmarkets.sim.stream import MOST_MESSAGE, Session
from axisor_lnmarkets.sim.world import World
from axisor_server.adapters.memory import VirtualClock

TOPIC = "futures/inverse/btc_usd/isolated/trades"


async def test_an_event_while_the_line_is_being_closed_is_no_fault():
    said: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "x" * (MOST_MESSAGE + 1)},
    ]
    closing, for_ever = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        return said.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "websocket.close":
            closing.set()
            await for_ever.wait()

    socket = WebSocket({"type": "websocket"}, receive, send)
    await socket.accept()
    session = Session(
        socket,
        World(SETTINGS, VirtualClock()),
        ApiKey(SETTINGS.key, SETTINGS.secret, SETTINGS.passphrase),
        limited=False,
        may_authenticate=lambda: True,
    )
    session.topics.add(TOPIC)
    running = asyncio.create_task(session.run())
    await closing.wait()

    session.push(TOPIC, b"{}")
    await running

    assert not said
