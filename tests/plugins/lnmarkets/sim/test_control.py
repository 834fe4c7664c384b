"""The control interface, and the commands that use it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from tests.plugins.lnmarkets.sim.kit import SETTINGS, Trader, trading

from axisor.errors import SettingsInvalid, VenueUnavailable
from axisor_lnmarkets.sim import running
from axisor_lnmarkets.sim.cli import sim

SECRETS = {"AXISOR_SIM_SECRET": "secret", "AXISOR_SIM_PASSPHRASE": "phrase"}


@pytest.mark.parametrize("header", ["", "Bearer wrong", "control"])
async def test_control_needs_its_token(trader: Trader, header: str):
    answer = await trader.http.get("/sim/state", headers={"authorization": header})

    assert answer.status_code == 401


async def test_without_a_token_there_is_no_control():
    async with trading(replace(SETTINGS, control_token=None)) as trader:
        assert (await trader.control("GET", "state")).status_code == 401


async def test_the_ledger_lists_what_was_accepted_and_nothing_else(trader: Trader):
    trade = await trader.long()
    path = "/futures/isolated/trade/add-margin"
    await trader.send("POST", path, {"id": trade["id"], "amount": 0})
    trader.clock.move(1)
    await trader.ok("POST", path, {"id": trade["id"], "amount": 50_000})

    rows = (await trader.control("GET", "ledger")).json()["rows"]
    later = (await trader.control("GET", "ledger?after=1")).json()["rows"]

    assert [row["request"] for row in rows] == ["new_trade", "add_margin"]
    assert later == rows[1:]
    assert rows[1]["received"] == rows[1]["time"] == "2026-10-01T07:59:01.000Z"
    assert rows[1]["stamp"] == int(trader.clock.now().timestamp() * 1000)
    assert rows[1]["target"] == trade["id"]
    assert rows[1]["effect"] == {"margin": 50_000, "balance": -50_000}
    assert rows[1]["state"] == {"margin": 150_000, "balance": 847_900}


async def test_arrivals_list_what_was_asked_for_refused_or_not(trader: Trader):
    trade = await trader.long()
    path = "/futures/isolated/trade/add-margin"
    await trader.send("POST", path, {"id": trade["id"], "amount": 0})
    trader.clock.move(1)
    await trader.ok("POST", path, {"id": trade["id"], "amount": 50_000})
    await trader.ok("GET", "/futures/isolated/trades/running")

    arrivals = (await trader.control("GET", "arrivals")).json()["arrivals"]

    assert [(a["method"], a["path"]) for a in arrivals[1:]] == [("POST", f"/v3{path}")] * 2
    assert arrivals[2]["time"] == "2026-10-01T07:59:01.000Z"
    assert arrivals[2]["stamp"] == int(trader.clock.now().timestamp() * 1000)


async def test_state_and_clock_show_how_things_stand(trader: Trader):
    trade = await trader.long()
    trader.clock.move(2)

    state = (await trader.control("GET", "state")).json()
    clock = (await trader.control("GET", "clock")).json()

    assert [t["id"] for t in state["running"]] == [trade["id"]]
    assert state["balance"] == 897_900
    assert clock["transport"] == clock["market"] == "2026-10-01T07:59:02.000Z"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "set", "price": 100.25},
        {"action": "set", "price": -5},
        {"action": "set"},
        {"action": "move", "percent": -100},
        {"action": "move", "percent": 1, "over": "soon"},
        {"action": "fly"},
    ],
)
async def test_an_impossible_price_is_refused(trader: Trader, body: dict[str, Any]):
    answer = await trader.control("POST", "price", body)

    assert answer.status_code == 400
    assert trader.sim.world.quote.last == 100_000


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "nothing", "mode": "lose-request"},
        {"operation": "close", "mode": "explode"},
        {"operation": "close", "mode": "lose-request", "times": 0},
        {},
    ],
)
async def test_an_impossible_fault_is_refused(trader: Trader, body: dict[str, Any]):
    answer = await trader.control("POST", "faults", body)

    assert answer.status_code == 400
    assert trader.sim.faults.all() == ()


async def test_control_can_stop_the_simulator(trader: Trader):
    await trader.control("POST", "stop")

    await asyncio.wait_for(trader.sim.stopping.wait(), 60)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def noted(trader: Trader, runtime: Path) -> Trader:
    running.note(running.Running(trader.sim.url, "control", os.getpid()), trader.sim.port)
    return trader


async def command(*args: str) -> str:
    """Run a command of `axisor sim` beside the simulator, and return what it printed."""
    result = await asyncio.to_thread(CliRunner().invoke, sim, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


async def test_commands_find_the_simulator_and_steer_it(noted: Trader):
    world = noted.sim.world
    await command("price", "set", "99000")
    after_set = world.quote.last
    await command("price", "crash", "10", "--connect", noted.sim.url)
    after_crash = world.quote.last
    await command("price", "move", "-3", "--over", "0s")
    after_move = world.quote.last
    await command("price", "follow")
    await command("fault", "add-margin", "--mode", "late:5s", "--times", "2")
    await command("fault", "add", "read", "--mode", "status:502")
    faults = json.loads(await command("fault", "list", "-o", "json"))
    cleared = json.loads(await command("fault", "clear", "read", "-o", "json"))
    await noted.ok("POST", "/futures/cross/deposit", {"amount": 7})
    ledger = json.loads(await command("ledger", "-o", "json"))
    state = json.loads(await command("state", "-o", "json"))

    assert [int(p) for p in (after_set, after_crash, after_move)] == [99_000, 89_100, 86_427]
    assert not world.by_hand
    assert [(f["operation"], f["mode"], f["times"]) for f in faults] == [
        ("add-margin", "late:5s", 2),
        ("read", "status:502", None),
    ]
    assert cleared == {"cleared": 1}
    assert [row["request"] for row in ledger] == ["cross_deposit"]
    assert state["cross"]["margin"] == 7
    assert "late:5s" in await command("fault", "list")
    assert "cross_deposit" in await command("ledger")
    assert "market" in await command("clock")
    assert "flash-crash" in await command("scenarios")


def test_a_note_is_for_its_user_alone(runtime: Path):
    path = running.note(running.Running("http://127.0.0.1:1", "t", os.getpid()), 1)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_others_can_read_is_not_used(runtime: Path):
    running.folder().chmod(0o755)

    with pytest.raises(SettingsInvalid):
        running.folder()


def test_no_simulator_and_too_many_are_told_apart(runtime: Path):
    with pytest.raises(VenueUnavailable):
        running.find(None)
    for port in (1, 2):
        running.note(running.Running(f"http://127.0.0.1:{port}", "t", os.getpid()), port)

    with pytest.raises(SettingsInvalid):
        running.find(None)
    assert running.find("http://127.0.0.1:2/").url == "http://127.0.0.1:2"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_it_listens_and_stops_cleanly(runtime: Path, how: signal.Signals):
    code = "from axisor_lnmarkets.sim.cli import sim; sim()"
    options = ["--key", "key", "--balance", "2000000", "--scenario", "flash-crash", "--speed", "20"]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, "serve", *options],
        env={**os.environ, **SECRETS, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    found = running.find(None)

    process.send_signal(how)
    _, complaints = process.communicate(timeout=20)

    assert ready["url"] == found.url
    assert ready["rest"] == f"{found.url}/v3"
    assert (process.returncode, complaints) == (0, "")
    assert list(running.folder().iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--listen", "nowhere"],
        ["--speed", "fast"],
        ["--start", "noon"],
        ["--fee-tier", "9"],
        ["--candles", "x", "--scenario", "y"],
        ["--balance", "-1"],
    ],
)
def test_wrong_options_are_refused_with_a_usage_error(options: list[str]):
    base = ["serve", "--key", "k", "--secret", "s", "--passphrase", "p", "--balance", "1"]

    result = CliRunner().invoke(sim, [*base, *options])

    assert result.exit_code == 2


def test_secrets_can_come_on_standard_input(runtime: Path):
    base = ["serve", "--key", "k", "--secret", "-", "--balance", "1", "--listen", "192.0.2.1:0"]

    result = CliRunner().invoke(sim, base, input="one\ntwo\n")

    assert isinstance(result.exception, SettingsInvalid)
    assert "plain HTTP" in str(result.exception)


def test_a_price_that_is_no_number_is_a_usage_error():
    result = CliRunner().invoke(sim, ["price", "set", "nonsense"])

    assert result.exit_code == 2
