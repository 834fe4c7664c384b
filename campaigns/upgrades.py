"""A hundred hot upgrades of a run at 1,000 ticks a second of virtual time, again and again.

In the core and in runners, by seeds; every tenth version breaks once it decides, and in the second
half of a walk the core is killed now and then between two ticks. Each step is compared with what
the version in force must have decided.
"""

from __future__ import annotations

import time
from random import Random

from tests.support.walking import Verdict, Walk

from campaigns.report import Figures, Report

TITLE = "hot upgrades at 1,000 ticks a second"
UPGRADES = 100
WALKS = {Figures.QUICK: 2, Figures.FULL: 100}
EVERY_TENTH = 10
KILLS = 5
"""In one walk."""


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Walk with one seed after the other."""
    report = Report(name="upgrades", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    verdicts: list[tuple[str, Verdict]] = []
    while len(verdicts) < WALKS[figures] and time.monotonic() < ends:
        number = seed + len(verdicts)
        hosted = len(verdicts) % 2 == 1
        verdicts.append((f"seed {number}", await _walk(number, hosted=hosted)))
    _tell(report, verdicts)
    return report


async def _walk(seed: int, *, hosted: bool) -> Verdict:
    draw = Random(seed)
    walk = Walk(UPGRADES + 1, seed=seed, hosted=hosted)
    await walk.begin()
    await walk.tick(20)
    kills = set(draw.sample(range(UPGRADES // 2, UPGRADES), KILLS))
    for number in range(1, UPGRADES + 1):
        breaks = number % EVERY_TENTH == EVERY_TENTH - 1
        await walk.upgrade(number, shadow=draw.randrange(1, 30), breaks=breaks)
        if number in kills:
            await walk.restart()
    await walk.tick(50)
    verdict = await walk.judge()
    await walk.end()
    return verdict


def _tell(report: Report, verdicts: list[tuple[str, Verdict]]) -> None:
    report.least("walks", len(verdicts), WALKS[report.figures])
    report.least("upgrades", sum(v.cut_over for _, v in verdicts), UPGRADES * len(verdicts))
    report.tell("rolled back", sum(v.rolled_back for _, v in verdicts))
    report.tell("steps", sum(len(v.wakes) for _, v in verdicts))
    report.none("missed or added wakes", [name for name, v in verdicts if v.missed])
    report.none("double acts", [name for name, v in verdicts if v.double])
    unlike = [name for name, v in verdicts if v.wakes != v.wanted]
    report.none("decisions by another version than the one in force", unlike)
