"""The newest entries of the log, among which an action is not lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from axisor.model import Severity
from axisor_tui.model.log import Entry, newest

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def said(number: int, *, after_s: int = 0, severity: Severity = Severity.WATCH) -> Entry:
    time = NOW + timedelta(seconds=after_s)
    return Entry(time, severity, "core", f"line {number}", sequence=number)


RESCUE = said(1, severity=Severity.ACT)


def test_the_last_entries_that_fit_are_shown():
    log = [said(n) for n in range(9)]

    assert newest(log, 3) == tuple(log[-3:])
    assert newest([], 3) == ()


def test_a_burst_of_entries_does_not_hide_the_action_it_came_from():
    log = [RESCUE, *(said(n, after_s=2) for n in range(2, 12))]

    assert newest(log, 3) == (RESCUE, *log[-2:])


def test_an_action_that_is_in_sight_keeps_its_place():
    log = [said(0), RESCUE, said(2)]

    assert newest(log, 2) == (RESCUE, said(2))


def test_after_a_minute_an_action_gives_way():
    log = [RESCUE, *(said(n, after_s=61) for n in range(2, 6))]

    assert newest(log, 3) == tuple(log[-3:])
