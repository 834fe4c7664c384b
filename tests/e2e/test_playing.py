"""`axisor up --sim`: an account with play money that is found again, and a price to be moved."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from tests.support.newcomer import VARIABLES, link_in
from tests.support.processes import Core, core, until

from axisor.client import Client
from axisor.model import Mode
from axisor.wire.records import Account


async def played(running: Core, times: int) -> None:
    """Wait until a simulator was started so often."""
    await until(lambda: running.log.read_text().count("playing http") == times, "it plays")


async def only(client: Client) -> Account:
    """Return the only account, once its simulator answers."""
    (account,) = (await client.accounts.list()).items
    await client.accounts.test_credentials(account.id)
    return account


async def test_a_simulator_and_its_account_are_there_again_after_a_restart(tmp_path: Path) -> None:
    async with core(tmp_path, "--sim", variables=VARIABLES) as running:
        await played(running, 1)
        async with running.client() as client:
            first = await only(client)
        await running.stop()
        kept = running.data / "sandbox.json"
        assert kept.stat().st_mode & 0o077 == 0
        assert "/enter?next=/setup#" in link_in(running.log.read_text())
        # Somebody else listens there now, who hangs up, and the key is gone.
        port = int(first.base_url.rpartition(":")[2])
        kept.unlink()

        async with await asyncio.start_server(lambda _, out: out.close(), "127.0.0.1", port):
            await running.start()
            await played(running, 2)
            async with running.client() as client:
                again = await only(client)
                price = await client.simulator.move_price(again.id, Decimal("-0.1"))

    assert (first.id, first.label, first.mode) == (again.id, "sandbox", Mode.SIM)
    assert first.base_url != again.base_url
    assert price == 90_000
