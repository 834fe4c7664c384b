"""Whatever is asked wrongly is answered with a typed error and a way out, and moves no money."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.processes import Core, Done, add_account, axisor, core, simulator

from axisor.client import Client

ERROR, USAGE, AUTH, NOT_FOUND, UNREACHABLE, VENUE = 1, 2, 3, 5, 6, 7
REFUSED, NOT_CONFIRMED, WRONG_MODE = 8, 9, 12
NOBODY = "00000000-0000-4000-8000-000000000000"
AT_ONCE = 3

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("bad-input")]

ASKED_WRONGLY: tuple[tuple[str, int, str], ...] = (
    # Unknown ids
    ("position show nothing", NOT_FOUND, "POSITION_NOT_FOUND"),
    (f"position add-margin {NOBODY} 1000sat", NOT_FOUND, "POSITION_NOT_FOUND"),
    ("order cancel nothing", NOT_FOUND, "ORDER_NOT_FOUND"),
    ("run pause nothing", NOT_FOUND, "RUN_NOT_FOUND"),
    ("guard why 99999", NOT_FOUND, "EVENT_NOT_FOUND"),
    (f"guard why {NOBODY}", NOT_FOUND, "EVENT_NOT_FOUND"),
    ("--account nobody position list", NOT_FOUND, "ACCOUNT_NOT_FOUND"),
    # Amounts, prices, leverages
    ("position add-margin {id} 0sat", USAGE, "AMOUNT_NOT_POSITIVE"),
    ("position add-margin {id} -- -5sat", USAGE, "AMOUNT_NOT_POSITIVE"),
    ("position add-margin {id} 99999999999sat", REFUSED, "INSUFFICIENT_BALANCE"),
    ("position add-margin {id} 0.5sat", USAGE, ""),
    ("position add-margin {id} 5000", USAGE, ""),
    ("position open --side long --qty 1000 --leverage 5 -y", USAGE, ""),
    ("position open --side long --qty 0usd --leverage 5 -y", USAGE, "QUANTITY_OUT_OF_RANGE"),
    ("position open --side long --qty 500001usd --leverage 5 -y", USAGE, "QUANTITY_OUT_OF_RANGE"),
    ("position open --side long --qty 10usd --leverage 101 -y", USAGE, "LEVERAGE_OUT_OF_RANGE"),
    ("position open --side long --qty 10usd --leverage 0 -y", USAGE, "LEVERAGE_OUT_OF_RANGE"),
    ("position open --side up --qty 10usd --leverage 5 -y", USAGE, ""),
    ("position open --side long --leverage 5 -y", USAGE, ""),
    ("position set-stop {id} 97000.3", USAGE, "PRICE_OFF_STEP"),
    ("position set-stop {id} nan", USAGE, ""),
    (
        "order place --side buy --qty 10usd --leverage 5 --price 90000.25 -y",
        USAGE,
        "PRICE_OFF_STEP",
    ),
    ("position close {id}", NOT_CONFIRMED, ""),  # nobody there to confirm it
    # Foreign mode
    ("--expect-mode live position list", WRONG_MODE, "MODE_MISMATCH"),
    ("--expect-mode paper position add-margin {id} 1000sat", WRONG_MODE, "MODE_MISMATCH"),
    # Strategies and their configuration
    ("run create no-such-strategy", NOT_FOUND, "STRATEGY_NOT_FOUND"),
    ("run create dip-buyer", NOT_FOUND, "STRATEGY_NOT_FOUND"),
    ("run create margin-guard --config {{", USAGE, "CONFIG_INVALID"),
    ("run create margin-guard --config []", USAGE, "CONFIG_INVALID"),
    ('run create margin-guard --config {{"triger":"2"}}', USAGE, "CONFIG_INVALID"),
    ('run create margin-guard --config {{"budget_position":0}}', USAGE, "CONFIG_INVALID"),
    ('run create margin-guard --config {{"trigger":"5","target":"2"}}', USAGE, "CONFIG_INVALID"),
    ("guard set --budget 0", USAGE, "CONFIG_INVALID"),
    ("guard set --trigger -1", USAGE, "CONFIG_INVALID"),
    ("guard arm", NOT_FOUND, "RUN_NOT_FOUND"),
    # Words there are not
    ("no-such-command", USAGE, ""),
    ("position no-such-command", USAGE, ""),
    ("position list --no-such-option", USAGE, ""),
)


def well_told(done: Done, code: int, reason: str) -> str:
    """Return what is wrong with how an error was told; nothing when it is as it must be."""
    text = done.out + done.err
    if "Traceback" in text or "INTERNAL" in text or "a fault in Axisor" in text:
        return f"it broke: {text[-400:]}"
    if done.code != code:
        return f"code {done.code}, not {code}: {text[-400:]}"
    if not reason:
        return "" if done.err.strip() else "it said nothing"
    if f"[{reason}]" not in done.err:
        return f"no {reason}: {text[-400:]}"
    told = [line.strip() for line in done.err.strip().splitlines()]
    if len(told) < 3 or not all(told[:3]):
        return f"what happened, what it means for the money, what to do: {told}"
    return ""


async def all_told(cases: Sequence[tuple[str, Any, int, str]]) -> list[str]:
    """Run every case, some at once, and return what was wrong."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, run: Any, code: int, reason: str) -> str:
        async with gate:
            wrong = well_told(await run(), code, reason)
        return f"{name}: {wrong}" if wrong else ""

    return [wrong for wrong in await asyncio.gather(*(one(*case) for case in cases)) if wrong]


