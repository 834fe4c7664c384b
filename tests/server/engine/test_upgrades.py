"""Another version of a strategy runs in shadow, takes over, and goes again when it fails."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axisor.errors import (
    RunStateInvalid,
    UpgradeNotFound,
    UpgradeStateInvalid,
    UpgradeUnsound,
    VersionNotFound,
)
from axisor.events import (
    IntentPlanned,
    NoticeGiven,
    RunState,
    StepTaken,
    Ticked,
)
from axisor.intents import Notice
from axisor.states import UpgradeState
from axisor.strategy import Strategy
from axisor.versions import UpgradeEnd, Version
from axisor_server.engine.shadowing import ENDED
from axisor_server.engine.upgrading import ROLLED_BACK
from tests.support.upgrading import (
    ONE,
    TWO,
    Exact,
    Garbled,
    Greedy,
    Narrow,
    Other,
    Plain,
    Raises,
    Renamed,
    Scene,
    Strict,
    Wide,
)


@pytest.fixture(params=[False, True], ids=["in-the-core", "in-runners"])
def hosted(request: pytest.FixtureRequest) -> bool:
    """Return whether the strategies are in runners."""
    found: bool = request.param
    return found


async def test_a_run_says_with_which_version_it_starts_and_says_it_once() -> None:
    scene = Scene(Other)
    await scene.begin()
    await scene.restart()

    said = await scene.upgraded()

    assert [(p.before, p.after, p.by) for p in said] == [(Version(), ONE, UpgradeEnd.STARTED)]
    await scene.end()


async def test_in_shadow_nothing_of_the_new_version_has_an_effect_and_differences_show(
    hosted: bool,
) -> None:
    scene = Scene(Other, hosted=hosted)
    await scene.begin()
    await scene.ask("start")
    for price in ("99900", "99800", "99700"):
        await scene.bench.move(price)

    assert set(await scene.texts()) == {"plain"}
    assert scene.shown.state is UpgradeState.SHADOWING
    assert scene.shown.compared == scene.shown.differing == len(scene.shown.differences) >= 3
    first = scene.shown.differences[0]
    assert ("plain" in first.before[0], "other" in first.after[0]) == (True, True)
    assert first.cause == "Ticked"
    await scene.end()


async def test_a_committed_version_decides_from_the_next_step_on_and_the_memory_goes_on(
    hosted: bool,
) -> None:
    scene = Scene(Other, hosted=hosted)
    await scene.begin()
    await scene.bench.move("99900")
    await scene.ask("start")
    await scene.bench.move("99800")
    made = await scene.ask("commit")
    await scene.bench.move("99700")

    steps = await scene.bench.payloads(StepTaken)
    (cut,) = [p for p in await scene.upgraded() if p.by is UpgradeEnd.CUT_OVER]
    assert (cut.before, cut.after, made.state) == (ONE, TWO, UpgradeState.CUT_OVER)
    told = [step.intents[0].text for step in steps if isinstance(step.intents[0], Notice)]
    assert told == ["plain"] * cut.step + ["other"] * (len(steps) - cut.step)
    assert len(steps) > cut.step
    assert [msgspec.json.decode(s.memory)["ticks"] for s in steps] == [s.step for s in steps]
    await scene.end()


async def test_after_enough_equal_decisions_the_new_version_takes_over_by_itself(
    hosted: bool,
) -> None:
    scene = Scene(type("Same", (Plain,), {}), hosted=hosted)
    await scene.begin()
    await scene.ask("start", wanted=3)
    for price in range(99_900, 99_890, -1):
        await scene.bench.move(str(price), 0.1)

    (cut,) = [p for p in await scene.upgraded() if p.by is UpgradeEnd.CUT_OVER]
    assert cut.step - scene.shown.begun == 3
    assert (scene.shown.state, scene.shown.equal) == (UpgradeState.CUT_OVER, 3)
    await scene.end()


async def test_a_new_version_that_breaks_in_shadow_ends_its_upgrade_and_nothing_else(
    hosted: bool,
) -> None:
    scene = Scene(Raises, hosted=hosted)
    await scene.begin()
    await scene.ask("start")
    await scene.bench.move("98900")
    await scene.bench.move("98800")

    assert scene.shown.state is UpgradeState.CANCELED
    assert "it cannot go on" in scene.shown.reason
    assert await scene.state() is RunState.RUNNING
    assert ENDED in [n.code for n in await scene.bench.payloads(NoticeGiven)]
    assert set(await scene.texts()) == {"plain"}
    await scene.end()


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (Raises, "it cannot go on"),
        (Garbled, "no intent"),
        (Greedy, "day"),
    ],
)
async def test_a_version_that_fails_on_probation_is_undone_and_the_old_one_decides_that_step(
    new: type[Strategy[Any, Any]], why: str
) -> None:
    scene = Scene(new)
    await scene.begin(day_spend=1_000)
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("99500")
    before = len(await scene.bench.payloads(StepTaken))
    await scene.bench.move("98900", 0.1)

    (back,) = [p for p in await scene.upgraded() if p.by is UpgradeEnd.ROLLED_BACK]
    steps = await scene.bench.payloads(StepTaken)
    assert (back.before, back.after, back.step) == (TWO, ONE, before)
    assert why in back.reason
    assert [type(intent).__name__ for intent in steps[before].intents] == ["Notice"]
    assert steps[before].step == before + 1
    assert await scene.bench.payloads(IntentPlanned) == []
    assert scene.shown.state is UpgradeState.ROLLED_BACK
    assert await scene.state() is RunState.RUNNING
    assert ROLLED_BACK in [n.code for n in await scene.bench.payloads(NoticeGiven)]
    await scene.end()


async def test_a_runner_that_dies_on_probation_has_the_old_one_decide_what_it_was_asked() -> None:
    scene = Scene(Raises, hosted=True)
    await scene.begin()
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("98900", 0.2)
    await scene.bench.move("98800", 0.2)

    (back,) = [p for p in await scene.upgraded() if p.by is UpgradeEnd.ROLLED_BACK]
    steps = await scene.bench.payloads(StepTaken)
    causes = [s.cause.tick.price for s in steps[back.step :] if isinstance(s.cause, Ticked)]
    assert "its strategy broke" in back.reason
    assert causes == [98_900, 98_800]
    assert (await scene.texts())[-1] == "plain"
    await scene.end()


async def test_off_probation_a_failure_fails_the_run_as_ever() -> None:
    scene = Scene(Raises)
    await scene.begin()
    await scene.ask("start", probation=1)
    await scene.ask("commit")
    await scene.bench.move("99500")
    await scene.bench.move("98900")

    assert await scene.state() is RunState.FAILED
    assert [p.by for p in await scene.upgraded()][-1] is UpgradeEnd.CUT_OVER
    await scene.end()


async def test_memory_is_brought_into_the_form_of_whoever_takes_over_and_back() -> None:
    scene = Scene(Renamed)
    await scene.begin()
    await scene.bench.move("99900")
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("99800", 0.1)
    before = (await scene.bench.payloads(StepTaken))[-1]
    await scene.bench.move("98900", 0.1)

    cut, back = (await scene.upgraded())[1:]
    after = (await scene.bench.payloads(StepTaken))[-1]
    count = cut.step
    assert msgspec.json.decode(cut.memory) == {"seen": str(count)}
    assert msgspec.json.decode(before.memory) == {"seen": f"{count}|99800"}
    assert msgspec.json.decode(back.memory) == {"ticks": 0}
    assert msgspec.json.decode(after.memory) == {"ticks": 1}
    await scene.end()


async def test_an_old_version_that_cannot_read_the_new_memory_goes_on_from_its_own() -> None:
    scene = Scene(Renamed, old=Exact)
    await scene.begin()
    await scene.bench.move("99900")
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("99800", 0.1)
    await scene.bench.move("98900", 0.1)

    cut, back = (await scene.upgraded())[1:]
    assert msgspec.json.decode(back.memory) == {"ticks": cut.step}
    assert "what it remembered at the cut-over" in back.reason
    assert await scene.state() is RunState.RUNNING
    await scene.end()


async def test_an_old_version_in_a_runner_says_by_failing_that_it_cannot_read_the_memory() -> None:
    scene = Scene(Renamed, old=Exact, hosted=True)
    await scene.begin()
    await scene.bench.move("99900")
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("99800", 0.2)
    for price in ("98900", "98800"):
        await scene.bench.move(price, 0.2)

    cut, *back = (await scene.upgraded())[1:]
    assert [p.by for p in back] == [UpgradeEnd.ROLLED_BACK] * 2
    assert msgspec.json.decode(back[-1].memory) == {"ticks": cut.step}
    assert (await scene.texts())[-1] == "plain"
    assert await scene.state() is RunState.RUNNING
    await scene.end()


async def test_an_old_version_that_does_not_take_the_configuration_does_not_stand_by() -> None:
    scene = Scene(Wide, old=Narrow)
    await scene.begin()
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    stood = scene.shown.standing_by
    await scene.engine.run_verb(scene.run, "configure", principal="owner", config=b'{"most":9}')
    await scene.bench.move("98900", 0.2)

    assert (stood, scene.shown.standing_by) == (True, False)
    assert await scene.state() is RunState.FAILED
    await scene.end()


async def test_a_version_that_cannot_go_on_from_the_memory_does_not_take_over() -> None:
    scene = Scene(Strict)
    await scene.begin()
    await scene.bench.move("99900")
    await scene.ask("start")

    with pytest.raises(UpgradeUnsound, match="I begin with nothing"):
        await scene.ask("commit")

    assert scene.shown.state is UpgradeState.SHADOWING
    await scene.end()


async def test_what_cannot_be_done_to_an_upgrade_is_refused() -> None:
    scene = Scene(Other)
    await scene.begin()
    for verb in ("commit", "cancel"):
        with pytest.raises(UpgradeNotFound):
            await scene.ask(verb)
    await scene.ask("start", probation=5)
    with pytest.raises(UpgradeStateInvalid, match="shadowing already"):
        await scene.ask("start")
    await scene.ask("cancel")
    for verb in ("commit", "cancel"):
        with pytest.raises(UpgradeStateInvalid, match="canceled"):
            await scene.ask(verb)
    await scene.ask("start")
    scene.editions.drop(TWO)
    with pytest.raises(UpgradeUnsound, match="not at hand"):
        await scene.ask("commit")
    await scene.engine.run_verb(scene.run, "pause", principal="owner")
    with pytest.raises(RunStateInvalid, match="PAUSED"):
        await scene.ask("commit")
    with pytest.raises(VersionNotFound):
        await scene.ask("start")
    await scene.end()


async def test_an_upgrade_touches_no_other_run_of_the_same_strategy() -> None:
    scene = Scene(Other)
    await scene.begin()
    beside = await scene.bench.run(scene.engine, Plain.name)
    await scene.ask("start")
    await scene.ask("commit")
    before = len(await scene.bench.payloads(StepTaken))
    await scene.bench.move("99900", 0.1)

    told = {
        step.run: step.intents[0].text
        for step in (await scene.bench.payloads(StepTaken))[before:]
        if isinstance(step.intents[0], Notice)
    }
    assert told == {scene.run: "other", beside: "plain"}
    assert {p.run for p in await scene.upgraded() if p.by is UpgradeEnd.CUT_OVER} == {scene.run}
    await scene.end()
