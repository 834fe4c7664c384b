"""What was decided once is decided again, to the byte, whatever happened in between."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.core import STRATEGIES, Bench, RescueMemory, Rescuer
from tests.support.histories import entries, live_through
from tests.support.rechain import rechained

from axisor.errors import StrategyNotFound
from axisor.events import CommandReceived, IntentReviewRefused, StepTaken
from axisor.intents import AddMargin, Intent
from axisor.model import Tick
from axisor.strategy import Config, Strategy, View
from axisor_server.domain.journal import Entry
from axisor_server.services.replay import Verdict, replay

SEEDS = range(30)


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def verdict(bench: Bench, **options: Any) -> Verdict:
    return replay(await entries(bench), STRATEGIES, **options)


async def test_a_rescue_is_decided_again(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100")
    await engine.stop(1)

    found = await verdict(bench)

    assert found.divergence is None
    assert found.decisions == len(await bench.payloads(StepTaken)) >= 1
    assert found.unrecorded == 0
    assert found.entries == len(await entries(bench))


async def test_an_action_that_left_again_after_a_refused_stamp_is_decided_again(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    bench.venue.faults = ["refuse-stamp"]
    await bench.move("98100")
    await engine.stop(1)

    found = await verdict(bench)

    assert len(bench.venue.sent) == 2
    assert found.divergence is None


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_happened_every_decision_comes_out_the_same(seed):
    bench = Bench(balance=2_000_000)
    await bench.add_account()
    await live_through(bench, seed)

    found = await verdict(bench)

    assert found.divergence is None, found.divergence
    made = [*await bench.payloads(StepTaken), *await bench.payloads(CommandReceived)]
    assert found.decisions == len(made) > 20


async def test_the_histories_have_refusals_of_every_origin():
    refused = []
    for seed in range(8):
        bench = Bench(balance=2_000_000)
        await bench.add_account()
        await live_through(bench, seed)
        refused += await bench.payloads(IntentReviewRefused)

    assert {r.reviewer for r in refused} == {True, False}
    reasons = {r.reason for r in refused}
    assert reasons >= {"ACTION_PENDING", "LEASH_EXCEEDED", "HALTED", "RESERVE_BROKEN"}


async def test_a_journal_from_before_says_how_far_it_cannot_be_decided_again(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "mirror")
    await bench.move("98100", seconds=5)
    await bench.crash(engine)
    old = tuple(_without_saw(entry) for entry in await entries(bench))
    await bench.clock.advance(6)
    engine = bench.engine()
    await bench.up(engine)
    await bench.move("98050", seconds=5)
    await engine.stop(1)
    new = (await entries(bench))[len(old) :]

    found = replay(rechained((*old, *new)), STRATEGIES)

    steps = [e.sequence for e in old if e.kind == "StepTaken"]
    assert found.divergence is None
    assert (found.unrecorded, found.unrecorded_until) == (len(steps), steps[-1])
    assert found.decisions == sum(e.kind == "StepTaken" for e in new) > 0


async def test_a_strategy_that_decides_otherwise_now_is_found_at_its_first_such_step(bench):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer")
    await bench.move("98100", seconds=5)
    await engine.stop(1)

    found = replay(await entries(bench), {**STRATEGIES, "rescuer": Stingy}).divergence

    assert found is not None
    assert (found.kind, found.path) == ("StepTaken", "$.intents[0].amount")
    assert (found.recorded, found.replayed) == ("82541", "82540")


@pytest.mark.parametrize(
    ("strategy", "note"),
    [
        ("Idle", "The strategy asks for nothing and remembers nothing new."),
        ("Failing", "The strategy fails with ZeroDivisionError: "),
        ("Choosy", "The configuration of rescuer is not valid"),
    ],
)
async def test_a_step_that_cannot_be_taken_again_says_why(bench, strategy, note):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "rescuer", b'{"amount": 500}')
    await bench.move("98100", seconds=5)
    await engine.stop(1)
    changed = {"Idle": Idle, "Failing": Failing, "Choosy": Choosy}[strategy]

    found = replay(await entries(bench), {**STRATEGIES, "rescuer": changed}).divergence

    assert found is not None
    assert found.kind == "StepTaken"
    assert found.note.startswith(note)


async def test_a_run_whose_strategy_is_not_here_cannot_be_compared(bench):
    engine = bench.engine()
    await bench.up(engine)
    bench.long()
    await bench.run(engine, "mirror")
    await bench.move("99000")
    await engine.stop(1)

    with pytest.raises(StrategyNotFound, match="mirror"):
        replay(await entries(bench), {})


class Stingy(Rescuer):
    """A later version that adds a sat less."""

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Act below the trigger."""
        wishes = super().on_wake(tick, view)
        return [replace(w, amount=w.amount - 1) if isinstance(w, AddMargin) else w for w in wishes]


class Idle(Rescuer):
    """A later version that sleeps."""

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Sleep."""
        return []


class Failing(Rescuer):
    """A later version that breaks."""

    def on_wake(self, tick: Tick, view: View) -> list[Intent]:
        """Break."""
        return [AddMargin(position="p", amount=1 // 0)]


class OtherConfig(Config, frozen=True):
    """A later configuration that has no amount."""

    trigger: Decimal = Decimal("98116")


class Choosy(Strategy[OtherConfig, RescueMemory]):
    """A later version that does not take the old configuration."""

    name = "rescuer"


def _without_saw(entry: Entry) -> Entry:
    payload = json.loads(entry.payload)
    for field in ("saw", "wake", "amount", "leash", "reviewer"):
        if entry.kind != "IntentPlanned" or field == "amount":
            payload.pop(field, None)
    return replace(entry, payload=json.dumps(payload, separators=(",", ":")).encode())
