"""A run whose strategy is elsewhere decides the same, holds nobody up, and is reviewed like any."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from axisor.events import (
    CoverageChanged,
    CoverageState,
    IntentPlanned,
    IntentReviewRefused,
    NoticeGiven,
    RunChanged,
    RunState,
    StepTaken,
)
from axisor.intents import AddMargin
from axisor.remote import Handled
from axisor.strategy import Strategy
from axisor_margin_guard import MarginGuard, preset
from axisor_server.engine.hosting import NOTICE
from axisor_server.services.replay import replay
from tests.support.core import Bench, Greedy, Rescuer, Teller
from tests.support.hosting import LocalHost

PRICES = ("99500", "98600", "98100", "97000", "97900", "96800")
ASKS = Handled(
    sequence=1,
    intents=b'[{"is":"AddMargin","position":"x","amount":7}]',
    memory=b"{}",
    changed=True,
)


async def decided(kind: type[Strategy[Any, Any]], seed: int, *, hosted: bool) -> str:
    """Return the digest of all decisions of a run over the same prices, here or in a runner."""
    draw = Random(seed)
    prices = [str(99_000 + draw.randrange(-2_400, 1_000)) for _ in range(12)]
    bench, host = Bench(), LocalHost([kind])
    await bench.add_account()
    bench.long()
    engine = bench.engine(strategies=host.offers() if hosted else (), host=host)
    await bench.up(engine)
    await bench.run(engine, kind.name, day_spend=200_000)
    for price in prices:
        await bench.move(price, 1.0)
    await bench.crash(engine)
    assert len(host.opened) == hosted
    steps, planned = await bench.payloads(StepTaken), await bench.payloads(IntentPlanned)
    assert steps
    assert planned
    made = [(s.step, s.cause, s.intents, s.memory, s.wake) for s in steps]
    asked = [(p.action, p.step, p.amount) for p in planned]
    return hashlib.sha256(msgspec.json.encode((made, asked))).hexdigest()


class Scene:
    """A core with a hosted strategy beside a guard of its own."""

    def __init__(self, *, at_once: bool = False) -> None:
        self.bench = Bench()
        self.host = LocalHost([Greedy, Teller], at_once=at_once)

    async def begin(self, strategy: str = "greedy", **leash: Any) -> str:
        """Start a core and the strangers' run in it; returns the run."""
        await self.bench.add_account()
        self.position = self.bench.long()
        self.engine = self.bench.engine(strategies=self.host.offers(), host=self.host)
        await self.bench.up(self.engine)
        self.run = await self.bench.run(self.engine, strategy, **leash)
        return self.run

    async def state(self) -> RunState:
        """Return the state of the strangers' run."""
        said = [p for p in await self.bench.payloads(RunChanged) if p.run == self.run]
        return said[-1].state

    async def end(self) -> None:
        """End the core."""
        await self.bench.crash(self.engine)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", [Rescuer, Greedy])
async def test_the_same_class_decides_the_same_in_the_core_and_in_a_runner(
    kind: type[Strategy[Any, Any]], seed: int
) -> None:
    print(f"seed {seed}")

    inline = await decided(kind, seed, hosted=False)

    assert await decided(kind, seed, hosted=True) == inline


async def test_a_runner_that_does_not_answer_keeps_no_guard_waiting() -> None:
    scene = Scene()
    await scene.begin()
    await scene.bench.run(scene.engine, "rescuer")

    await scene.bench.move("98000", 1.0)

    assert scene.host.calls[scene.run], "the runner was asked"
    rescues = [p for p in await scene.bench.payloads(IntentPlanned) if p.run != scene.run]
    assert [p.action.amount for p in rescues if isinstance(p.action, AddMargin)] == [82_541]
    await scene.end()


async def test_only_one_call_is_under_way_and_only_the_latest_tick_waits() -> None:
    scene = Scene()
    run = await scene.begin()
    for price in ("99900", "99800", "99700"):
        await scene.bench.move(price, 0.1)

    before = len(scene.host.calls[run])
    scene.host.answer(run)
    await scene.bench.clock.advance(0.1)
    scene.host.answer(run)
    await scene.bench.clock.advance(0.1)

    assert before == 1
    assert any(b"99700" in call.stimulus for call in scene.host.calls[run])
    assert not any(b"99900" in call.stimulus for call in scene.host.calls[run])
    await scene.end()


async def test_an_answer_that_comes_again_or_for_an_older_call_counts_for_nothing() -> None:
    scene = Scene()
    run = await scene.begin()
    await scene.bench.clock.advance(0.1)
    asked = scene.host.calls[run][0].sequence

    for sequence in (asked + 7, asked, asked, asked):
        scene.host.say(run, msgspec.structs.replace(ASKS, sequence=sequence))
        await scene.bench.clock.advance(0.1)

    assert [s.run for s in await scene.bench.payloads(StepTaken)] == [run]
    await scene.end()


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (b'{"is":"AddMargin","position":"someone-elses","amount":5}', "POSITION_NOT_FOUND"),
        (b'{"is":"OpenPosition","side":"buy","leverage":5,"quantity":1}', "PERMISSION_DENIED"),
        (b'{"is":"AddMargin","position":"POSITION","amount":90000}', "LEASH_EXCEEDED"),
    ],
)
async def test_what_a_runner_asks_for_passes_the_review_or_not_at_all(
    intent: bytes, reason: str
) -> None:
    scene = Scene()
    run = await scene.begin(day_spend=1_000)
    asked = scene.host.calls[run][0].sequence
    intents = b"[" + intent.replace(b"POSITION", scene.position.encode()) + b"]"
    if b'"position":"POSITION"' not in intent:
        intents = b"[" + intent + b"]"

    scene.host.say(run, msgspec.structs.replace(ASKS, sequence=asked, intents=intents))
    await scene.bench.clock.advance(0.1)

    refused = await scene.bench.payloads(IntentReviewRefused)
    assert [p.reason for p in refused] == [reason]
    assert await scene.bench.payloads(IntentPlanned) == []
    await scene.end()


