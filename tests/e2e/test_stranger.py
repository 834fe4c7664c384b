"""A stranger's plugin, a distribution of its own, trades where it is enabled and nowhere else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.processes import Core, Simulator, add_account, simulator, until

from axisor.client import Client

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("bad-input")]

IMPORTS = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Lets the interpreter name each module it imports, in the core's log."""


async def test_an_enabled_plugin_is_found_and_buys_as_the_price_falls(tmp_path: Path) -> None:
    settings = tmp_path / "axisor.toml"
    settings.write_text('plugins = ["lnmarkets", "margin-guard", "dip-buyer"]\n')
    running = Core(tmp_path, "--config", str(settings))
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                account = await add_account(client, sim.url)
                config = '{"margin": 10000, "step": "2"}'
                words = ("run", "create", "dip-buyer", "--config", config, "--start", "-o", "json")
                made = await running.cli(*words)
                assert made.code == 0, made.err
                await sim.price(100_500)
                await until(lambda: _measures(client, account), "it measures from the high")
                for number, price in enumerate((98_400, 96_400), 1):
                    await sim.price(price)
                    bought = await until(partial(_bought, sim, number), f"a buy at {price}")
            listed = await running.cli("plugin", "list", "-o", "json")
            steps = await running.cli("run", "logs", made.json["id"], "-o", "json")
    finally:
        await running.stop()

    offered = {row["name"]: row for row in listed.json}
    assert offered["dip-buyer"]["state"] == "enabled"
    assert offered["dip-buyer"]["offers"] == ["dip-buyer"]
    assert sum(bool(row["asked"]) for row in steps.json) == 2
    assert [row["effect"]["margin"] <= 10_000 for row in bought] == [True, True]


async def _measures(client: Client, account: str) -> bool:
    """Return whether the strategy has remembered a price."""
    (run,) = (await client.strategies.list_runs(account)).items
    return run.step > 0


async def _bought(sim: Simulator, wanted: int) -> list[dict[str, Any]] | None:
    """Return what was bought once it is so many."""
    rows = await sim.ledger("new_trade")
    return rows if len(rows) == wanted else None


async def test_a_plugin_that_is_not_enabled_is_listed_and_never_imported(tmp_path: Path) -> None:
    running = Core(tmp_path, variables=IMPORTS)
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                await add_account(client, sim.url)
            refused = await running.cli("run", "create", "dip-buyer", "--config", "{}")
            listed = await running.cli("plugin", "list", "-o", "json")
    finally:
        await running.stop()

    imported = running.log.read_text()
    states = {row["name"]: row["state"] for row in listed.json}
    assert refused.code == 5
    assert "[STRATEGY_NOT_FOUND]" in refused.err
    assert states["dip-buyer"] == "found"
    assert "axisor_margin_guard" in imported
    assert "axisor_dip_buyer" not in imported
