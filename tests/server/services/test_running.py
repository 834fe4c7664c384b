"""Runners are let in by their own token, watched, ended for a fault, and kept out after three."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.running import CALL, FINE, SECOND, Scene, Talk, scene, seated

from axisor.errors import (
    PermissionDenied,
    PluginQuarantined,
    RunnerFault,
    RunnerUnwanted,
    TokenInvalid,
)
from axisor.model import Permission
from axisor.remote import Handled
from axisor.wire.runners import Beat, Failed, Hello, Said, Welcome
from axisor_server.engine.hosts import Answered, Barred, Lost, Ready
from axisor_server.services.principals import Peer
from axisor_server.services.running import Bars

__all__ = ["scene"]


async def test_a_spawned_runner_is_welcomed_asked_and_heard(scene: Scene) -> None:
    talk = await seated(scene)

    scene.runners.ask("r", CALL, SECOND)
    await scene.settle()
    talk.said.put_nowait(FINE)
    await scene.settle()

    assert isinstance(talk.told[0], Welcome)
    assert talk.told[1] == CALL
    assert [type(heard) for heard in scene.heard["r"]] == [Ready, Answered]


async def test_the_token_of_a_run_does_one_thing_for_one_run(scene: Scene) -> None:
    scene.open("r")
    scene.open("other")
    await scene.settle()
    token = scene.nursery.born[0][1].reveal()

    found = await scene.runners.principal(token, Peer())

    assert (found.name, found.platform) == ("runs/r", Permission.NONE)
    assert found.methods == frozenset({"axisor.v1.RunnerService/Run"})
    assert found.accounts == {"a": Permission.READ | Permission.GUARD}
    with pytest.raises(PermissionDenied):
        await scene.come("other", "runs/r").task
    with pytest.raises(PermissionDenied):
        await scene.come("r", "owner").task
    with pytest.raises(TokenInvalid):
        await scene.runners.principal(token + "x", Peer())


async def test_a_token_ends_with_its_run(scene: Scene) -> None:
    scene.open("r")
    await scene.settle()
    token = scene.nursery.born[0][1].reveal()
    found = await scene.runners.principal(token, Peer())

    scene.runners.close("r")

    assert not await scene.runners.still(found)
    with pytest.raises(TokenInvalid):
        await scene.runners.principal(token, Peer())


@pytest.mark.parametrize(
    ("words", "wait_s", "why"),
    [
        ([], 1.3, "did not answer within 1000 ms"),
        ([Failed(sequence=1, text="it broke")], 0.1, "it broke"),
        ([Handled(sequence=1, intents=b"no", memory=b"{}", changed=True)], 0.1, "cannot be read"),
        ([Handled(sequence=1, intents=b"[]", memory=b"[" * 9_999, changed=True)], 0.1, "be read"),
        ([Beat()] * 50, 0.1, "too much"),
        ([Handled(sequence=9, intents=b"[]", memory=b"{}", changed=True)] * 50, 0.1, "too much"),
    ],
)
async def test_a_runner_that_breaks_a_rule_is_ended(
    scene: Scene, words: list[Said], wait_s: float, why: str
) -> None:
    talk = await seated(scene)
    scene.runners.ask("r", CALL, SECOND)
    for word in words:
        talk.said.put_nowait(word)

    await scene.settle(wait_s)

    with pytest.raises(RunnerFault, match=why):
        await talk.task
    assert isinstance(scene.heard["r"][-1], Lost)
    assert scene.nursery.born[0][2].over.is_set()


async def test_a_leash_may_ask_for_an_answer_sooner_and_not_later(scene: Scene) -> None:
    soon, late = await seated(scene, "soon"), await seated(scene, "late")
    scene.runners.ask("soon", CALL, timedelta(milliseconds=200))
    scene.runners.ask("late", CALL, timedelta(seconds=60))

    await scene.settle(0.5)
    with pytest.raises(RunnerFault, match="within 200 ms"):
        await soon.task
    assert not late.task.done()
    await scene.settle(1)
    with pytest.raises(RunnerFault, match="within 1000 ms"):
        await late.task


async def test_time_without_a_processor_is_not_held_against_a_runner_up_to_a_bound(
    scene: Scene,
) -> None:
    talk = await seated(scene)
    born = scene.nursery.born[0][2]
    scene.runners.ask("r", CALL, SECOND)

    for _ in range(30):
        born.waited += 1_000
        await scene.settle(1)
    assert not talk.task.done()
    born.waited += 2_000
    await scene.settle(2)

    with pytest.raises(RunnerFault, match="did not answer within 1000 ms"):
        await talk.task


async def test_a_runner_that_gets_no_processor_may_come_later_and_one_that_sleeps_may_not(
    scene: Scene,
) -> None:
    scene.open("starved")
    scene.open("asleep")
    await scene.settle()
    scene.nursery.born[0][2].waited = 4_000

    await scene.settle(10.5)
    over = [born.over.is_set() for _, _, born in scene.nursery.born[:2]]
    await scene.settle(4)

    assert over == [False, True]
    assert scene.nursery.born[0][2].over.is_set()


async def test_time_in_which_it_was_told_to_stand_still_is_not_held_against_a_runner(
    scene: Scene,
) -> None:
    talk = await seated(scene)
    scene.runners.ask("r", CALL, SECOND)

    scene.nursery.stood = 600
    await scene.settle(1.5)
    assert not talk.task.done()
    await scene.settle(0.3)

    with pytest.raises(RunnerFault, match="did not answer within 1000 ms"):
        await talk.task


async def test_one_that_comes_by_itself_does_not_stand_still_and_is_not_excused(
    scene: Scene,
) -> None:
    scene.open("r", plugin="remote")
    talk = scene.come("r", "tokens/t")
    await scene.settle()
    scene.runners.ask("r", CALL, SECOND)

    scene.runners.stand_still()
    scene.nursery.stood = 600
    await scene.settle(1.3)

    with pytest.raises(RunnerFault, match="did not answer within 1000 ms"):
        await talk.task
    assert scene.nursery.hushed == []


async def test_runners_stand_still_while_a_rescue_is_on_its_way(scene: Scene) -> None:
    await seated(scene)

    scene.runners.stand_still()
    scene.runners.stand_still()
    await scene.settle(0.04)
    scene.runners.go_on()
    scene.runners.go_on()

    assert (scene.nursery.hushed, scene.nursery.gone_on) == ([250], 1)


async def test_nothing_is_read_of_a_runner_that_broke_a_rule(scene: Scene) -> None:
    talk = await seated(scene)
    for _ in range(10_000):
        talk.said.put_nowait(Beat())

    await scene.settle(0.1)

    with pytest.raises(RunnerFault, match="too much"):
        await talk.task
    assert talk.said.qsize() > 9_900


async def test_a_runner_that_is_silent_is_ended_and_one_that_beats_is_not(scene: Scene) -> None:
    quiet, alive = await seated(scene, "quiet"), await seated(scene, "alive")

    for _ in range(6):
        alive.said.put_nowait(Beat())
        await scene.settle(1)

    with pytest.raises(RunnerFault, match="silent"):
        await quiet.task
    assert not alive.task.done()


async def test_a_late_answer_is_dropped(scene: Scene) -> None:
    talk = await seated(scene)
    scene.runners.ask("r", CALL, SECOND)
    await scene.settle()

    for word in (FINE, FINE, FINE):
        talk.said.put_nowait(word)
    await scene.settle()

    assert [type(heard) for heard in scene.heard["r"]] == [Ready, Answered]
    assert not talk.task.done()


async def test_a_dead_process_is_followed_by_another_and_the_third_by_none(scene: Scene) -> None:
    scene.open("r")
    scene.open("sister")
    scene.open("else", plugin="remote")
    await scene.settle()
    for _ in range(3):
        mine = [born for run, _, born in scene.nursery.born if run.endswith("/r")]
        mine[-1].over.set()
        await scene.settle(2.5)

    assert len(mine) == 3
    assert scene.barred == [("spawned", "3 faults, the last one: its process ended: exit code 1")]
    assert isinstance(scene.heard["r"][-1], Barred)
    assert isinstance(scene.heard["sister"][-1], Barred)
    assert scene.heard["else"] == []
    assert all(born.over.is_set() for _, _, born in scene.nursery.born)


def test_faults_that_are_far_apart_do_not_count_together() -> None:
    bars = Bars()

    early = [bars.fault("p", "late", now_ms=at) for at in (0, 400_000, 800_000)]
    soon = bars.fault("p", "late", now_ms=900_000)

    assert early == [False, False, False]
    assert soon
    assert bars.reason("p") == "3 faults, the last one: late"
    assert bars.reason("other") == ""
    assert (bars.faults("p"), bars.faults("other")) == (4, 0)


async def test_a_plugin_that_is_kept_out_gets_no_runner(scene: Scene) -> None:
    scene.nursery.broken = True
    scene.open("r")
    await scene.settle(5)

    scene.open("again")

    assert isinstance(scene.heard["again"][-1], Barred)
    assert "cannot be started" in scene.barred[0][1]


async def test_a_runner_that_comes_by_itself_is_let_in_once_and_by_no_runs_token(
    scene: Scene,
) -> None:
    scene.open("r", plugin="remote")
    scene.open("mine")
    await scene.settle()

    first, second = scene.come("r", "tokens/t"), scene.come("r", "tokens/t")
    await scene.settle()

    assert not first.task.done()
    with pytest.raises(RunnerUnwanted):
        await second.task
    with pytest.raises(PermissionDenied):
        await scene.come("r", "runs/mine").task
    with pytest.raises(RunnerUnwanted):
        await scene.come("nobody", "tokens/t").task
    first.task.cancel()
    await scene.settle()


async def test_a_runner_of_another_protocol_is_told_so(scene: Scene) -> None:
    scene.open("r", plugin="remote")

    with pytest.raises(RunnerFault, match="protocol 1"):
        await Talk(scene, "r", "tokens/t", Hello(protocol=2)).task


async def test_a_remote_runner_of_a_plugin_that_is_kept_out_is_turned_away(scene: Scene) -> None:
    for turn in range(3):
        scene.open("r", plugin="remote")
        talk = scene.come("r", "tokens/t")
        await scene.settle()
        scene.runners.ask("r", CALL, SECOND)
        talk.said.put_nowait(Failed(sequence=1, text=f"broke {turn}"))
        await scene.settle()
        with pytest.raises(RunnerFault):
            await talk.task

    assert isinstance(scene.heard["r"][-1], Barred)
    assert [plugin for plugin, _ in scene.barred] == ["remote"]
    with pytest.raises(PluginQuarantined, match="broke 2"):
        await scene.come("r", "tokens/t").task
