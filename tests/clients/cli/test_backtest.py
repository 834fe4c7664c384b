"""`axisor backtest` over a short fall: what it counts, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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
