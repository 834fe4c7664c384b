"""What pages cost, a few of them: weights and requests alone, the times are for `make campaign`."""

from __future__ import annotations

import pytest
from campaigns import pages
from campaigns.report import Figures

from tests.support.browser import CHROMIUM

BUDGET_S = 150.0


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.timeout(200)
async def test_pages_weigh_what_they_may_and_say_no_error() -> None:
    if CHROMIUM is None:
        pytest.skip("chromium is not here: apt-get install chromium")

    report = await pages.run(Figures.QUICK, 21, BUDGET_S)

    assert report.broken == []
    assert {line.partition(":")[0] for line in report.lines} >= set(pages.QUICK)