async def test_the_runner_that_comes_after_one_that_died_begins_anew_with_the_memory() -> None:
    scene = Scene()
    run = await scene.begin()
    await scene.bench.move("99900", 0.1)

    scene.host.lose(run)
    await scene.bench.clock.advance(0.1)

    assert scene.host.calls[run][-1].stimulus == b'{"is":"Started"}'
    assert await scene.state() is RunState.RUNNING
    await scene.end()


async def test_a_run_whose_plugin_is_kept_out_fails_with_an_alert() -> None:
    scene = Scene()
    run = await scene.begin()

    scene.host.bar(run)
    await scene.bench.clock.advance(0.1)

    assert await scene.state() is RunState.FAILED
    assert [n.code for n in await scene.bench.payloads(NoticeGiven)] == [NOTICE]
    assert scene.host.closed == [run]
    await scene.end()


async def test_a_guard_in_a_runner_acts_and_is_never_counted_as_protection() -> None:
    bench, host = Bench(), LocalHost([MarginGuard])
    await bench.add_account()
    bench.long()
    engine = bench.engine(strategies=host.offers(), host=host)
    await bench.up(engine)
    run = await bench.run(engine, MarginGuard.name, msgspec.json.encode(preset("normal")))
    await bench.move("98000", 1.0)
    acted = await bench.payloads(IntentPlanned)
    beside = engine.status().accounts[0]

    host.bar(run)
    await bench.clock.advance(0.1)

    left = engine.status().accounts[0]
    said = [p.coverage.state for p in await bench.payloads(CoverageChanged)]
    assert [p.run for p in acted] == [run]
    assert (beside.positions, beside.protected) == (1, 0)
    assert beside.runs == ((run, RunState.RUNNING),)
    assert (left.positions, left.protected) == (1, 0)
    assert left.runs == ((run, RunState.FAILED),)
    assert set(said) == {CoverageState.UNPROTECTED}
    await bench.crash(engine)


async def test_a_runner_is_asked_to_answer_within_what_the_leash_allows() -> None:
    scene = Scene()
    run = await scene.begin(step=timedelta(milliseconds=300))

    assert scene.host.within[run] == timedelta(milliseconds=300)
    await scene.end()


async def test_a_run_that_is_stopped_has_its_last_wish_heard() -> None:
    scene = Scene()
    run = await scene.begin()
    scene.host.answer(run)
    await scene.bench.clock.advance(0.1)

    await scene.engine.run_verb(run, "stop", principal="owner")
    waiting = await scene.state()
    while scene.host.calls[run][-1].stimulus != b'{"is":"Stopped"}':
        scene.host.answer(run)
        await scene.bench.clock.advance(0.1)
    scene.host.answer(run)
    await scene.bench.clock.advance(0.1)

    assert waiting is RunState.STOPPING
    assert await scene.state() is RunState.STOPPED
    assert scene.host.closed == [run]
    await scene.end()


async def test_a_run_is_stopped_though_its_runner_dies_instead_of_answering() -> None:
    scene = Scene()
    run = await scene.begin()
    await scene.engine.run_verb(run, "stop", principal="owner")

    scene.host.lose(run)
    await scene.bench.clock.advance(0.1)

    assert await scene.state() is RunState.STOPPED
    await scene.end()


async def test_a_runner_that_does_not_keep_up_fails_its_run() -> None:
    scene = Scene()
    await scene.begin("teller")
    for _ in range(90):
        scene.bench.long(quantity=1, leverage=1)
        await scene.bench.clock.advance(1)

    assert await scene.state() is RunState.FAILED
    await scene.end()


async def test_a_journal_with_decisions_of_runners_is_replayed() -> None:
    scene = Scene(at_once=True)
    await scene.begin(day_spend=25_000)
    for price in PRICES:
        await scene.bench.move(price, 0.5)
    await scene.end()

    entries = [entry for entry in scene.bench.published if entry.stream.startswith("accounts/")]
    verdict = replay(entries, {each.name: each for each in scene.host.offers()})

    assert verdict.divergence is None
    assert verdict.decisions > 3


async def test_a_leash_counts_the_wishes_of_a_minute_of_a_runner_too() -> None:
    scene = Scene(at_once=True)
    await scene.begin(intents_per_minute=2)
    for price in PRICES:
        await scene.bench.move(price, 0.2)

    assert len(await scene.bench.payloads(IntentPlanned)) == 2
    await scene.end()
