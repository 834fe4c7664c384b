"""Of many guesses few are looked at; the full number and the times are a campaign."""

from __future__ import annotations

from campaigns import guessing
from campaigns.report import Figures

SEED, BUDGET_S = 20, 60.0


async def test_of_a_thousand_guesses_in_an_hour_thirty_are_looked_at_at_most() -> None:
    report = await guessing.run(Figures.QUICK, SEED, BUDGET_S)

    print(f"seed {SEED}")
    assert report.broken == []
