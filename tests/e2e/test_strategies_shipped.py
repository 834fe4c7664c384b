"""Two of our strategies on a real core and a simulated venue: one opens, the other closes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.processes import Core, Simulator, add_account, simulator, until

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("bad-input")]

ENTRY = '{"below": 98000, "margin": 20000, "leverage": 5, "stop_loss": 10}'
EXITS = '{"stop_loss": 1}'


async def test_an_entry_opens_at_its_price_and_the_exits_close_at_theirs(tmp_path: Path) -> None:
    settings = tmp_path / "axisor.toml"
    settings.write_text('plugins = ["lnmarkets", "entries", "exits"]\n')
    running = Core(tmp_path, "--config", str(settings))
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                await add_account(client, sim.url)
                for name, config in (("price-entry", ENTRY), ("exits", EXITS)):
                    words = ("run", "create", name, "--config", config, "--start", "-o", "json")
                    made = await running.cli(*words)
                    assert made.code == 0, made.err
                await sim.price(98_500)
                await sim.price(97_900)
                (bought,) = await until(partial(_asked, sim, "new_trade"), "a buy at 97,900")
                await sim.price(97_500)
                assert await sim.ledger("close") == []
                await sim.price(96_800)
                (sold,) = await until(partial(_asked, sim, "close"), "a close at 96,800")
    finally:
        await running.stop()

    assert bought["target"] == sold["target"]
    assert bought["fields"]["stoploss"] == "88110"


async def _asked(sim: Simulator, request: str) -> list[dict[str, Any]] | None:
    """Return the requests of a kind that the venue accepted, once there are any."""
    return await sim.ledger(request) or None
