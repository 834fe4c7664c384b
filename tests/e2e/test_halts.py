"""Halts of a core that runs: by command, by file, by signal, over a restart, without its venue."""

from __future__ import annotations

import asyncio
import shlex
import signal
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.docs import pages
from tests.support.processes import Core, Done, add_account, core, simulator, until

OPEN = ("order", "place", "--side", "long", "--qty", "100usd", "--leverage", "5", "--yes")


async def halt_of(running: Core) -> dict[str, Any]:
    """Return the halt as the command line tells it."""
    done = await running.cli("halt", "status", "-o", "json")
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json
    return found


async def test_a_core_is_halted_by_command_by_file_and_by_signal(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        await sim.open_long()
        async with running.client() as client:
            account = await add_account(client, sim.url)
        refused = await running.cli("halt", "flatten")
        assert refused.code == 9  # nobody could be asked

        done = await running.cli("halt", "--reason", "storm", "-o", "json")
        assert (done.code, done.json["halt"], done.json["by"]) == (0, "risk", "owner")
        risky = await running.cli(*OPEN)
        assert risky.code == 11, risky.err
        resumed = await running.cli("halt", "resume", "-o", "json")
        assert resumed.json["halt"] == "none"
        for line in pages.only("halts.md", "sh", "halts").splitlines():
            told = await running.cli(*shlex.split(line)[1:])
            assert told.code == 0, (line, told.err)

        assert running.process is not None
        running.process.send_signal(signal.SIGUSR1)
        by_signal = await until(lambda: _halted(running, "risk"), "the signal halts")
        assert by_signal["by"] == "signal"

        (running.data / "HALT").write_text("all\n")
        by_file = await until(lambda: _halted(running, "all"), "the file halts")
        assert by_file["file"] is True
        kept = await running.cli("halt", "resume")
        assert kept.code == 1
        assert "HALT_KEPT" in kept.err

        await running.kill()
        (running.data / "HALT").unlink()
        await running.start()
        assert (await halt_of(running))["halt"] == "all"  # nothing resumes by itself

        async with running.client() as client:
            assert (await client.accounts.get(account)).halt.value == "none"
        await sim_is_gone(sim)
        flat = await running.cli("halt", "flatten", "--yes", "-o", "json")
        assert (flat.code, flat.json["halt"]) == (0, "flatten")
        assert (await running.cli("halt", "resume", "-o", "json")).json["halt"] == "none"


async def test_a_file_that_is_there_first_halts_a_core_before_it_acts(tmp_path: Path) -> None:
    running = Core(tmp_path)
    running.data.mkdir(mode=0o700)
    (running.data / "HALT").touch()
    try:
        await running.start()
        found = await halt_of(running)
        assert (found["halt"], found["by"], found["file"]) == ("risk", "file", True)
    finally:
        await running.stop()


async def test_a_core_that_was_paused_says_that_it_stood_still(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        async with running.client() as client:
            await add_account(client, sim.url)
        assert running.process is not None

        running.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5)
        running.process.send_signal(signal.SIGCONT)

        status = await until(lambda: _stalled(running), "the stall is shown")
        assert status.code == 10


async def _stalled(running: Core) -> Done | None:
    status = await running.cli("status", "-o", "json")
    if status.code not in (0, 10) or not status.json["accounts"]:
        return None
    codes = [cause["code"] for cause in status.json["accounts"][0]["causes"]]
    return status if "loop_stalled" in codes else None


async def _halted(running: Core, level: str) -> dict[str, Any] | None:
    found = await halt_of(running)
    return found if found["halt"] == level and found["on_record"] else None


async def sim_is_gone(sim: Any) -> None:
    """End the simulator, so that the venue answers nothing any more."""
    sim.process.kill()
    await sim.process.wait()


async def test_a_core_that_lost_its_venue_says_so_by_exit_code_and_health(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        await sim.open_long()
        async with running.client() as client:
            await add_account(client, sim.url)
        rule = ("--trigger", "2%", "--target", "5%", "--budget", "500000sat")
        assert (await running.cli("guard", "set", *rule)).code == 0
        assert (await running.cli("guard", "arm")).code == 0
        protected = health_pb2.HealthCheckResponse.SERVING
        await until(lambda: _said(running, protected), "all is protected")
        assert (await running.cli("status")).code == 0

        await sim_is_gone(sim)
        lost = health_pb2.HealthCheckResponse.NOT_SERVING
        await until(lambda: _said(running, lost), "nothing is protected any more")

        status = await running.cli("status", "-o", "json")
        assert status.code == 10, status.err
        [found] = status.json["accounts"]
        assert found["standing"] == "degraded"
        assert found["causes"]
        shown = await running.cli("status")
        assert "! t:" in shown.out


async def _said(running: Core, wanted: int) -> bool:
    certificate = (running.data / "tls" / "cert.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(root_certificates=certificate)
    async with grpc.aio.secure_channel(running.listen, credentials) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service="axisor.protection"))
        return bool(answer.status == wanted)
