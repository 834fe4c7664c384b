"""The stage of the demo: a simulator, a core, two twins, and what the core says of them."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct

from axisor.client import Client, Profile
from axisor.errors import AxisorError, SettingsInvalid
from axisor.events import RunState
from axisor.model import Mode, Position, Side
from axisor.ports import Credentials, Secret
from axisor.wire.failures import CoreUnreachable
from axisor_cli.narration import Narrator, Result
from axisor_cli.processes import Process

QUANTITY = 2_500
LEVERAGE = 25
START_S = 30.0
"""A process that says nothing for this long has failed."""

AFTER_S = 1.5
"""How long to go on watching, in seconds of the market's end, for the last word to arrive."""


class Wishes(Struct, frozen=True, kw_only=True):
    """What the demo was asked to show. Percentages are in percent, amounts in sats."""

    scenario: str
    seed: int
    trigger: Decimal
    target: Decimal
    budget: int
    balance: int
    speed: str


class Stage:
    """Builds everything up, plays the scenario, and takes everything down."""

    def __init__(self, folder: Path, wishes: Wishes, say: Callable[[str], None]) -> None:
        self._folder, self._wishes, self._say = folder, wishes, say

    async def play(self, *, console: bool) -> Result:
        """Play the whole and return how it ended."""
        key, secret, passphrase = (secrets.token_hex(16) for _ in range(3))
        async with (
            Process("sim", "serve", *self._sim(key), inputs=(secret, passphrase)) as sim,
            Process("up", *self._up(), log=self._folder / "core.log") as core,
        ):
            url = json.loads(await sim.first_line(START_S))["url"]
            profile = await self._ready(core)
            async with Client.connect(profile) as client:
                credentials = Credentials(Secret(key), Secret(secret), Secret(passphrase))
                narrator = await self._set(client, url, credentials)
                screen = self._console() if console else None
                await self._run(client, narrator, url, screen)
                return await narrator.result(client)

    def _sim(self, key: str) -> list[str]:
        wishes = self._wishes
        return [
            *("--listen", "127.0.0.1:0", "--key", key, "--secret", "-", "--passphrase", "-"),
            *("--balance", str(wishes.balance), "--speed", wishes.speed, "--hold"),
            *("--scenario", wishes.scenario, "--seed", str(wishes.seed)),
        ]

    def _up(self) -> list[str]:
        data = str(self._folder / "core")
        return ["--data-dir", data, "--listen", "127.0.0.1:0", "--max-mode", "sim"]

    async def _ready(self, core: Process) -> Profile:
        """Wait until the core has written where it listens and answers there."""
        directory = self._folder / "core"
        for _ in range(int(START_S * 10)):
            if core.ended:
                raise CoreUnreachable(f"The core did not start: {core.last_words()}")
            try:
                profile = Profile.from_data_dir(directory)
            except SettingsInvalid:
                await asyncio.sleep(0.1)
                continue
            async with Client.connect(profile, timeout_s=START_S) as client:
                await client.system.status()
            return profile
        raise CoreUnreachable("The core did not start in time.")

    async def _set(self, client: Client, url: str, credentials: Credentials) -> Narrator:
        """Add the account, open the twins, and arm a guard for one of them."""
        wishes = self._wishes
        account = await client.accounts.create(
            venue="lnmarkets",
            network="sim",
            mode=Mode.SIM,
            label="demo",
            base_url=url,
            credentials=credentials,
        )
        self._say(
            f"axisor demo   SIM - simulated exchange, play money, no network\n"
            f" 0.0s  account {wishes.balance:,} sat · scenario {wishes.scenario} · "
            f"seed {wishes.seed} · speed {wishes.speed.removesuffix('.0')}x"
        )
        twins = [await self._open(client, account.id, name) for name in ("A", "B")]
        narrator = Narrator(account.id, *twins, say=self._say)
        config = {
            "scope": "listed",
            "positions": [twins[0].id],
            "trigger": str(wishes.trigger),
            "target": str(wishes.target),
            "budget_position": wishes.budget,
        }
        made = await client.strategies.create_run(
            account.id, "margin-guard", config=json.dumps(config), label="demo"
        )
        started = await client.strategies.start_run(account.id, made.run.id)
        if started.run.state not in (RunState.RUNNING, RunState.STARTING):
            raise AxisorError(f"The guard is {started.run.state.value}: {started.run.reason}")
        return narrator

    async def _open(self, client: Client, account: str, name: str) -> Position:
        placed = await client.orders.place(
            account, Side.BUY, quantity=QUANTITY, leverage=LEVERAGE, client_id=name
        )
        if placed.position is not None:
            return placed.position.position
        # The answer can come before the account was read again; the list has it a moment later.
        for _ in range(50):
            for report in (await client.margin.list_positions(account)).items:
                if report.position.client_id == name:
                    return report.position
            await asyncio.sleep(0.1)
        raise AxisorError(f"The position {name} was placed and is not listed.")

    def _console(self) -> Process:
        options = ("--data-dir", str(self._folder / "core"))
        return Process("console", options=options, on_terminal=True)

    async def _run(
        self, client: Client, narrator: Narrator, url: str, screen: Process | None
    ) -> None:
        """Let the market go and listen until it is over, and the person has seen enough."""
        length = await self._length()
        listening = asyncio.create_task(narrator.listen(client, length))
        await narrator.ready.wait()
        go = Process("sim", "clock", "go", "--connect", url)
        async with go:
            await go.finished()
        if screen is not None:
            async with screen:
                await screen.finished()
        async with asyncio.timeout(length / float(self._wishes.speed) * 2 + START_S):
            await listening
        # A core polls what is not in danger at its leisure; the end of a twin is asked for.
        await client.accounts.reconcile(narrator.account)
        await asyncio.sleep(AFTER_S)
        await narrator.stop()

    async def _length(self) -> float:
        """Return how long the scenario lasts, in seconds of market time."""
        scenarios = Process("sim", "scenarios", "-o", "json")
        async with scenarios:
            rows: list[dict[str, Any]] = json.loads(await scenarios.output())
        for row in rows:
            if row["name"] == self._wishes.scenario:
                return float(row["seconds"])
        names = ", ".join(row["name"] for row in rows)
        raise SettingsInvalid(f"There is no scenario {self._wishes.scenario}; there are {names}.")
