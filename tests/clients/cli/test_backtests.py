"""`axisor backtests`: what it asks of a core, and what it shows and writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, resources_pb2, types_pb2
from axisor.v1 import backtests_pb2 as pb
from axisor_cli.main import cli

SERVICE = "/axisor.v1.BacktestService"
ID = "0d9f3c7e-0000-4000-8000-0000000000aa"
RUNNING = pb.Backtest(
    name=f"accounts/main/backtests/{ID}",
    strategy="strategies/nap",
    market="gap",
    balance_sats=5_000,
    state=pb.BACKTEST_STATE_RUNNING,
    progress=pb.BacktestProgress(done_count=30, total_count=120),
)
Ran = Callable[..., Any]


@pytest.fixture
def ran(tmp_path) -> Ran:
    """Run `axisor backtests` against a scripted core; returns what was asked and how it ended."""
    (tmp_path / "owner.token").write_text("token")

    async def run(*words: str) -> tuple[list[Any], Result]:
        seen: list[Any] = []

        async def accounts(request: Any, _: Any) -> Any:
            account = resources_pb2.Account(name="accounts/main", mode=types_pb2.MODE_SIM)
            return accounts_pb2.ListAccountsResponse(accounts=[account])

        def answering(answer: Any) -> Any:
            async def handler(request: Any, _: Any) -> Any:
                seen.append(request)
                return answer

            return handler

        answers = {
            "/axisor.v1.AccountService/ListAccounts": accounts,
            f"{SERVICE}/StartBacktest": answering(pb.StartBacktestResponse(backtest=RUNNING)),
            f"{SERVICE}/GetBacktest": answering(pb.GetBacktestResponse(backtest=RUNNING)),
            f"{SERVICE}/ListBacktests": answering(pb.ListBacktestsResponse(backtests=[RUNNING])),
            f"{SERVICE}/CancelBacktest": answering(pb.CancelBacktestResponse(backtest=RUNNING)),
        }
        async with stub_server(answers) as address:
            there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
            asked = [*there, "backtests", *words]
            result = await asyncio.to_thread(CliRunner().invoke, cli, asked)
        return seen, result

    return run


async def test_they_are_listed_with_how_far_they_are(ran: Ran):
    _, result = await ran("list")

    assert result.exit_code == 0, result.output
    assert "running" in result.output
    assert "25" in result.output


async def test_one_is_found_by_the_beginning_of_its_id(ran: Ran):
    seen, result = await ran("show", ID[:6], "-o", "json")

    assert json.loads(result.output)["id"] == ID
    assert seen[-1].name == RUNNING.name


async def test_one_is_started_with_what_was_said(ran: Ran):
    words = ("nap", "--balance", "5000", "--open", "long 25x 100", "--scenario", "gap")
    seen, result = await ran("start", *words, "-o", "json")

    assert result.exit_code == 0, result.output
    (request,) = seen
    assert (request.strategy, request.balance_sats) == ("strategies/nap", 5_000)
    assert (list(request.positions), request.scenario) == (["long 25x 100"], "gap")


@pytest.mark.parametrize("words", [(), ("--scenario", "gap", "--candles", __file__)])
async def test_one_market_is_said(ran: Ran, words: tuple[str, ...]):
    seen, result = await ran("start", "nap", "--balance", "5000", *words)

    assert result.exit_code != 0
    assert seen == []


async def test_one_is_canceled(ran: Ran):
    seen, result = await ran("cancel", ID)

    assert result.exit_code == 0, result.output
    assert isinstance(seen[-1], pb.CancelBacktestRequest)


async def test_one_that_is_not_there_is_said(ran: Ran):
    _, result = await ran("show", "ffff")

    assert result.exit_code != 0
