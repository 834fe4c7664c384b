"""A Python runner that comes by itself over TLS, started by the commands of the page on plugins."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from tests.docs import pages
from tests.support.processes import Core, add_account, end, simulator, until

from axisor.client import Client
from axisor.client.pins import pin_of
from axisor.tokens import caveat

PAGE = "plugins.md"

pytestmark = pytest.mark.timeout(180)


async def run(text: str, folder: Path) -> asyncio.subprocess.Process:
    """Start a command of the page with this interpreter as its `python`."""
    command = text.strip().replace("python ", f"exec {sys.executable} ", 1)
    return await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=folder, stdout=PIPE, stderr=PIPE
    )


async def test_a_runner_elsewhere_decides_by_the_commands_of_the_page(tmp_path: Path) -> None:
    describe = await run(pages.only(PAGE, "sh", "describe"), tmp_path)
    _, said = await describe.communicate()
    assert describe.returncode == 0, said.decode()
    settings = tmp_path / "axisor.toml"
    settings.write_text(f'[runner]\noffers = ["{tmp_path / "offers.json"}"]\n')
    running = Core(tmp_path, "--config", str(settings))
    try:
        async with simulator(tmp_path) as sim:
            await running.start()
            async with running.client() as client:
                account = await add_account(client, sim.url)
                made = await client.strategies.create_run(
                    account, "dip-buyer", config='{"margin": 10000}'
                )
                await client.strategies.start_run(account, made.run.id)
                (found,) = [p for p in (await plugins(client)) if p.name == "plugins/dip-buyer"]
                assert found.place == 3, "it runs with others"
                methods = caveat("methods", "axisor.v1.RunnerService/Run")
                rights = caveat("permissions", "read", "guard")
                _, token = await client.tokens.create("runner", [methods, rights])
                (tmp_path / "runner.token").write_text(token.reveal())
                pin = pin_of((running.data / "tls" / "cert.pem").read_text())
                command = pages.only(PAGE, "sh", "runner")
                for written, meant in (
                    ("core.example:8420", running.listen),
                    ("sha256:KEY", pin),
                    ("accounts/ACCOUNT/runs/RUN", f"accounts/{account}/runs/{made.run.id}"),
                ):
                    assert written in command
                    command = command.replace(written, meant)
                process = await run(command, tmp_path)
                try:
                    await until(lambda: measures(client, account), "it measures from the high")
                    await sim.price(97_900)

                    async def bought() -> bool:
                        return bool(await sim.ledger("new_trade"))

                    await until(bought, "it buys")
                finally:
                    await end(process)
    finally:
        await running.stop()


async def test_a_runner_speaks_to_no_core_of_another_key(tmp_path: Path) -> None:
    running = Core(tmp_path)
    try:
        await running.start()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "axisor.runner", "--plugin", "dip-buyer"),
            *("--address", running.listen, "--pin", f"sha256:{'0' * 64}", "--run", "x"),
            stdin=PIPE,
            stderr=PIPE,
        )
        _, said = await process.communicate(b"token\n")
    finally:
        await running.stop()

    assert process.returncode == 1
    assert "shows another key" in said.decode()


async def plugins(client: Client) -> tuple[Any, ...]:
    """Return the plugins of the core."""
    return (await client.strategies.list_plugins()).items


async def measures(client: Client, account: str) -> bool:
    """Tell whether the run has taken a step."""
    (run,) = (await client.strategies.list_runs(account)).items
    return run.step > 0
