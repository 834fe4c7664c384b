"""A real core's journal is decided again while it runs, after it was killed, and from a file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.support.processes import (
    KEY,
    PASSPHRASE,
    SECRET,
    add_account,
    axisor,
    core,
    simulator,
    until,
)

from axisor_cli.fail import ExitCode

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("replay")]


async def test_what_a_killed_and_restarted_core_decided_comes_out_the_same(tmp_path: Path) -> None:
    async with simulator(tmp_path) as venue, core(tmp_path) as running:
        async with running.client() as client:
            account = await add_account(client, venue.url)
            await venue.open_long()
            made = await client.strategies.create_run(account, "margin-guard")
            await client.strategies.start_run(account, made.run.id)
        await venue.price(98_100)
        await until(lambda: venue.ledger("add_margin"), "a rescue")
        await running.kill()
        await running.start()
        await venue.price(94_300)

        async def again() -> bool:
            return len(await venue.ledger("add_margin")) > 1

        await until(again, "another rescue after the restart")
        words = ("replay", "--verify", "--data-dir", str(running.data), "-o", "json")
        beside = await axisor(*words)
        file = tmp_path / "history.jsonl.gz"
        wrote = await axisor("replay", "--export", str(file), "--data-dir", str(running.data))

    alone = await axisor(*words)
    read = await axisor("replay", "--verify", "--file", str(file), "-o", "json")

    assert wrote.code == ExitCode.OK, wrote.err
    text = gzip.decompress(file.read_bytes()).decode()
    assert [secret for secret in (KEY, SECRET, PASSPHRASE) if secret in text] == []
    for found in (beside, alone, read):
        assert found.code == ExitCode.OK, found.err
        (history,) = found.json["histories"]
        assert history["divergence"] is None
        assert history["unrecorded"] == 0
        assert history["decisions"] >= 4
