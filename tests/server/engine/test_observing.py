"""How often an account is read follows the danger, and what cannot be seen counts as danger."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.core import ACCOUNT, Bench


@pytest.fixture
async def bench():
    bench = Bench()
    await bench.add_account()
    return bench


async def test_a_position_that_could_not_be_read_is_read_again_within_seconds(bench, monkeypatch):
    position = bench.long()
    engine = bench.engine()
    await bench.up(engine)
    whole = bench.venue.state
    hidden = replace(whole(), positions=(), unreadable=(position,))
    answers = [hidden]
    monkeypatch.setattr(bench.venue, "state", lambda: answers.pop() if answers else whole())

    bench.venue.changed.set()
    await bench.clock.advance(1)
    assert engine.view(ACCOUNT).unreadable == {position}
    await bench.clock.advance(5)

    assert engine.view(ACCOUNT).unreadable == frozenset()
    await engine.stop(1)
