"""Browsers that read nothing are ended and cost little; the many are for `make campaign`."""

from __future__ import annotations

import pytest
from campaigns import browsers
from campaigns.report import Figures

pytestmark = [pytest.mark.xdist_group("campaigns-streams"), pytest.mark.timeout(300)]


async def test_browsers_that_read_nothing_are_ended_and_others_miss_nothing() -> None:
    report = await browsers.run(Figures.QUICK, 21, 200.0)

    assert report.broken == []
