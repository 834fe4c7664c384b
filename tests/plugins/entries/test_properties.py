"""A latch fires once until armed again, a schedule at most once for each of its times."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from axisor.intents import OpenPosition
from axisor.testing import Harness
from axisor.testing.harness import START
from axisor_entries import Dca, Grid, PriceEntry
from axisor_entries.latch import Latch
from axisor_entries.schedule import Look, Schedule

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)
PRICES = st.lists(st.integers(180_000, 220_000).map(lambda h: Decimal(h) / 2), max_size=40)


@many
@given(PRICES, st.booleans())
def test_between_two_openings_the_price_went_back(prices: list[Decimal], falling: bool):
    level = {"below": 100_000} if falling else {"above": 100_000}
    harness = Harness(PriceEntry, margin=1_000, again=True, rearm=2, **level)
    way, since = (1, [Decimal(0)]) if falling else (-1, [Decimal(0)])
    fired = 0

    for price in prices:
        harness.restart()
        asked = harness.tick(price)
        if any(isinstance(intent, OpenPosition) for intent in asked):
            assert way * (price - 100_000) <= 0
            line = way * (100_000 + way * (2_000 if fired else 0))
            assert any(way * seen >= line for seen in since[1:])
            fired, since = fired + 1, [Decimal(0)]
        since.append(price)


@many
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_a_latch_never_fires_twice_without_being_armed_between(looks: list[tuple[bool, bool]]):
    latch, armed = Latch(), False

    for reached, back in looks:
        fired = latch.see(reached=reached, back=back)
        assert not fired or (armed and reached)
        armed = latch.armed
        assert not (fired and armed)


@many
@given(PRICES, st.booleans(), st.sampled_from(("long", "short")))
def test_a_grid_called_on_every_tick_or_only_when_woken_does_the_same(
    prices: list[Decimal], again: bool, side: str
):
    grids, singles = [], []
    for every in (False, True):
        grid = Harness(Grid, margin=9, lowest=92_000, spacing=1_500, levels=12, side=side)
        single = Harness(PriceEntry, margin=9, below=99_000, again=again)
        grid.every_tick = single.every_tick = every
        grids.append([(n, i) for n, price in enumerate(prices) for i in grid.tick(price)])
        singles.append([(n, i) for n, price in enumerate(prices) for i in single.tick(price)])

    assert grids[0] == grids[1]
    assert singles[0] == singles[1]


@many
@given(PRICES)
def test_a_level_of_a_grid_has_one_opening_until_its_profit(prices: list[Decimal]):
    harness = Harness(Grid, margin=9, lowest=92_000, spacing=1_500, levels=12)
    open_: set[Decimal] = set()

    for price in prices:
        open_ = {profit for profit in open_ if price < profit}
        for intent in harness.tick(price):
            assert isinstance(intent, OpenPosition)
            assert intent.takeprofit is not None
            assert intent.takeprofit > price
            assert intent.takeprofit not in open_
            open_.add(intent.takeprofit)
        harness.restart()


@many
@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=40),
    st.integers(1, 40),
    st.integers(0, 39),
)
def test_a_schedule_is_due_once_for_each_time_and_never_late(
    waits: list[tuple[int, bool]], every_min: int, offset_min: int
):
    schedule, now = Schedule(), START
    every, offset = timedelta(minutes=every_min), timedelta(minutes=offset_min % every_min)
    done: list[datetime] = []

    for wait, usable in waits:
        now += timedelta(seconds=wait)
        due = schedule.due
        if schedule.look(now, every, offset, usable=usable) is Look.DUE:
            assert due is not None
            assert due <= now < due + min(every, timedelta(minutes=10))
            done.append(due)
        assert schedule.next is not None
        assert schedule.next > now

    assert len(done) == len(set(done))


@many
@given(st.lists(st.integers(1, 900), max_size=40), st.integers(1, 3))
def test_no_interval_is_bought_twice_whatever_restarts(waits: list[int], times: int):
    harness = Harness(Dca, margin=9, every_min=5, times=times)
    bought: list[int] = []

    for wait in waits:
        harness.tick(100_000)
        asked = harness.advance(seconds=wait) + harness.restart()
        bought += [0 for intent in asked if isinstance(intent, OpenPosition)]

    passed = (harness.now - START) // timedelta(minutes=5)
    assert len(bought) <= min(times, passed)
