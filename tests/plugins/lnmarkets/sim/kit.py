"""A clock that stands until it is moved, and a signing client, for tests of the simulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from axisor.ports import Secret
from axisor_lnmarkets.sim import Settings, Simulator, serve
from axisor_lnmarkets.sim.auth import signature

START = datetime(2026, 10, 1, 7, 59, 0, tzinfo=UTC)
TOKEN = "control"
SETTINGS = Settings(
    key="key",
    secret=Secret("secret"),
    passphrase=Secret("phrase"),
    balance=1_000_000,
    control_token=Secret(TOKEN),
    rate_limit=False,
)


class FixedClock:
    """Transport time that moves only when the test says so; sleepers wake when it gets there."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._ms = 0
        self._sleepers: list[tuple[int, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._start + timedelta(milliseconds=self._ms)

    def monotonic_ms(self) -> int:
        return self._ms

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self._ms + round(seconds * 1000), awake))
        await awake.wait()

    def move(self, seconds: float) -> None:
        self._ms += round(seconds * 1000)
        for due, awake in self._sleepers:
            if due <= self._ms:
                awake.set()
        self._sleepers = [(due, awake) for due, awake in self._sleepers if due > self._ms]

    async def until_asleep(self, seconds: float) -> None:
        """Let other tasks run until one of them sleeps for about this long."""
        wanted = self._ms + round(seconds * 1000)
        while all(abs(due - wanted) > 1 for due, _ in self._sleepers):
            await asyncio.sleep(0)


class Trader:
    """Sends signed requests to a simulator."""

    def __init__(self, sim: Simulator, clock: FixedClock, http: httpx.AsyncClient) -> None:
        self.sim = sim
        self.clock = clock
        self.http = http

    async def send(
        self, method: str, path: str, body: Any = None, query: str = ""
    ) -> httpx.Response:
        """Send a signed request to a path below /v3."""
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        target = f"/v3{path}" + (f"?{query}" if query else "")
        headers = self.headers(method, f"/v3{path}", content, query)
        return await self.http.request(method, target, content=content, headers=headers)

    async def ok(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        """Send a signed request that must succeed; return its JSON, decimals exact."""
        answer = await self.send(method, path, body, query)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def headers(
        self, method: str, path: str, content: bytes = b"", query: str = "", **changed: str
    ) -> dict[str, str]:
        """Return the headers of a request; keywords replace parts after signing."""
        stamp = str(int(self.clock.now().timestamp() * 1000))
        stamp = changed.get("signed_stamp", stamp)
        data = content or (f"?{query}".encode() if query else b"")
        payload = stamp.encode() + method.lower().encode() + path.encode() + data
        headers = {
            "lnm-access-key": "key",
            "lnm-access-passphrase": "phrase",
            "lnm-access-timestamp": stamp,
            "lnm-access-signature": signature(SETTINGS.secret, payload),
        }
        return {
            name: changed.get(name.removeprefix("lnm-access-"), headers[name]) for name in headers
        }

    async def long(self, **changed: Any) -> Any:
        """Open a long of 1,000 dollars at 10x."""
        body = {"type": "market", "side": "buy", "leverage": 10, "quantity": 1000, **changed}
        return await self.ok("POST", "/futures/isolated/trade", body)

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call the control interface."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        content = b"" if body is None else json.dumps(body).encode()
        return await self.http.request(method, f"/sim/{path}", content=content, headers=headers)


@asynccontextmanager
async def trading(settings: Settings = SETTINGS) -> AsyncIterator[Trader]:
    """Run a simulator on a fixed clock, with a client for it."""
    clock = FixedClock()
    async with (
        serve(settings, clock) as sim,
        httpx.AsyncClient(base_url=sim.url, trust_env=False) as http,
    ):
        yield Trader(sim, clock, http)
