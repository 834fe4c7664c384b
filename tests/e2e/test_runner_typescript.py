"""A runner written in TypeScript decides for a run of a live core, which holds nothing of it."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from tests.support.processes import Core, add_account, end, simulator, until
from tests.support.typescript import compiled, needs

from axisor.client import Client, Profile
from axisor.errors import PermissionDenied
from axisor.tokens import caveat

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "runner-typescript"

pytestmark = [pytest.mark.timeout(180), needs("runner-typescript")]


async def test_a_runner_in_typescript_buys_as_the_price_falls(tmp_path: Path) -> None:
    settings = tmp_path / "axisor.toml"
    settings.write_text(f'[runner]\noffers = ["{EXAMPLE / "offers.json"}"]\n')
    program = await compiled("runner-typescript", tmp_path) / "runner.js"
    running = Core(tmp_path, "--config", str(settings))
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                account = await add_account(client, sim.url)
                made = await client.strategies.create_run(
                    account, "dip-buyer-typescript", config='{"margin": 10000}'
                )
                await client.strategies.start_run(account, made.run.id)
                methods = caveat("methods", "axisor.v1.RunnerService/Run")
                rights = caveat("permissions", "read", "guard")
                _, token = await client.tokens.create("runner", [methods, rights])
                (tmp_path / "token").write_text(token.reveal())
                process = await asyncio.create_subprocess_exec(
                    "node", str(program), str(ROOT / "proto"), running.listen,
                    str(running.data / "tls" / "cert.pem"), str(tmp_path / "token"),
                    f"accounts/{account}/runs/{made.run.id}", stdout=PIPE,
                )  # fmt: skip
                assert process.stdout is not None
                try:
                    line = await asyncio.wait_for(process.stdout.readline(), 30)
                    assert line == b"decides for dip-buyer-typescript\n"
                    await until(lambda: _measures(client, account), "it measures from the high")
                    await sim.price(97_900)

                    async def bought() -> bool:
                        return bool(await sim.ledger("new_trade"))

                    await until(bought, "it buys")
                finally:
                    await end(process)
                certificate = (running.data / "tls" / "cert.pem").read_bytes()
                profile = Profile(running.listen, token=token, certificate=certificate)
                async with Client.connect(profile) as stranger:
                    with pytest.raises(PermissionDenied):
                        await stranger.margin.list_positions(account)
            (row,) = await sim.ledger("new_trade")
    finally:
        await running.stop()
    assert row["effect"]["margin"] <= 10_000


async def _measures(client: Client, account: str) -> bool:
    (run,) = (await client.strategies.list_runs(account)).items
    return run.step > 0
