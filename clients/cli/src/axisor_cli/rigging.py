"""A simulator and a core as processes of their own, in a folder that goes with them."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from axisor.client import Client, Profile
from axisor.errors import SettingsInvalid
from axisor.model import Mode
from axisor.ports import Credentials, Secret
from axisor.wire.failures import CoreUnreachable
from axisor_cli.processes import Process

START_S = 30.0
"""A process that says nothing for this long has failed."""


class Market(Struct, frozen=True, kw_only=True):
    """What is played: a scenario by its seed, how fast, and on how many sats."""

    scenario: str
    seed: int
    balance: int
    speed: str


class Rig:
    """A simulator that stands still at first, and a core; use it as an async context manager.

    `plugins` are enabled in the core; none means its usual ones.
    """

    def __init__(self, folder: Path, market: Market, *, plugins: tuple[str, ...] = ()) -> None:
        self._folder, self._market, self._plugins = folder, market, plugins
        self._key, self._secret, self._passphrase = (secrets.token_hex(16) for _ in range(3))
        self._stack = AsyncExitStack()
        self._client: Client | None = None
        self.url = ""
        self.data_dir = folder / "core"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            given = (self._secret, self._passphrase)
            sim = Process("sim", "serve", *self._sim(), inputs=given)
            await stack.enter_async_context(sim)
            core = Process("up", *self._up(), log=self._folder / "core.log")
            await stack.enter_async_context(core)
            self.url = json.loads(await sim.first_line(START_S))["url"]
            profile = await self._ready(core)
            self._client = await stack.enter_async_context(Client.connect(profile))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def client(self) -> Client:
        """Return the client of the core, which has the owner's token."""
        assert self._client is not None, "a rig is used inside its context"
        return self._client

    def _sim(self) -> list[str]:
        market = self._market
        return [
            *("--listen", "127.0.0.1:0", "--key", self._key, "--secret", "-", "--passphrase", "-"),
            *("--balance", str(market.balance), "--speed", market.speed, "--hold"),
            *("--scenario", market.scenario, "--seed", str(market.seed)),
        ]

    def _up(self) -> list[str]:
        chosen = [word for name in self._plugins for word in ("--plugin", name)]
        where = ["--data-dir", str(self.data_dir), "--listen", "127.0.0.1:0"]
        return [*where, "--max-mode", "sim", *chosen]

    async def _ready(self, core: Process) -> Profile:
        """Wait until the core has written where it listens and answers there."""
        for _ in range(int(START_S * 10)):
            if core.ended:
                raise CoreUnreachable(f"The core did not start: {core.last_words()}")
            try:
                profile = Profile.from_data_dir(self.data_dir)
            except SettingsInvalid:
                await asyncio.sleep(0.1)
                continue
            async with Client.connect(profile, timeout_s=START_S) as client:
                await client.system.status()
            return profile
        raise CoreUnreachable("The core did not start in time.")

    async def add_account(self, label: str) -> str:
        """Add the simulator's account to the core and return its id."""
        keys = Credentials(Secret(self._key), Secret(self._secret), Secret(self._passphrase))
        account = await self.client.accounts.create(
            venue="lnmarkets",
            network="sim",
            mode=Mode.SIM,
            label=label,
            base_url=self.url,
            credentials=keys,
        )
        return account.id

    async def go(self) -> None:
        """Let the market's time run."""
        process = Process("sim", "clock", "go", "--connect", self.url)
        async with process:
            await process.finished()

    async def length(self) -> float:
        """Return how long the scenario lasts, in seconds of market time. Raises SettingsInvalid."""
        scenarios = Process("sim", "scenarios", "-o", "json")
        async with scenarios:
            rows: list[dict[str, Any]] = json.loads(await scenarios.output())
        for row in rows:
            if row["name"] == self._market.scenario:
                return float(row["seconds"])
        names = ", ".join(row["name"] for row in rows)
        raise SettingsInvalid(f"There is no scenario {self._market.scenario}; there are {names}.")
