"""Steers a simulated venue over one connection, and makes its answers go wrong by a seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
from tests.support.processes import Simulator, simulator

from axisor_lnmarkets.sim.running import find

BALANCE = 10**10
PRICE = Decimal(100_000)
SAFE = Decimal("0.985")
"""A price this much lower must still be above every liquidation."""

UNBOUND = {
    "AXISOR_DOUBT__ATTEMPTS_PER_EPISODE": "100",
    "AXISOR_DOUBT__ATTEMPTS_PER_POSITION": "1000",
}
"""Settings of a core whose guard is to act on the same positions again and again."""

PACE = {
    **UNBOUND,
    "AXISOR_VENUE__ACCOUNT_RATE": "1000",
    "AXISOR_VENUE__PUBLIC_RATE": "1000",
    "AXISOR_VENUE__BACK_DATE_MS": "25000",
}
"""Settings of a core at a venue without a rate limit; the doubt about a lost request ends early."""

ADDS = ("lose-response", "lose-request", "late", "status:502", "status-after:502", "status:503")
READS = ("stale", "status:502", "lose-response", "late")
READ_OPERATIONS = ("trades-running", "account", "read")


class Venue:
    """A simulator in a process of its own, with what a trial does to it."""

    def __init__(self, sim: Simulator, http: httpx.AsyncClient) -> None:
        self.sim = sim
        self.price = PRICE
        self._http = http

    @property
    def url(self) -> str:
        """Return its base address."""
        return self.sim.url

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request to its control interface."""
        content = None if body is None else msgspec.json.encode(body)
        answer = await self._http.request(method, f"/sim/{path}", content=content)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content)

    async def fall(self, percent: Decimal) -> None:
        """Let the price fall by a share, to a whole half dollar, in one print.

        It stays where it is while a position is near its end: who is not rescued because of a fault
        is to be rescued later, not lost.
        """
        lower = self.price * (100 - percent) / 100
        running = (await self.call("GET", "state"))["running"]
        if any(lower * SAFE < Decimal(str(trade["liquidation"])) for trade in running):
            return
        self.price = (lower * 2).to_integral_value() / 2
        await self.call("POST", "price", {"action": "set", "price": float(self.price)})

    async def fault(self, operation: str, mode: str, times: int) -> None:
        """Let some requests go wrong."""
        body = {"operation": operation, "mode": mode, "times": times}
        await self.call("POST", "faults", body)

    async def heal(self) -> None:
        """Lift every fault."""
        await self.call("DELETE", "faults")

    async def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        """Return what it accepted."""
        rows: list[dict[str, Any]] = (await self.call("GET", f"ledger?after={after}"))["rows"]
        return rows

    async def arrivals(self) -> list[dict[str, Any]]:
        """Return the changes it was asked for, carried out or not."""
        found: list[dict[str, Any]] = (await self.call("GET", "arrivals"))["arrivals"]
        return found


@asynccontextmanager
async def venue(folder: Path, *options: str) -> AsyncIterator[Venue]:
    """Serve a simulated venue, without a rate limit unless asked, until the block ends."""
    limits = () if "--rate-limit" in options else ("--rate-limit", "off")
    words = ("--funding-rate", "0", *limits, *options)
    async with simulator(folder, *words, balance=BALANCE) as sim:
        running = find(sim.url)
        headers = {"authorization": f"Bearer {running.token}"}
        async with httpx.AsyncClient(
            base_url=sim.url, headers=headers, timeout=10.0, trust_env=False
        ) as http:
            yield Venue(sim, http)


class Swarm:
    """Faults by a seed: each trial has some kinds of them, now and then one or two requests."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._adds = [mode for mode in ADDS if rng.random() < 0.6]
        self._reads = [mode for mode in READS if rng.random() < 0.6]

    async def sting(self, at: Venue) -> None:
        """Put a few faults in force, or none."""
        rng = self._rng
        if self._adds and rng.random() < 0.6:
            mode = rng.choice(self._adds)
            await at.fault("add-margin", self._said(mode), rng.randint(1, 3))
        if self._reads and rng.random() < 0.25:
            mode = rng.choice(self._reads)
            said = self._said(mode, most=1_000)
            await at.fault(rng.choice(READ_OPERATIONS), said, rng.randint(1, 2))

    def _said(self, mode: str, *, most: int = 6_000) -> str:
        if mode not in ("late", "stale"):
            return mode
        return f"{mode}:{self._rng.randint(100, most)}ms"

    def kinds(self) -> Sequence[str]:
        """Return the kinds of fault that this trial has."""
        return (*(f"add {mode}" for mode in self._adds), *(f"read {mode}" for mode in self._reads))
