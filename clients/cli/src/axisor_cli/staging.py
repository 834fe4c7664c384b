"""The stage of the demo: a simulator, a core, two twins, and what the core says of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from axisor.client import Client
from axisor.errors import AxisorError
from axisor.events import RunState
from axisor.model import Position, Side
from axisor_cli.narration import Narrator, Result
from axisor_cli.processes import Process
from axisor_cli.rigging import START_S, Market, Rig

QUANTITY = 2_500
LEVERAGE = 25
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
        wishes = self._wishes
        market = Market(
            scenario=wishes.scenario,
            seed=wishes.seed,
            balance=wishes.balance,
            speed=wishes.speed,
        )
        async with Rig(self._folder, market) as rig:
            narrator = await self._set(rig)
            screen = self._console(rig) if console else None
            await self._run(rig, narrator, screen)
            return await narrator.result(rig.client)

    async def _set(self, rig: Rig) -> Narrator:
        """Add the account, open the twins, and arm a guard for one of them."""
        wishes, client = self._wishes, rig.client
        account = await rig.add_account("demo")
        self._say(
            f"axisor demo   SIM - simulated exchange, play money, no network\n"
            f" 0.0s  account {wishes.balance:,} sat · scenario {wishes.scenario} · "
            f"seed {wishes.seed} · speed {wishes.speed.removesuffix('.0')}x"
        )
        twins = [await self._open(client, account, name) for name in ("A", "B")]
        narrator = Narrator(account, *twins, say=self._say)
        config = {
            "scope": "listed",
            "positions": [twins[0].id],
            "trigger": str(wishes.trigger),
            "target": str(wishes.target),
            "budget_position": wishes.budget,
        }
        made = await client.strategies.create_run(
            account, "margin-guard", config=json.dumps(config), label="demo"
        )
        started = await client.strategies.start_run(account, made.run.id)
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

    def _console(self, rig: Rig) -> Process:
        options = ("--data-dir", str(rig.data_dir))
        return Process("console", options=options, on_terminal=True)

    async def _run(self, rig: Rig, narrator: Narrator, screen: Process | None) -> None:
        """Let the market go and listen until it is over, and the person has seen enough."""
        length = await rig.length()
        listening = asyncio.create_task(narrator.listen(rig.client, length))
        await narrator.ready.wait()
        await rig.go()
        if screen is not None:
            async with screen:
                await screen.finished()
        async with asyncio.timeout(length / float(self._wishes.speed) * 2 + START_S):
            await listening
        # A core polls what is not in danger at its leisure; the end of a twin is asked for.
        await rig.client.accounts.reconcile(narrator.account)
        await asyncio.sleep(AFTER_S)
        await narrator.stop()
