"""A core with limits holds people to them, and lets them close."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.processes import Core, add_account, simulator

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("bad-input")]

SETTINGS = """
plugins = ["lnmarkets", "margin-guard", "limits"]

[plugin.limits]
max_exposure_usd = 150
"""


async def test_a_core_with_limits_refuses_people_too(tmp_path: Path) -> None:
    settings = tmp_path / "axisor.toml"
    settings.write_text(SETTINGS)
    running = Core(tmp_path, "--config", str(settings))
    opening = ("position", "open", "--side", "long", "--qty", "100usd", "--leverage", "5", "-y")
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                await add_account(client, sim.url)
                first = await running.cli(*opening, "-o", "json")
                second = await running.cli(*opening, "-o", "json")
                listed = await running.cli("position", "list", "-o", "json")
                (held,) = listed.json
                closed = await running.cli("position", "close", held["id"], "-y", "-o", "json")
                ledger = await sim.ledger("new_trade")
    finally:
        await running.stop()

    assert first.code == 0, first.err
    assert second.code == 8
    assert "REVIEW_REFUSED" in second.err
    assert "the limit is 150" in second.err
    assert closed.code == 0, closed.err
    assert len(ledger) == 1
