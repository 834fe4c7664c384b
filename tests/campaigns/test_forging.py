"""No changed token of any kind is taken, and no narrowing widens; the full number is a campaign."""

from __future__ import annotations

from campaigns import forging
from campaigns.report import Figures

SEED, BUDGET_S = 21, 60.0


async def test_no_forged_token_is_taken() -> None:
    report = await forging.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []
