"""Where nothing breaks, no position stays within its trigger for long."""

from __future__ import annotations

from tests.simulation import campaign, variants
from tests.simulation.run import run_seed

SEEDS = range(20)
LONGEST_S = 3.0
"""Of 99 in 100 positions; a reading comes every two seconds where a trigger is near."""


def test_without_faults_a_position_is_at_risk_for_seconds() -> None:
    results = [run_seed(seed, only=(), prepare=variants.full_design) for seed in SEEDS]

    dwell = campaign.total(results).dwell
    assert not any(result.violations for result in results)
    assert not any(result.faults for result in results)
    assert sum(len(result.dwell) for result in results) > 50
    assert dwell["p99"] <= LONGEST_S, dwell
