"""Readers of a bridge that read everything, and hold it against what must come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import websockets


class Browsing:
    """One reader of a journal: how far it is, and what it should not have seen."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.last = 0
        self.events = 0
        self.wrong: list[str] = []

    def take(self, frame: dict[str, object]) -> None:
        """Take a frame as the contract has it in JSON."""
        events = frame.get("events", ())
        assert isinstance(events, list | tuple)
        for each in events:
            sequence = int(each["sequence"])
            if self.last and sequence != self.last + 1:
                self.wrong.append(f"{self.name}: event {sequence} came after {self.last}")
            self.last = sequence
            self.events += 1

    async def by_events(self, client: httpx.AsyncClient, path: str) -> None:
        """Follow Server-Sent Events until cancelled."""
        async for kind, text, _ in told(client, path):
            if kind == "events":
                self.take(json.loads(text))
            elif kind == "refused":
                self.wrong.append(f"{self.name}: {text}")

    async def by_page(self, client: httpx.AsyncClient, path: str) -> None:
        """Follow the stream of an open page until cancelled: it tells how far it is."""
        async for kind, text, id in told(client, path):
            if kind == "paint" and id:
                self.last = max(self.last, int(id))
                self.events += 1
            elif kind in ("refused", "lost"):
                self.wrong.append(f"{self.name}: {kind}: {text}")

    async def by_socket(self, origin: str, watch: str, token: str) -> None:
        """Follow a WebSocket until cancelled."""
        address = origin.replace("http", "ws", 1) + "/v1/ws"
        async with websockets.connect(address, proxy=None) as socket:
            await socket.send(json.dumps({"token": token}))
            await socket.send(json.dumps({"id": "a", "watch": watch}))
            async for text in socket:
                said = json.loads(text)
                if "frame" in said:
                    self.take(said["frame"])
                else:
                    self.wrong.append(f"{self.name}: {text!r}")


async def told(client: httpx.AsyncClient, path: str) -> AsyncIterator[tuple[str, str, str]]:
    """Give kind, data and id of each event, as a browser takes them apart."""
    accept = {"accept": "text/event-stream"}
    async with client.stream("GET", path, headers=accept, timeout=None) as answer:
        answer.raise_for_status()
        found: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                found[name] = value
            elif found:
                yield found.get("event", ""), found.get("data", ""), found.get("id", "")
                found = {}
