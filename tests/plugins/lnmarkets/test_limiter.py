"""The rate limiter: no window is exceeded, guards never wait for others, nobody jumps a queue."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.lnmarkets.clocks import HandClock

from axisor.errors import RateLimited, VenueRateLimited
from axisor.ports import Lane
from axisor_lnmarkets.limiter import GUARDS_HELD_MS, MOST_WAITING, Limiter, Rate

Arrival = tuple[int, Lane]
Grant = tuple[int, int, Lane]  # granted at, arrived at, lane


async def run(rate: Rate, arrivals: list[Arrival]) -> list[Grant]:
    """Let requests arrive and return when each was let go, in order."""
    clock = HandClock()
    limiter = Limiter(clock, rate)
    grants: list[Grant] = []

    async def ask(at: int, lane: Lane) -> None:
        await limiter.acquire(lane)
        grants.append((clock.ms, at, lane))

    tasks = []
    for at, lane in sorted(arrivals, key=lambda a: a[0]):
        await clock.move_to(at)
        tasks.append(asyncio.ensure_future(ask(at, lane)))
        for _ in range(3):
            await asyncio.sleep(0)
    while not all(task.done() for task in tasks):
        due = clock.next_ms
        assert due is not None
        await clock.move_to(due)
    await asyncio.gather(*tasks)
    return grants


rates = st.builds(
    Rate,
    requests=st.integers(2, 6),
    reserve=st.integers(0, 1),
    per_ms=st.integers(50, 2_000),
)
arrivals_of = st.lists(
    st.tuples(st.integers(0, 3_000), st.sampled_from(list(Lane))), min_size=1, max_size=30
)


@given(rates, arrivals_of)
def test_no_window_holds_more_than_the_rate(rate, arrivals):
    grants = asyncio.run(run(rate, arrivals))

    assert len(grants) == len(arrivals)
    for start, _, _ in grants:
        inside = [lane for at, _, lane in grants if start <= at < start + rate.per_ms]
        assert len(inside) <= rate.requests
        others = [lane for lane in inside if lane is not Lane.GUARD]
        assert len(others) <= rate.requests - rate.reserve


@given(rates, arrivals_of)
def test_no_other_goes_while_a_guard_waits(rate, arrivals):
    grants = asyncio.run(run(rate, arrivals))

    for at, arrived, lane in grants:
        if lane is Lane.GUARD:
            overtakers = [g for g in grants if arrived < g[0] < at and g[2] is not Lane.GUARD]
            assert overtakers == []


@given(rates, arrivals_of)
def test_a_guard_within_the_reserve_goes_at_once(rate, arrivals):
    grants = asyncio.run(run(rate, arrivals))

    for at, arrived, lane in grants:
        if lane is not Lane.GUARD or at == arrived:
            continue
        guards = [
            g for g in grants if g[2] is Lane.GUARD and arrived - rate.per_ms < g[0] <= arrived
        ]
        assert len(guards) >= rate.reserve


@given(rates, arrivals_of)
def test_a_lane_is_served_in_order_of_arrival(rate, arrivals):
    grants = asyncio.run(run(rate, arrivals))

    for lane in Lane:
        arrived = [at for _, at, its in grants if its is lane]
        assert arrived == sorted(arrived)


async def test_lanes_go_in_order_when_a_place_is_free():
    grants = await run(
        Rate(requests=1, reserve=0, per_ms=100),
        [(0, Lane.READ), (1, Lane.READ), (1, Lane.COMMAND), (1, Lane.RECONCILE), (1, Lane.GUARD)],
    )

    assert [lane for _, _, lane in grants] == [
        Lane.READ,
        Lane.GUARD,
        Lane.RECONCILE,
        Lane.COMMAND,
        Lane.READ,
    ]


@pytest.mark.parametrize("lane", [Lane.RECONCILE, Lane.COMMAND, Lane.READ])
async def test_nothing_goes_while_the_venue_wants_a_pause(lane):
    clock = HandClock()
    limiter = Limiter(clock)
    limiter.hold(Decimal("2.5"))
    asked = asyncio.ensure_future(limiter.acquire(lane))

    await clock.move_to(2_499)
    waited = not asked.done()
    await clock.move_to(2_500)
    await asked

    assert waited
    assert limiter.budget().waiting == 0


async def test_guards_go_first_while_others_wait_out_a_pause():
    clock = HandClock()
    limiter = Limiter(clock)
    limiter.hold(Decimal(60))
    starving = [asyncio.ensure_future(limiter.acquire(Lane.READ)) for _ in range(20)]
    guard = asyncio.ensure_future(limiter.acquire(Lane.GUARD))
    await asyncio.sleep(0)

    await clock.move_to(GUARDS_HELD_MS)
    went = guard.done()
    await clock.move_to(59_999)
    waited = not any(task.done() for task in starving)
    for task in starving:
        task.cancel()
    await asyncio.gather(*starving, return_exceptions=True)

    assert went
    assert waited


async def test_a_request_that_would_come_too_late_is_refused_before_it_is_sent():
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0, per_ms=1_000))
    await limiter.acquire(Lane.GUARD)

    with pytest.raises(VenueRateLimited, match="no room"):
        await limiter.acquire(Lane.GUARD, patience_ms=999)

    assert limiter.budget().waiting == 0


async def test_a_canceled_request_leaves_the_queue():
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0, per_ms=100))
    await limiter.acquire(Lane.READ)
    first = asyncio.ensure_future(limiter.acquire(Lane.READ))
    second = asyncio.ensure_future(limiter.acquire(Lane.READ))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await clock.move_to(100)
    await clock.move_to(101)

    assert second.done()


async def test_a_thousand_may_wait_and_no_more():
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0))
    await limiter.acquire(Lane.READ)
    waiting = [asyncio.ensure_future(limiter.acquire(Lane.READ)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(RateLimited):
        await limiter.acquire(Lane.READ)

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_budget_says_what_is_left():
    limiter = Limiter(HandClock(), Rate(requests=5, reserve=2, per_ms=1_000))
    await limiter.acquire(Lane.READ)

    budget = limiter.budget()

    assert (budget.limit, budget.available, budget.waiting) == (Decimal(5), Decimal(4), 0)


def test_a_rate_needs_room_beside_its_reserve():
    with pytest.raises(ValueError, match="reserve"):
        Rate(requests=2, reserve=2)


async def settle() -> None:
    """Let tasks come to where they wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_whoever_waits_behind_another_gives_up_in_time():
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0, per_ms=1_000))
    await limiter.acquire(Lane.READ)
    ahead = asyncio.ensure_future(limiter.acquire(Lane.COMMAND))
    behind = asyncio.ensure_future(limiter.acquire(Lane.COMMAND, patience_ms=500))
    await settle()

    await clock.move_to(1_001)

    with pytest.raises(VenueRateLimited):
        await behind
    await ahead
    assert limiter.budget().waiting == 0


async def test_only_the_first_in_a_lane_looks_at_the_clock():
    clock = HandClock()
    limiter = Limiter(clock, Rate(requests=1, reserve=0, per_ms=1_000))
    await limiter.acquire(Lane.READ)

    waiting = [asyncio.ensure_future(limiter.acquire(Lane.COMMAND)) for _ in range(500)]
    await settle()
    await clock.move_to(10_500)

    assert sum(task.done() for task in waiting) == 10
    assert clock.slept <= 1 + 2 * 10 + 1
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
