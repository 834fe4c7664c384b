"""How soon a core guards again: after a bad start, and after a venue was away for long."""

from __future__ import annotations

import pytest

from axisor_margin_guard import MarginGuard
from tests.support import core
from tests.support.core import ACCOUNT, Bench


async def test_a_first_reading_that_fails_is_tried_again_at_once():
    bench = Bench()
    await bench.add_account()
    bench.long()
    bench.venue.down = True
    engine = bench.engine()
    await bench.up(engine)
    started = bench.clock.monotonic_ms()

    bench.venue.down = False
    while not engine.status().accounts[0].acting:
        await bench.clock.advance(0.05)

    assert bench.clock.monotonic_ms() - started <= 850
    await engine.stop(0)


async def test_after_ten_minutes_without_the_venue_the_first_rescue_takes_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(core.STRATEGIES, "margin-guard", MarginGuard)
    bench = Bench()
    await bench.add_account()
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    await bench.run(engine, "margin-guard")
    bench.venue.down = True
    await bench.clock.advance(600)
    assert engine.view(ACCOUNT).unreadable, "after so long nothing that was read counts"
    await bench.move("98100", seconds=5)
    assert bench.venue.sent == []

    back = bench.clock.monotonic_ms()
    bench.venue.down = False
    while not bench.venue.sent and bench.clock.monotonic_ms() - back < 10_000:
        await bench.clock.advance(0.05)
        bench.venue.move("98100")  # the market goes on, at the price it has

    assert bench.clock.monotonic_ms() - back <= 2_000
    assert len(bench.venue.effects) == 1
    await engine.stop(0)
