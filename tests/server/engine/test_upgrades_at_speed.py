"""Upgrades at 1,000 ticks a second: none missed, nothing done twice, each step by one version."""

from __future__ import annotations

import pytest

from tests.support.walking import Walk

UPGRADES = 100
EVERY_TENTH = 10


async def upgraded(walk: Walk, count: int) -> None:
    """Upgrade a run so often; every tenth version breaks once it decides."""
    await walk.begin()
    await walk.tick(20)
    for number in range(1, count + 1):
        await walk.upgrade(number, breaks=number % EVERY_TENTH == EVERY_TENTH - 1)
    await walk.tick(50)


@pytest.mark.parametrize(
    ("count", "hosted"), [(UPGRADES, False), (30, True)], ids=["in-the-core", "in-runners"]
)
async def test_upgrades_at_full_speed_decide_as_piece_by_piece(count: int, hosted: bool) -> None:
    walk = Walk(count + 1, seed=7, hosted=hosted)
    await upgraded(walk, count)

    verdict = await walk.judge()

    assert verdict.wakes == verdict.wanted
    assert (verdict.missed, verdict.double) == (0, 0)
    assert verdict.effects == verdict.planned
    assert (verdict.cut_over, verdict.rolled_back) == (count, count // EVERY_TENTH)
    assert len({wake.number for wake in verdict.wakes}) > count // 2
    assert verdict.refused == 0
    await walk.end()


@pytest.mark.parametrize("failpoint", ["version-planned", "version-committed"])
@pytest.mark.parametrize("move", ["start", "commit", "cancel", "roll-back"])
async def test_a_core_killed_at_a_step_of_an_upgrade_leaves_one_version_in_force(
    failpoint: str, move: str
) -> None:
    walk = Walk(2, seed=3)
    await walk.begin()
    await walk.tick(20)
    if move != "start":
        await walk.ask("start", 1, probation=50)
        await walk.tick(10)
    if move == "roll-back":
        await walk.ask("commit")
        await walk.tick(10)
        walk.broken.add(1)
    await walk.restart(failpoint)
    asking = None if move == "roll-back" else walk.asking(move, 1, probation=50)
    while not walk.bench.stood:
        await walk.stand()
        if move == "roll-back":
            await walk.tick()
    if (move, failpoint) == ("roll-back", "version-planned"):
        walk.prices.pop()  # nobody decided at it: the core died before, and begins with the present

    await walk.restart()
    await walk.tick(60)

    verdict = await walk.judge()
    assert verdict.wakes == verdict.wanted
    assert verdict.effects == verdict.planned
    assert verdict.rolled_back == (move == "roll-back")
    assert verdict.cut_over == (move in ("commit", "roll-back"))
    if asking is not None:
        asking.cancel()
    await walk.end()
