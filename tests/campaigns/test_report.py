"""What a report says, and what it fails by."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import campaigns.__main__ as runner
import pytest
from campaigns.registry import CAMPAIGNS
from campaigns.report import Figures, Report, markdown, percentile, spread
from click.testing import CliRunner


def report(name: str = "trial") -> Report:
    """Return an empty report."""
    return Report(name=name, title="A trial", figures=Figures.QUICK, seed=7)


def test_a_report_whose_figures_hold_is_met() -> None:
    made = report()
    made.least("kills", 100, 100)
    made.most("reboot", 1.5, 3)
    made.none("doubles", [])

    assert made.ok
    assert ": met" in markdown(made)
    assert made.broken == []


def test_a_time_that_is_missed_is_a_miss_and_no_count() -> None:
    made = report()
    made.most("reboot", 3.5, 3)

    assert not made.ok
    assert made.broken == []
    assert made.misses == ["reboot (s): 3.5, wanted ≤ 3"]


def test_what_was_not_measured_is_a_miss() -> None:
    made = report()
    made.most("reboot", percentile([], 99), 3)

    assert not made.ok


def test_a_count_that_is_missed_is_told_with_what_was_found() -> None:
    made = report()
    made.none("doubles", ["intent-1 took effect 2 times"])

    assert made.broken == ["doubles", "doubles: intent-1 took effect 2 times"]
    assert "MISSED" in markdown(made)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50.0), (99, 99.0), (100, 100.0)])
def test_a_percentile_is_the_least_sample_not_below_so_many(
    percent: float, expected: float
) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_a_spread_of_nothing_is_none() -> None:
    assert spread([]) == "none"


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Offer one campaign that is met and one that is missed; note which were run."""
    ran: list[str] = []

    async def good(figures: Figures, seed: int, budget: float) -> Report:
        ran.append("good")
        made = report("good")
        made.least("kills", 1, 1)
        return made

    async def bad(figures: Figures, seed: int, budget: float) -> Report:
        ran.append("bad")
        made = report("bad")
        made.none("doubles", ["one"])
        return made

    monkeypatch.setitem(CAMPAIGNS, "kill", good)
    monkeypatch.setitem(CAMPAIGNS, "replicas", bad)
    return ran


def test_the_runner_fails_where_a_figure_is_missed(tmp_path: Path, trials: list[str]) -> None:
    done = CliRunner().invoke(runner.main, ["kill", "replicas", "--quick", "--json", str(tmp_path)])

    assert done.exit_code == 1
    assert "MISSED  replicas: doubles: 1, wanted 0" in done.output
    assert json.loads((tmp_path / "kill-quick.json").read_bytes())["ok"] is True
    assert json.loads((tmp_path / "replicas-quick.json").read_bytes())["ok"] is False


def test_what_was_met_is_not_run_again_when_resumed(tmp_path: Path, trials: list[str]) -> None:
    words = ["kill", "replicas", "--quick", "--resume", "--json", str(tmp_path)]
    CliRunner().invoke(runner.main, words)
    CliRunner().invoke(runner.main, words)

    assert trials == ["good", "bad", "bad"]


def test_full_figures_are_not_met_by_quick_ones(tmp_path: Path, trials: list[str]) -> None:
    CliRunner().invoke(runner.main, ["kill", "--quick", "--json", str(tmp_path)])
    CliRunner().invoke(runner.main, ["kill", "--full", "--resume", "--json", str(tmp_path)])

    assert trials == ["good", "good"]


def test_the_runner_takes_no_gate_from_its_own_process() -> None:
    assert "campaigns.ungated" not in sys.modules
