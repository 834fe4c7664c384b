"""What belongs together is told once."""

from __future__ import annotations

from tests.support.telling import MINUTE, NOON_US, near

from axisor.notices import NoticeLevel
from axisor_server.domain.telling.episodes import FLAPPING_US, take
from axisor_server.domain.telling.records import (
    Alert,
)


def test_an_episode_is_told_once_again_when_it_gets_worse_and_when_it_ends():
    said = []
    alert: Alert | None = None
    steps = [
        near(),
        near(at_us=NOON_US + 1),
        near(NoticeLevel.CRIT, at_us=NOON_US + 2),
        near(at_us=NOON_US + 3),
        near(at_us=NOON_US + 4, ends=True),
        near(at_us=NOON_US + 5, ends=True),
    ]
    for step in steps:
        taken = take(alert, step)
        alert = taken.alert or alert
        said.append(taken.say)

    assert said == [True, False, True, False, True, False]
    assert alert is not None
    assert (alert.peak, alert.over) == (NoticeLevel.CRIT, True)


def test_what_comes_and_goes_is_told_three_times_in_an_hour_and_says_so():
    said, flapping = [], []
    alert: Alert | None = None
    for turn in range(6):
        began = take(alert, near(at_us=NOON_US + 2 * turn * MINUTE))
        alert = began.alert
        over = take(alert, near(at_us=NOON_US + (2 * turn + 1) * MINUTE, ends=True))
        alert = over.alert
        said.append((began.say, over.say))
        flapping.append(began.flapping)

    assert said == [(True, True)] * 3 + [(False, False)] * 3
    assert flapping == [0, 0, 3, 0, 0, 0]
    assert take(alert, near(NoticeLevel.CRIT, at_us=NOON_US + 20 * MINUTE)).say
    assert take(alert, near(at_us=NOON_US + FLAPPING_US + 1)).fresh
