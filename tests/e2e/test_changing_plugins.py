"""Plugins are changed from the command line while a core runs, and stay so when it starts again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.docs import pages
from tests.support.processes import Core, add_account, core, simulator
from tests.support.strangers import install

from axisor.events import RunState

pytestmark = pytest.mark.timeout(300)

CONFIG = '{"margin": 1000}'


async def test_plugins_are_changed_while_a_core_runs_and_stay_so(tmp_path: Path) -> None:
    variables = {"AXISOR_RUNNER__SPAWN": install(tmp_path, "stranger")}
    async with core(tmp_path, variables=variables) as running:
        (tmp_path / "limits.toml").write_text(pages.only("plugins.md", "toml", "limits"))
        for line in pages.only("plugins.md", "sh", "change").splitlines():
            words = line.replace("limits.toml", str(tmp_path / "limits.toml")).split()[1:]
            done = await running.cli("-o", "json", *words, "--yes")
            assert done.code == 0, done
        assert await states(running) == {"limits": "enabled", "stranger": "found"}
        silent = await running.cli("plugin", "disable", "limits", "--yes")
        assert silent.code != 0
        assert "reviews actions" in silent.err

        await running.kill()
        await running.start()

        assert await states(running) == {"limits": "enabled", "stranger": "found"}
        forced = await running.cli("plugin", "disable", "limits", "--force", "--yes")
        assert forced.code == 0, forced
        assert await states(running) == {"limits": "found", "stranger": "found"}


async def states(running: Core) -> dict[str, Any]:
    """Return how the two plugins are."""
    done = await running.cli("-o", "json", "plugin", "list")
    assert done.code == 0, done
    found = {each["name"]: each["state"] for each in done.json}
    return {name: found[name] for name in ("limits", "stranger")}


@pytest.mark.parametrize("place", ["--in-core", ""])
async def test_a_run_ends_with_its_plugin_and_begins_with_it_again_over_a_kill(
    tmp_path: Path, place: str
) -> None:
    variables = {"AXISOR_RUNNER__SPAWN": "*"}
    async with simulator(tmp_path) as sim, core(tmp_path, variables=variables) as running:
        await said(running, "plugin", "enable", "dip-buyer", *place.split())
        async with running.client() as client:
            account = await add_account(client, sim.url)
            made = await client.strategies.create_run(account, "dip-buyer", config=CONFIG)
            await client.strategies.start_run(account, made.run.id)

        refused = await running.cli("plugin", "disable", "dip-buyer", "--yes")
        off = await said(running, "plugin", "disable", "dip-buyer", "--stop-runs")
        await running.kill()
        await running.start()
        on = await said(running, "plugin", "enable", "dip-buyer", "--start-runs", *place.split())

        assert "--stop-runs" in refused.err
        assert (off["state"], off["stopped"]) == ("found", [made.run.id])
        assert (on["state"], on["started"]) == ("enabled", [made.run.id])
        assert on["runs"] == ("the core" if place else "runners of the core")
        assert await running_in(running, account, made.run.id) is RunState.RUNNING


async def said(running: Core, *words: str) -> dict[str, Any]:
    """Return what a change of plugins answers."""
    done = await running.cli("-o", "json", *words, "--yes")
    assert done.code == 0, done
    answer: dict[str, Any] = done.json
    return answer


async def running_in(running: Core, account: str, run: str) -> RunState:
    """Return the state of a run."""
    async with running.client() as client:
        return (await client.strategies.get_run(account, run)).state
