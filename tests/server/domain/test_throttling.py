"""How often something may be tried."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from axisor_server.domain.throttling import PERSON, Rate, seconds, taken, wait_us

MINUTE_US = 60_000_000


def tries(rate: Rate, times_us: list[int]) -> list[int]:
    """Return the times at which a try was let through."""
    full_us, through = 0, []
    for now_us in times_us:
        if wait_us(full_us, rate, now_us) == 0:
            full_us = taken(full_us, rate, now_us)
            through.append(now_us)
    return through


def test_so_many_tries_go_at_once_and_the_next_waits():
    start = 1_000 * MINUTE_US

    assert len(tries(PERSON, [start] * 50)) == 5
    full_us = 0
    for _ in range(5):
        full_us = taken(full_us, PERSON, start)
    assert seconds(wait_us(full_us, PERSON, start)) == 180


def test_an_hour_of_guessing_looks_at_no_more_than_25_guesses():
    every_second = [at * 1_000_000 for at in range(3_600)]

    assert len(tries(PERSON, every_second)) <= 25


def test_waiting_gives_back_what_was_taken():
    start = 1_000 * MINUTE_US

    assert len(tries(PERSON, [start] * 5 + [start + 15 * MINUTE_US] * 9)) == 10


@given(
    st.builds(Rate, st.integers(1, 50), st.integers(1, 3_600)),
    st.lists(st.integers(0, 7_200_000_000), max_size=200),
)
def test_no_window_lets_through_more_than_twice_the_burst(rate: Rate, times: list[int]):
    through = tries(rate, sorted(times))

    window_us = rate.window_s * 1_000_000
    for at in through:
        assert sum(at <= other < at + window_us for other in through) <= 2 * rate.burst
