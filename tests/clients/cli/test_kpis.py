"""`axisor account performance` against a scripted core: what it asks, and how it reads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from axisor.testing.stub import stub_server
from axisor.v1 import accounts_pb2, performance_pb2, resources_pb2, types_pb2
from axisor_cli.main import cli

FIGURES = performance_pb2.Performance(
    name="accounts/main/performance",
    sequence=12,
    start_equity_sats=1_000_000,
    net_pl_sats=-2_500,
    max_drawdown_sats=105_099,
    max_drawdown_percent="10.5099",
    sharpe_ratio="-1.25",
    closed_count=2,
    win_rate_percent="50",
    added_sats=700,
)


async def ran(tmp_path: Path, *words: str) -> tuple[list[Any], Result]:
    """Run the command; returns what was asked and how it ended."""
    (tmp_path / "owner.token").write_text("token")
    seen: list[Any] = []

    async def accounts(request: Any, _: Any) -> Any:
        account = resources_pb2.Account(name="accounts/main", mode=types_pb2.MODE_SIM)
        return accounts_pb2.ListAccountsResponse(accounts=[account])

    async def performance(request: Any, _: Any) -> Any:
        seen.append(request)
        return performance_pb2.GetPerformanceResponse(performance=FIGURES)

    answers = {
        "/axisor.v1.AccountService/ListAccounts": accounts,
        "/axisor.v1.PerformanceService/GetPerformance": performance,
    }
    async with stub_server(answers) as address:
        there = ["--connect", address, "--plaintext", "--data-dir", str(tmp_path)]
        run = [*there, "account", "performance", *words]
        result = await asyncio.to_thread(CliRunner().invoke, cli, run)
    return seen, result


async def test_people_read_every_figure(tmp_path: Path) -> None:
    _, result = await ran(tmp_path)

    assert result.exit_code == 0, result.output
    assert "max drawdown pct    10.5099" in result.output
    assert "win rate pct        50" in result.output
    assert "profit factor       -" in result.output


async def test_programs_get_the_names_of_back_tests(tmp_path: Path) -> None:
    _, result = await ran(tmp_path, "-o", "json")

    data = json.loads(result.output)
    assert data["net_pl_sats"] == -2_500
    assert data["sharpe"] == "-1.25"


async def test_bounds_are_taken_as_utc(tmp_path: Path) -> None:
    seen, result = await ran(tmp_path, "--from", "2026-01-01", "--until", "2026-01-02T03:00:00")

    assert result.exit_code == 0, result.output
    assert seen[0].start_time.ToJsonString() == "2026-01-01T00:00:00Z"
    assert seen[0].end_time.ToJsonString() == "2026-01-02T03:00:00Z"
