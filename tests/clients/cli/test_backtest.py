"""`axisor backtest` over a short fall: what it counts, and what it refuses."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from axisor.backtest import sweep
from axisor_cli import backtest

START = datetime(2026, 1, 1, tzinfo=UTC)
GRID = "sides=long leverages=25 every=6h quantity=1000"


@pytest.fixture
def candles(tmp_path: Path) -> str:
    """Write two hours of minutes that fall by a fifth of a percent each."""
    lines = ["time,open,high,low,close,volume"]
    price = 100_000.0
    for minute in range(120):
        after = price * 0.9995
        moment = (START + timedelta(minutes=minute)).isoformat()
        row = (price, price, after, after)
        lines.append(f"{moment},{','.join(f'{each:.1f}' for each in row)},1")
        price = after
    path = tmp_path / "fall.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_guarded_twin_outlives_a_fall_that_ends_the_other(axisor, candles):
    ran = axisor("backtest", "--candles", candles, "--grid", GRID, "-o", "json")

    assert ran.code == 0, ran.err
    summary = ran.json["summary"]
    assert (summary["unguarded"]["count"], summary["unguarded"]["liquidated"]) == (1, 1)
    assert summary["guarded"]["liquidated"] == 0
    assert {"saved_sats", "net_sats", "spent_sats", "candles", "seconds"} <= set(summary)
    assert {"id", "side", "leverage", "guarded", "actions", "added_sats", "gap"} <= set(
        ran.json["positions"][0]
    )


def test_the_table_names_both_twins(axisor, candles):
    ran = axisor("backtest", "--candles", candles, "--grid", GRID)

    assert ran.code == 0, ran.err
    assert "guarded" in ran.out
    assert "unguarded" in ran.out
    assert "net" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--trigger", "0"], 2, "between 0 and 100"),
        (["--trigger", "x"], 2, "not a percentage"),
        (["--fee-tier", "9"], 2, "not a fee tier"),
        (["--funding-rate", "1"], 2, "beyond one percent"),
        (["--funding-rate", "x"], 2, "not a funding rate"),
        (["--strategy", "margin-gard"], 5, "margin-guard"),
        (["--config", "{"], 2, ""),
        (["--grid", "sides=up"], 2, ""),
    ],
)
def test_bad_wishes_are_refused_with_a_reason(axisor, candles, words, code, said):
    ran = axisor("backtest", "--candles", candles, *words)

    assert ran.code == code
    assert said in ran.err


@pytest.mark.parametrize("text", ["", "nonsense", "time,open\n1,2\n"])
def test_a_file_that_is_no_candles_is_refused(axisor, tmp_path, text):
    path = tmp_path / "bad.csv"
    path.write_text(text)

    assert axisor("backtest", "--candles", str(path)).code == 2


ACCOUNT = ("--balance", "3000000", "--open", "long 25x 2500")


def test_an_account_is_run_on_a_scenario_with_every_figure(axisor):
    ran = axisor("backtest", "--scenario", "flash-crash", *ACCOUNT, "-o", "json")

    assert ran.code == 0, ran.err
    report = ran.json
    assert report["version"] == 1
    (account,) = report["accounts"]
    assert account["strategy"] == "margin-guard"
    assert account["config"]["trigger"] == "2.00"
    assert account["decisions"] == 1
    assert report["metrics"]["protection"]["liquidations_avoided"] == 1
    assert len(report["decision_hash"]) == 64


def test_calling_at_each_print_decides_the_same(axisor):
    words = ("backtest", "--scenario", "volatile tick=2s", *ACCOUNT, "-o", "json")

    assert axisor(*words).json == axisor(*words, "--each-print").json


def test_people_read_the_figures_and_the_hash(axisor):
    ran = axisor("backtest", "--scenario", "gap", *ACCOUNT)

    assert ran.code == 0, ran.err
    for word in ("net pl sats", "max drawdown pct", "cost of protection sats", "decisions "):
        assert word in ran.out


def test_another_strategy_runs_by_its_own_file(axisor, tmp_path):
    config = tmp_path / "dip.toml"
    config.write_text('margin = 5000\nstep = "0.5"\n')

    ran = axisor(
        *("backtest", "--scenario", "bear", "--strategy", "dip-buyer"),
        *("--config", str(config), "--balance", "100000", "-o", "json"),
    )

    assert ran.code == 0, ran.err
    (account,) = ran.json["accounts"]
    assert account["config"] == {"margin": 5000, "step": "0.5"}
    assert account["actions"] > 0


def test_a_plan_has_several_accounts(axisor, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[accounts]]\nname = "a"\nbalance = 1000000\nstrategy = "margin-guard"\n'
        'open = ["long 25x 2500"]\n[accounts.config]\ntrigger = "2"\ntarget = "5"\n'
        '[[accounts]]\nname = "b"\nbalance = 1000000\nstrategy = "dip-buyer"\n'
        "config = {margin = 1000}\n"
    )

    ran = axisor("backtest", "--scenario", "flash-crash", "--plan", str(plan), "-o", "json")

    assert ran.code == 0, ran.err
    assert [account["name"] for account in ran.json["accounts"]] == ["a", "b"]


def test_ticks_are_a_market_too(axisor, tmp_path):
    ticks = tmp_path / "ticks.csv"
    ticks.write_text("time,price\n0,100000\n1000,98000\n2000,97000\n")

    ran = axisor("backtest", "--ticks", str(ticks), *ACCOUNT, "-o", "json")

    assert ran.code == 0, ran.err
    assert ran.json["market"]["prints"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one market"),
        (("--scenario", "gap", "--ticks", "x"), "Name one market"),
        (("--scenario", "moon"), "moon"),
        (("--scenario", "gap", "--open", "long 25x 2500"), "--balance"),
        (("--scenario", "gap", "--balance", "1000", "--grid", "every=1h"), "--open"),
        (("--scenario", "gap", "--balance", "1000", "--open", "up"), "not a position"),
        (("--scenario", "gap", "--balance", "1000", "--plan", "x"), "--plan"),
        (("--scenario", "gap", "--plan", "/nowhere"), "cannot be read"),
        (("--scenario", "gap", "--balance", "1000", "--config", "/nowhere"), "cannot be read"),
    ],
)
def test_wishes_that_do_not_fit_together_are_refused(axisor, words, said):
    ran = axisor("backtest", *words)

    assert ran.code == 2
    assert said in ran.err


def test_a_sweep_is_the_same_in_one_process_and_in_several(axisor):
    words = (
        *("backtest", "--scenario", "bear duration=1d tick=1m strength=3", *ACCOUNT),
        *("--sweep", "trigger=1,2 target=4,6", "--walk-forward", "3", "-o", "json"),
    )

    alone = axisor(*words, "--processes", "1")
    spread = axisor(*words, "--processes", "2")

    assert alone.code == spread.code == 0, spread.err
    assert alone.json == spread.json
    assert len(alone.json["rows"]) == 4
    assert len(alone.json["folds"]) == 2


def test_people_read_a_sweep_as_a_table(axisor):
    words = ("--sweep", "trigger=1,2", "--walk-forward", "2", "--processes", "1")

    ran = axisor("backtest", "--scenario", "volatile tick=2s", *ACCOUNT, *words)

    assert ran.code == 0, ran.err
    assert "best first by net-pl" in ran.out
    assert "forward net" in ran.out


def test_a_page_and_a_picture_are_written_beside_the_figures(axisor, tmp_path):
    page, picture = tmp_path / "report.html", tmp_path / "plots.png"

    ran = axisor(
        *("backtest", "--scenario", "flash-crash", *ACCOUNT),
        *("--html", str(page), "--png", str(picture), "-o", "json"),
    )

    assert ran.code == 0, ran.err
    assert ran.json["version"] == 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "Liquidations avoided" in page.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sweep", "trigger"), "no field with values"),
        (("--sweep", "trigger=0"), ""),
        (("--walk-forward", "3"), "--sweep"),
        (("--sweep", "trigger=2", "--html", "x"), "one back-test"),
        (("--html", "/nowhere/at/all"), "cannot be written"),
    ],
)
def test_sweeps_and_files_that_cannot_be_are_refused(axisor, words, said):
    ran = axisor("backtest", "--scenario", "gap", *ACCOUNT, *words)

    assert ran.code == 2
    assert said in ran.err


def test_the_command_offers_the_objectives_there_are():
    assert backtest.OBJECTIVES == sweep.OBJECTIVES


def test_plots_without_a_library_are_refused_before_anything_runs(axisor, monkeypatch):
    monkeypatch.setitem(sys.modules, "axisor.backtest.plots", None)  # as where it is not installed

    ran = axisor("backtest", "--scenario", "gap", *ACCOUNT, "--png", "x.png")

    assert ran.code == 2
    assert "axisor-cli[plots]" in ran.err
