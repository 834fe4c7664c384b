"""A stranger's plugin, a distribution of its own, trades where it is enabled and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.processes import Core, add_account, simulator, until

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
                await add_account(client, sim.url)
                config = '{"margin": 10000, "step": "2"}'
                words = ("run", "create", "dip-buyer", "--config", config, "--start", "-o", "json")

                made = await running.cli(*words)

                assert made.code == 0, made.err
                for buys, price in enumerate((99_000, 97_900, 97_000, 95_900)):
                    await sim.price(price)
                    wanted = (buys + 1) // 2
                    await until(lambda n=wanted: _bought(sim, n), f"{wanted} buys at {price}")
            listed = await running.cli("plugin", "list", "-o", "json")
            steps = await running.cli("run", "logs", made.json["id"], "-o", "json")
    finally:
        await running.stop()

    offered = {row["name"]: row for row in listed.json}
    assert offered["dip-buyer"]["state"] == "enabled"
    assert offered["dip-buyer"]["offers"] == ["dip-buyer"]
    assert sum(bool(row["asked"]) for row in steps.json) == 2


async def _bought(sim, wanted: int) -> bool:
    return len(await sim.ledger("new_trade")) == wanted


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
