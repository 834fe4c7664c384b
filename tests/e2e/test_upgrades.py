"""A stranger's strategy is upgraded from the command line, and rolled back when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from tests.docs import pages
from tests.support.pacers import NAME, everywhere, install
from tests.support.processes import Core, Simulator, add_account, core, simulator, until

from axisor.client import Client
from axisor.states import UpgradeState
from axisor.versions import Upgrade


class Scene:
    """A core with a running pacer, and the command line."""

    def __init__(self, running: Core, client: Client, account: str, run: str) -> None:
        self._core = running
        self._client = client
        self._account = account
        self._run = run

    async def say(self, line: str) -> Any:
        """Say a line of the page; return what it answers."""
        axisor, *words = line.replace("RUN", self._run).split()
        assert axisor == "axisor"
        done = await self._core.cli("-o", "json", *words)
        assert done.code == 0, done
        return done.json

    async def when(self, fits: Callable[[Upgrade], bool]) -> Upgrade:
        """Wait until the upgrade is as it should be."""

        async def upgrade() -> Upgrade:
            return await self._client.strategies.get_upgrade(self._account, self._run)

        async def is_so() -> bool:
            return fits(await upgrade())

        await until(is_so, "the upgrade is as it should be")
        return await upgrade()

    async def goes_on(self, text: str) -> None:
        """Wait until the run tells something."""

        async def tells() -> bool:
            page = await self._client.strategies.list_run_steps(
                self._account, self._run, page_size=1
            )
            return text in str(page.items[0].step.intents)

        await until(tells, f"the run tells {text}")


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Run a venue whose price moves all the time, and a core with one version of the pacer."""
    install(folder, "1.0", text="one", field="seen")
    variables = {"AXISOR_RUNNER__SPAWN": everywhere(folder)}
    async with simulator(folder) as sim, core(folder, variables=variables) as running:
        moving = asyncio.ensure_future(_move(sim))
        try:
            async with running.client() as client:
                account = await add_account(client, sim.url)
                made = await client.strategies.create_run(account, NAME)
                await client.strategies.start_run(account, made.run.id)
                yield Scene(running, client, account, made.run.id)
        finally:
            moving.cancel()


async def _move(sim: Simulator) -> None:
    for price in cycle((100_001, 100_000)):
        await sim.price(price)
        await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_a_run_is_upgraded_and_rolled_back_from_the_command_line(tmp_path: Path) -> None:
    async with scene(tmp_path) as there:
        install(tmp_path, "1.1", text="two", field="ticks")

        start, show, commit = pages.only("upgrades.md", "sh", "you").splitlines()
        begun = await there.say(start)
        await there.when(lambda found: found.compared > 3)
        seen = await there.say(show)
        await there.say(commit)
        over = await there.when(lambda found: not found.standing_by)

        assert begun["state"] == "shadowing"
        assert begun["from"].startswith("1.0+")
        assert begun["to"].startswith("1.1+")
        assert seen["differing"] == seen["compared"]
        assert "one" in seen["differences"][0]["from"]
        assert "two" in seen["differences"][0]["to"]
        assert over.state is UpgradeState.CUT_OVER

        switch = tmp_path / "broken"
        breaks = f"__import__('os').path.exists({str(switch)!r})"
        install(tmp_path, "1.2", text="three", field="seen", breaks=breaks)
        start, cancel = pages.only("upgrades.md", "sh", "later").splitlines()
        await there.say(start)
        await there.when(lambda found: found.compared > 0)
        await there.say(commit)
        switch.touch()
        back = await there.when(lambda found: found.state is not UpgradeState.CUT_OVER)

        assert back.state is UpgradeState.ROLLED_BACK
        assert "this version is broken" in back.reason
        await there.goes_on("two")

        switch.unlink()
        reload = pages.only("upgrades.md", "sh", "all").strip().replace("PLUGIN", NAME)
        (again,) = await there.say(reload)
        assert again["to"].startswith("1.2+")
        canceled = await there.say(cancel)
        assert canceled["state"] == "canceled"