async def standing(client: Client, account: str) -> tuple[Any, ...]:
    """Return everything about an account that must not have moved."""
    balance = (await client.accounts.balance(account)).balance
    positions = (await client.margin.list_positions(account)).items
    orders = (await client.orders.list(account)).items
    held = [(r.position.id, r.position.margin, r.position.stoploss) for r in positions]
    return balance.free, held, [(o.id, o.state) for o in orders]


async def test_what_is_asked_wrongly_is_told_why_and_moves_nothing(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        position = await sim.open_long()
        async with running.client() as client:
            account = await add_account(client, sim.url)
            before = (await standing(client, account), await sim.ledger())
            cases = [
                (line, _asking(running, line.format(id=position).split()), code, reason)
                for line, code, reason in ASKED_WRONGLY
            ]

            wrong = await all_told(cases)

            assert wrong == []
            assert (await standing(client, account), await sim.ledger()) == before
            assert (await client.events.verify(account)).first_bad is None


def _asking(running: Core, words: list[str]) -> Any:
    return lambda: running.cli(*words)


async def test_who_is_not_known_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("axisor_" + "0" * 64)
    (tmp_path / "empty").write_text("")
    async with core(tmp_path) as running:
        address = (running.data / "address").read_text().strip()
        pin = str(running.data / "tls" / "cert.pem")
        other = tmp_path / "other.pem"
        other.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")

        def call(token: str, certificate: str, target: str = address) -> Any:
            words = ("--connect", target, "--token-file", str(tmp_path / token))
            return lambda: axisor(*words, "--ca", certificate, "--timeout", "3", "account", "list")

        wrong = await all_told(
            [
                ("wrong token", call("wrong", pin), AUTH, "TOKEN_INVALID"),
                ("empty token", call("empty", pin), AUTH, "TOKEN_INVALID"),
                ("missing token", call("nothing", pin), USAGE, "SETTINGS_INVALID"),
                ("wrong certificate", call("wrong", str(other)), UNREACHABLE, ""),
                ("nobody there", call("wrong", pin, "127.0.0.1:1"), UNREACHABLE, ""),
            ]
        )

        assert wrong == []


SETTINGS = {
    "broken TOML": "grpc = {",
    "unknown setting": "[grpc]\nlisen = '127.0.0.1:0'\n",
    "wrong type": "[grpc]\nreflection = 'maybe'\n",
    "unknown mode": "max_mode = 'yolo'\n",
    "unknown plugin": "plugins = ['lnmarkets', 'margin-gard']\n",
    "not an address": "[grpc]\nlisten = 'here'\n",
    "limits without one": "plugins = ['lnmarkets', 'limits']\n",
    "misspelt limit": "plugins = ['limits']\n[plugin.limits]\nmax_position = 3\n",
    "limits that are off": "[plugin.limits]\nmax_positions = 3\n",
    "wrong database": "[database]\nurl = 'mysql://here'\n",
}


async def test_settings_that_cannot_be_read_are_named_and_start_nothing(tmp_path: Path) -> None:
    def up(name: str) -> Any:
        file = tmp_path / f"{name.replace(' ', '-')}.toml"
        file.write_text(SETTINGS[name])
        data = tmp_path / name.replace(" ", "-")
        words = ("up", "--config", str(file), "--data-dir", str(data))
        return lambda: axisor(*words, timeout_s=30)

    cases = [(name, up(name), USAGE, "SETTINGS_INVALID") for name in SETTINGS]
    missing = ("up", "--config", str(tmp_path / "nothing.toml"), "--data-dir", str(tmp_path / "d"))
    cases.append(("no file", lambda: axisor(*missing), USAGE, "SETTINGS_INVALID"))

    wrong = await all_told(cases)

    assert wrong == []


HEADER = "time,open,high,low,close,volume"
GOOD = "2019-06-01T00:00:00Z,8000,8010,7990,8005,1"
CANDLES = {
    "no columns": b"",
    "a column is missing": b"time,open,high,low,close\n2019-06-01T00:00:00Z,1,1,1,1\n",
    "no rows": f"{HEADER}\n".encode(),
    "short row": f"{HEADER}\n{GOOD}\n2019-06-01T00:01:00Z,8000\n".encode(),
    "unsorted": f"{HEADER}\n2019-06-01T00:01:00Z,1,1,1,1,1\n{GOOD}\n".encode(),
    "twice": f"{HEADER}\n{GOOD}\n{GOOD}\n".encode(),
    "high below low": f"{HEADER}\n2019-06-01T00:00:00Z,8000,7000,7990,8005,1\n".encode(),
    "zero price": f"{HEADER}\n2019-06-01T00:00:00Z,0,0,0,0,1\n".encode(),
    "negative price": f"{HEADER}\n2019-06-01T00:00:00Z,-5,1,-5,1,1\n".encode(),
    "not a number": f"{HEADER}\n2019-06-01T00:00:00Z,NaN,NaN,NaN,NaN,1\n".encode(),
    "huge price": f"{HEADER}\n2019-06-01T00:00:00Z,1e300,1e300,1e300,1e300,1\n".encode(),
    "not a time": f"{HEADER}\nyesterday,8000,8010,7990,8005,1\n".encode(),
    "negative volume": f"{HEADER}\n2019-06-01T00:00:00Z,8000,8010,7990,8005,-1\n".encode(),
    "not text": b"\xff\xfe\x00\x01" * 40,
    "half a gzip": gzip.compress(f"{HEADER}\n{GOOD}\n".encode() * 400)[:40],
    "gzip of nothing": gzip.compress(b""),
}


async def test_candle_files_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    def run(name: str) -> Any:
        file = tmp_path / f"{name.replace(' ', '-')}.csv"
        file.write_bytes(CANDLES[name])
        return lambda: axisor("backtest", "--candles", str(file))

    cases = [(name, run(name), USAGE, "CANDLES_INVALID") for name in CANDLES]
    nothing, folder = tmp_path / "nothing.csv", tmp_path
    cases += [
        (
            "no file",
            lambda: axisor("backtest", "--candles", str(nothing)),
            USAGE,
            "CANDLES_INVALID",
        ),
        ("a folder", lambda: axisor("backtest", "--candles", str(folder)), USAGE, ""),
    ]

    wrong = await all_told(cases)

    assert wrong == []


async def test_back_tests_asked_wrongly_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "good.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n")
    lines = {
        "--grid sides=up": "CONFIG_INVALID",
        "--grid leverages=101": "CONFIG_INVALID",
        "--grid every=0h": "CONFIG_INVALID",
        "--grid quantity=0": "CONFIG_INVALID",
        "--grid shape=round": "CONFIG_INVALID",
        "--strategy nothing": "STRATEGY_NOT_FOUND",
        "--config {": "CONFIG_INVALID",
        "--trigger 5 --target 2": "CONFIG_INVALID",
        "--funding-rate much": "CONFIG_INVALID",
        "--budget 0": "",
        "--fee-tier 9": "",
    }

    def run(line: str) -> Any:
        return lambda: axisor("backtest", "--candles", str(file), *line.split(" "))

    wrong = await all_told(
        [
            (line, run(line), NOT_FOUND if "NOT_FOUND" in reason else USAGE, reason)
            for line, reason in lines.items()
        ]
    )

    assert wrong == []


