"""Runners are let in by their own token, watched, ended for a fault, and kept out after three."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from axisor.errors import (
    PermissionDenied,
    PluginQuarantined,
    RunnerFault,
    RunnerUnwanted,
    TokenInvalid,
)
from axisor.model import Permission
from axisor.ports import Secret
from axisor.remote import Called, Handled
from axisor.wire.runners import Beat, Failed, Hello, Said, Told, Welcome
from axisor_server.adapters.memory import SeededIds, VirtualClock
from axisor_server.domain.hosting import HostedRun
from axisor_server.engine.hosts import Answered, Barred, Heard, Lost, Ready
from axisor_server.services.principals import Peer
from axisor_server.services.running import Bars, Patience, Runners

CALL = Called(sequence=1, config=b"{}", memory=b"", stimulus=b'{"is":"Started"}', view=b"{}")
SECOND = timedelta(seconds=1)
FINE = Handled(sequence=1, intents=b"[]", memory=b"{}", changed=False)


class Born:
    """A process that lives until it is killed, or ended by a test."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.waited = 0

    async def wait(self) -> str:
        """Wait for the end."""
        await self.over.wait()
        return "exit code 1"

    def kill(self) -> None:
        """End it."""
        self.over.set()

    def waited_ms(self) -> int:
        """Return how long it waited for a processor."""
        return self.waited


class Nursery:
    """Starts processes of one plugin; those of others come by themselves."""

    def __init__(self) -> None:
        self.born: list[tuple[str, Secret, Born]] = []
        self.broken = False
        self.hushed: list[int] = []
        self.gone_on = 0
        self.stood = 0

    def hush(self, ms: int) -> bool:
        """Have them stand still."""
        self.hushed.append(ms)
        return True

    def go_on(self) -> None:
        """Let them go on."""
        self.gone_on += 1

    def stood_ms(self) -> int:
        """Return how long they stood still."""
        return self.stood

    def spawns(self, plugin: str) -> bool:
        """Return whether it starts runners of a plugin."""
        return plugin == "spawned"

    async def spawn(self, plugin: str, run: str, token: Secret, *, code: str = "") -> Born:
        """Start one."""
        if self.broken:
            raise FileNotFoundError("no such interpreter")
        self.born.append((run, token, Born()))
        return self.born[-1][2]


class Scene:
    """Runners, what their host hears, and a way to speak as a runner."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.barred: list[tuple[str, str]] = []
        self.nursery = Nursery()
        self.runners = Runners(
            clock=self.clock,
            ids=SeededIds(self.clock, 3),
            bars=Bars(lambda plugin, reason: self.barred.append((plugin, reason))),
            spawner=self.nursery,
            patience=Patience(),
        )
        self.heard: dict[str, list[Heard]] = {}
        self.plugins: dict[str, str] = {}

    def open(self, id: str, *, plugin: str = "spawned") -> HostedRun:
        """Have a runner for a run."""
        run = HostedRun(id=id, account="a", plugin=plugin, strategy="s")
        self.heard[id], self.plugins[id] = [], plugin
        self.runners.open(run, self.heard[id].append)
        return run

    async def settle(self, seconds: float = 0.01) -> None:
        """Let everybody act."""
        await self.clock.advance(seconds)

    def come(self, id: str, caller: str = "") -> Talk:
        """Come as a runner."""
        return Talk(self, id, caller or f"runs/{id}")

    async def end(self) -> None:
        """End all of it."""
        await self.runners.aclose()


class Talk:
    """One conversation, from the runner's side."""

    def __init__(self, scene: Scene, id: str, caller: str, hello: Said | None = None) -> None:
        self.said: asyncio.Queue[Said | None] = asyncio.Queue()
        self.told: list[Told] = []
        self._frames = scene.runners.converse(
            id,
            account="a",
            plugin=scene.plugins.get(id, "nobody"),
            caller=caller,
            hello=hello or Hello(),
            words=self._words(),
        )
        self.task = asyncio.ensure_future(self._read())

    async def _words(self) -> AsyncIterator[Said | None]:
        while True:
            yield await self.said.get()

    async def _read(self) -> None:
        async for told in self._frames:
            self.told.append(told)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Set the scene."""
    made = Scene()
    yield made
    await made.end()


async def seated(scene: Scene, id: str = "r") -> Talk:
    """Return the conversation of a spawned runner that was let in."""
    scene.open(id)
    await scene.settle()
    talk = scene.come(id)
    await scene.settle()
    return talk


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
