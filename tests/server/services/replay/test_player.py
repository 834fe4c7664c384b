"""What was decided once is decided again, to the byte, whatever happened in between."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.core import STRATEGIES, Bench
from tests.support.histories import entries, live_through

from axisor.events import CommandReceived, IntentReviewRefused, StepTaken
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
