"""Percentiles and tables of the measurements."""

from __future__ import annotations

import pytest
from benchmarks.measure import Part, Plan, markdown, percentile


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (99.9, 100), (1, 1)])
def test_a_percentile_is_the_least_sample_not_below_so_many(percent: float, expected: int) -> None:
    samples = list(range(100, 0, -1))

    assert percentile(samples, percent) == expected


def test_a_percentile_of_one_sample_is_that_sample() -> None:
    assert percentile([7.0], 99) == 7.0


def test_a_table_names_unequal_results_loudly() -> None:
    part = Part(name="x", title="X", rows=({"count": 1_000, "equal": False, "ratio": 2.5},))

    text = markdown(part)

    assert "| 1,000 | NO | 2.50 |" in text


def test_a_part_that_was_skipped_says_why() -> None:
    assert "Skipped: no data." in markdown(Part(name="x", title="X", skipped="no data."))


def test_a_quick_plan_says_that_its_figures_do_not_count() -> None:
    plan = Plan(runs=1, warm=0, quick=True)

    assert plan.rounds == 1
    assert "no figure of it counts" in plan.said
