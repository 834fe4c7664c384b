"""How often an account is read follows the danger, and what cannot be seen counts as danger."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from axisor.errors import VenueUnavailable
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


async def test_a_venue_that_was_away_for_long_is_looked_at_every_moment(bench, monkeypatch):
    bench.long()
    engine = bench.engine()
    await bench.up(engine)
    whole = bench.venue.state
    tried: list[int] = []

    def away():
        tried.append(bench.clock.monotonic_ms())
        raise VenueUnavailable("It is away.")

    monkeypatch.setattr(bench.venue, "state", away)
    bench.venue.changed.set()
    while len(tried) < 3 or not engine.view(ACCOUNT).unreadable:
        await bench.clock.advance(0.5)
    await bench.clock.advance(2)
    monkeypatch.setattr(bench.venue, "state", whole)
    await bench.clock.advance(0.8)

    assert max(b - a for a, b in pairwise(tried[-2:])) <= 700
    assert engine.view(ACCOUNT).unreadable == frozenset()
    await engine.stop(1)