async def test_simulators_asked_wrongly_are_refused(tmp_path: Path) -> None:
    serve = ("sim", "serve", "--key", "k", "--balance", "1000000")
    bad = tmp_path / "bad.csv"
    bad.write_bytes(CANDLES["unsorted"])
    lines = {
        "--scenario no-such-story": "FIELD_INVALID",
        f"--candles {bad}": "CANDLES_INVALID",
        "--price 0": "",
        "--price much": "",
        "--speed 0": "",
        "--listen nowhere": "",
        "--balance -5": "",
    }

    def run(line: str) -> Any:
        return lambda: axisor(*serve, *line.split(" "), stdin="secret\nphrase\n", timeout_s=30)

    cases = [(line, run(line), USAGE, reason) for line, reason in lines.items()]
    async with simulator(tmp_path) as sim:
        steer = ("sim", "--help")
        assert (await axisor(*steer)).code == 0
        for words in (
            ("sim", "price", "set", "0"),
            ("sim", "price", "set", "much"),
            ("sim", "fault", "add-margin", "--mode", "lose-everything"),
            ("sim", "fault", "no-such-operation", "--mode", "lose-response"),
        ):
            asked = (*words, "--connect", sim.url)
            cases.append((" ".join(words), _saying(asked), USAGE, ""))

        wrong = await all_told(cases)

        assert wrong == []
        assert await sim.ledger() == []


def _saying(words: tuple[str, ...]) -> Any:
    return lambda: axisor(*words)


async def test_an_error_is_data_where_data_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "axisor.toml"
    file.write_text(SETTINGS["unknown setting"])

    done = await axisor("up", "--config", str(file), "-o", "json")

    error = json.loads(done.err)["error"]
    assert done.code == USAGE
    assert error["reason"] == "SETTINGS_INVALID"
    assert "grpc.listen" in error["message"]
    assert all(error[part] for part in ("money", "fix"))


assert os.sep == "/", "these tests start processes of POSIX"
