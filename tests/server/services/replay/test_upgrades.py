"""A replay decides each step with the version that decided it, and says where it has not got it."""

from __future__ import annotations

from tests.support.versions import NAME, edition, rule
from tests.support.walking import Walk

from axisor_server.adapters.memory.editions import MemoryEditions
from axisor_server.services.replay import Verdict, replay

UPGRADES = 6


async def walked() -> Walk:
    """Return a run that was upgraded several times, and rolled back once."""
    walk = Walk(UPGRADES + 1, seed=5)
    await walk.begin()
    for number in range(1, UPGRADES + 1):
        await walk.upgrade(number, breaks=number == 4)
    await walk.bench.clock.advance(1)
    walk.broken.clear()
    await walk.end()
    return walk


def again(walk: Walk, numbers: range) -> Verdict:
    """Return what a replay says that has some of the versions."""
    made = [edition(rule(number)) for number in numbers]
    strategies = {NAME: made[0].strategy}
    entries = [entry for entry in walk.bench.published if entry.stream.startswith("accounts/")]
    return replay(entries, strategies, editions=MemoryEditions(made))


async def test_each_step_is_decided_again_by_the_version_that_decided_it() -> None:
    verdict = again(await walked(), range(UPGRADES + 1))

    assert verdict.divergence is None
    assert verdict.decisions > 20
    assert verdict.not_at_hand == 0


async def test_steps_of_versions_that_are_not_at_hand_are_named_and_are_no_divergence() -> None:
    walk = await walked()
    whole = again(walk, range(UPGRADES + 1))

    verdict = again(walk, range(3))

    assert verdict.divergence is None
    assert verdict.not_at_hand > 0
    assert verdict.decisions + verdict.not_at_hand == whole.decisions
    assert any("1.3+" in each for each in verdict.missing)
    assert not any("1.1+" in each for each in verdict.missing)


async def test_without_versions_the_code_that_is_here_decides_and_differs() -> None:
    walk = await walked()
    entries = [entry for entry in walk.bench.published if entry.stream.startswith("accounts/")]

    verdict = replay(entries, {NAME: edition(rule(0)).strategy})

    assert verdict.divergence is not None
