"""How fast messages go, and how they are tried again."""

from __future__ import annotations

from tests.support.telling import NOON_US, delivery

from axisor.notices import NoticeLevel
from axisor_server.domain.telling import pacing


def test_the_last_place_of_a_minute_tells_how_many_are_left_out():
    waiting = [delivery(str(number)) for number in range(8)]

    turn = pacing.next_turn(waiting, [NOON_US - 1], 2, NOON_US)

    assert turn is not None
    assert (turn.first.id, len(turn.others)) == ("0", 7)
    assert pacing.next_turn(waiting, [NOON_US - 1] * 2, 2, NOON_US) is None
    assert pacing.next_turn(waiting, [NOON_US - 61_000_000] * 2, 2, NOON_US) is not None


def test_what_is_loud_goes_first_and_alone():
    waiting = [delivery("a"), delivery("b", NoticeLevel.CRIT), delivery("c")]

    turn = pacing.next_turn(waiting, [NOON_US], 2, NOON_US)

    assert turn is not None
    assert (turn.first.id, turn.others) == ("b", ())


def test_what_is_not_due_waits():
    assert pacing.next_turn([delivery("a", not_before_us=NOON_US + 1)], [], 2, NOON_US) is None


def test_tries_grow_rarer_and_end_after_a_day():
    failed = pacing.Failed("no")
    tried, now_us = delivery("a"), NOON_US
    waits = []
    while not tried.state.is_over:
        tried = pacing.ended(pacing.begun(tried, now_us), failed, now_us, jitter=999)
        waits.append(tried.not_before_us - now_us)
        now_us = max(now_us, tried.not_before_us)

    assert waits[:3] == [1_999_000, 3_998_000, 7_996_000]
    assert max(waits) <= pacing.MOST_WAIT_US
    assert now_us - NOON_US <= pacing.GIVEN_UP_US


def test_a_service_that_says_how_long_is_waited_for_and_one_that_refuses_is_given_up():
    begun = pacing.begun(delivery("a"), NOON_US)

    asked = pacing.ended(begun, pacing.Failed("slow", wait_s=90), NOON_US, jitter=0)
    gone = pacing.ended(begun, pacing.Failed("no", final=True), NOON_US, jitter=0)

    assert asked.not_before_us == NOON_US + 90_000_000
    assert (gone.state.value, gone.error) == ("dead", "no")


def test_a_channel_that_fails_again_and_again_is_left_alone_until_it_works():
    breaker = pacing.Breaker()
    for _ in range(pacing.OPEN_AFTER):
        assert not breaker.is_open(NOON_US)
        breaker = breaker.after(pacing.Failed("no"), NOON_US, jitter=0)

    assert breaker.is_open(NOON_US)
    assert not breaker.is_open(NOON_US + pacing.MOST_WAIT_US)
    assert breaker.after(pacing.Sent(""), NOON_US, jitter=0) == pacing.Breaker()
