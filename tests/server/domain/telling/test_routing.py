"""Who is told what, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.support.telling import MINUTE, NOON_US, channel, near

from axisor.notices import NoticeLevel
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.telling import routing
from axisor_server.domain.telling.episodes import take
from axisor_server.domain.telling.records import (
    Alert,
    Escalation,
    Mute,
    Quiet,
    Rules,
)


@pytest.mark.parametrize(
    ("given", "hears"),
    [
        ({}, True),
        ({"min_level": NoticeLevel.ACT}, False),
        ({"kinds": ("near",)}, True),
        ({"kinds": ("acted",)}, False),
        ({"accounts": ("b",)}, False),
        ({"paused": True}, False),
    ],
)
def test_a_channel_hears_what_it_is_for(given: dict[str, object], hears: bool):
    assert routing.hears(channel(**given), near()) is hears


def test_the_end_of_what_was_heard_is_heard():
    over = near(ends=True)

    assert not routing.hears(channel(), over)
    assert routing.hears(channel(), over, ends_heard=True)


@pytest.mark.parametrize(
    ("level", "minutes", "muted"),
    [
        (NoticeLevel.WARN, 29, True),
        (NoticeLevel.CRIT, 29, True),
        (NoticeLevel.WARN, 31, True),
        (NoticeLevel.CRIT, 31, False),
        (NoticeLevel.LOST, 31, False),
        (NoticeLevel.WARN, 121, False),
    ],
)
def test_what_is_loud_is_muted_for_half_an_hour_at_most(
    level: NoticeLevel, minutes: int, muted: bool
):
    mute = Mute(account="a", from_us=NOON_US, until_us=NOON_US + 120 * MINUTE)

    assert routing.muted([mute], near(level), NOON_US + minutes * MINUTE) is muted
    other = Mute(account="a", kind="halt", from_us=NOON_US, until_us=NOON_US + 120 * MINUTE)
    assert not routing.muted([other], near(level), NOON_US)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-01-01T22:59", ""),
        ("2026-01-01T23:00", "2026-01-02T07:00"),
        ("2026-01-02T06:59", "2026-01-02T07:00"),
        ("2026-01-02T07:00", ""),
        ("2026-10-24T23:30", "2026-10-25T07:00"),
        ("2026-03-28T23:30", "2026-03-29T07:00"),
    ],
)
def test_quiet_hours_hold_back_until_they_end_by_the_clock_on_the_wall(at: str, until: str):
    zone = ZoneInfo("Europe/Lisbon")
    now_us = to_us(datetime.fromisoformat(at).replace(tzinfo=zone))
    quiet = Quiet(23 * 60, 7 * 60)

    due = routing.not_before(quiet, zone, NoticeLevel.WARN, now_us)

    expected = datetime.fromisoformat(until).replace(tzinfo=zone) if until else from_us(now_us)
    assert from_us(due) == expected
    assert routing.not_before(quiet, zone, NoticeLevel.CRIT, now_us) == now_us
    assert routing.not_before(Quiet(), zone, NoticeLevel.WARN, now_us) == now_us


def test_what_nobody_has_seen_is_repeated_so_often_and_no_more():
    rules = Rules(owner="", tenant="t", escalation=Escalation(after_minutes=5, times=2))
    alert = take(None, near(NoticeLevel.CRIT)).alert
    assert alert is not None

    due = [routing.repeats(rules, alert, NOON_US + each * MINUTE) for each in (4, 5, 10, 60)]

    assert due == [0, 1, 2, 2]
    seen = Alert(
        **{f: getattr(alert, f) for f in alert.__struct_fields__ if f != "seen"}, seen={"owner": 1}
    )
    assert routing.repeats(rules, seen, NOON_US + 60 * MINUTE) == 0
    warned = take(None, near()).alert
    assert warned is not None
    assert routing.repeats(rules, warned, NOON_US + 60 * MINUTE) == 0


def test_the_all_clear_is_due_once_a_day_and_not_when_it_is_too_late():
    rules = Rules(owner="", tenant="t", daily=8 * 60)
    day = to_us(datetime(2026, 1, 1, tzinfo=UTC))

    def due(minute: int) -> str:
        return routing.daily_due(rules, UTC, day + minute * MINUTE, within_minutes=60)

    assert [due(479), due(480), due(539), due(540)] == ["", "2026-01-01", "2026-01-01", ""]
