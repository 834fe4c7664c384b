"""The wake index finds what a naive scan finds, and is small."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from axisor.intents import Wake
from axisor.model import Tick
from axisor_server.engine.wakes import WakeIndex

NOW = datetime(2026, 1, 1, tzinfo=UTC)
prices = st.integers(1, 60).map(Decimal)
maybe = st.none() | prices
maybe_any = maybe | st.just(Decimal(0))  # above zero is how a run asks for every tick
keys = st.sampled_from([f"run-{n}" for n in range(12)])
times = st.none() | st.integers(0, 50).map(lambda s: NOW + timedelta(seconds=s))


def tick(low: Decimal, high: Decimal, time: datetime = NOW) -> Tick:
    return Tick(time=time, received=time, last=max(low, min(high, low)), bid=low, ask=high)


class IndexAgainstScan(RuleBasedStateMachine):
    """Every history of sets and drops answers as a scan over all keys would."""

    def __init__(self) -> None:
        super().__init__()
        self.index = WakeIndex()
        self.held: dict[str, Wake] = {}
        self.every: dict[str, None] = {}

    @rule(key=keys, below=maybe, above=maybe_any, at=times, every=st.booleans())
    def set(self, key, below, above, at, every):
        self.index.set(key, Wake(below=below, above=above, at=at), every_tick=every)
        self.held[key] = Wake(below=below, above=above, at=at)
        self.every.pop(key, None)
        if every:
            self.every[key] = None

    @rule(key=keys)
    def drop(self, key):
        self.index.drop(key)
        self.held.pop(key, None)
        self.every.pop(key, None)

    @rule(low=prices, spread=st.integers(0, 20))
    def crossed(self, low, spread):
        seen = tick(low, low + spread)
        depth = {}
        for key, wake in self.held.items():
            found = []
            if wake.below is not None and seen.low <= wake.below:
                found.append(wake.below / seen.low)
            if wake.above is not None and seen.high >= wake.above:
                found.append(seen.high / wake.above if wake.above else Decimal("Infinity"))
            if found:
                depth[key] = max(found)
        expected = sorted(depth, key=lambda key: (-depth[key], key))
        assert self.index.crossed(seen) == expected

    @rule(seconds=st.integers(0, 50))
    def due(self, seconds):
        now = NOW + timedelta(seconds=seconds)
        expected = sorted((w.at, k) for k, w in self.held.items() if w.at and w.at <= now)
        assert self.index.due(now) == [(key, at) for at, key in expected]
        for _, key in expected:
            held = self.held[key]
            self.held[key] = Wake(below=held.below, above=held.above)

    @invariant()
    def every_tick_keys_are_kept(self):
        assert self.index.every() == tuple(self.every)


TestIndexAgainstScan = IndexAgainstScan.TestCase


@given(st.lists(prices, min_size=1, max_size=30), prices)
def test_the_deepest_crossed_comes_first(bounds, low):
    index = WakeIndex()
    for number, bound in enumerate(bounds):
        index.set(f"{number:03}", Wake(below=bound))

    found = index.crossed(tick(low, low))

    depths = [bounds[int(key)] for key in found]
    assert depths == sorted(depths, reverse=True)
    assert all(bound >= low for bound in depths)


def test_a_key_costs_at_most_600_bytes():
    count = 10_000
    names = [f"{number:036}" for number in range(count)]
    wakes = [Wake(below=Decimal(n) / 2, above=Decimal(n) * 2) for n in range(1, count + 1)]
    tracemalloc.start()
    index = WakeIndex()

    for name, wake in zip(names, wakes, strict=True):
        index.set(name, wake)

    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / count <= 600
    assert len(index) == count
