"""Rates against what they promise: never more than the burst and what time has paid for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import SettingsInvalid
from axisor_server.domain.rates import Rate, check, decide

rates = st.builds(Rate, st.integers(1, 1_000), st.integers(1, 3_600), st.integers(1, 50))
calls = st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(1, 5)), max_size=80)


def taken(rate: Rate, asked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the times and costs of what is let through, asked for after these pauses."""
    now, paid, found = 10**12, 0, []
    for pause, cost in asked:
        now += pause
        paid, wait = decide(paid, now, rate, cost)
        if not wait:
            found.append((now, min(cost, rate.burst)))
    return found


@given(rates, calls)
def test_no_stretch_of_time_gets_more_than_a_burst_and_its_share(rate, asked):
    through = taken(rate, asked)

    for first, (begin, _) in enumerate(through):
        total = 0
        for end, cost in through[first:]:
            total += cost
            assert (total - rate.burst) * rate.step_us <= end - begin


@given(rates, calls)
def test_who_waits_as_told_is_let_through(rate, asked):
    now, paid = 10**12, 0
    for pause, cost in asked:
        now += pause
        paid, wait = decide(paid, now, rate, cost)
        if wait:
            after, again = decide(paid, now + wait - 1, rate, cost)
            assert again > 0
            assert after == paid
            assert decide(paid, now + wait, rate, cost)[1] == 0


@given(rates, st.integers(1, 200))
def test_a_silence_gives_the_burst_and_no_more(rate, asked):
    assert len(taken(rate, [(0, 1)] * asked)) == min(asked, rate.burst)


@given(rates, st.integers(1, 10), calls)
def test_parts_of_a_rate_let_no_more_through_than_their_bursts_allow(rate, among, asked):
    part = rate.shared(among)

    assert part.step_us >= rate.step_us * among - among
    assert part.burst * among <= max(rate.burst, among)
    assert len(taken(part, asked)) <= len(asked)


@pytest.mark.parametrize("rate", [Rate(0, 1, 1), Rate(1, 0, 1), Rate(1, 1, 0)])
def test_a_rate_that_lets_nothing_through_is_refused(rate):
    with pytest.raises(SettingsInvalid):
        check(rate)
