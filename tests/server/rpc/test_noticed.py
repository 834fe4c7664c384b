"""What is kept of alerts, as each caller sees it."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from tests.support.telling import NOON, NOON_US, near

from axisor_server.domain.telling.episodes import take
from axisor_server.domain.telling.records import OWN, Alert
from axisor_server.rpc.noticed import alert_summary

MINUTE_US = 60 * 1_000_000


def alert(**seen: int) -> Alert:
    """Return an alert that began at noon and was acknowledged so."""
    made = take(None, near()).alert
    assert made is not None
    return replace(made, seen=seen)


def test_each_caller_is_told_what_they_acknowledged_themselves_and_when() -> None:
    found = alert(ana=NOON_US + MINUTE_US)

    mine, theirs = alert_summary(found, "ana", "en-US"), alert_summary(found, "ben", "en-US")

    assert (mine.acknowledged, mine.acknowledged_at) == (True, NOON + timedelta(minutes=1))
    assert (theirs.acknowledged, theirs.acknowledged_at) == (False, None)
    assert (mine.id, mine.created_at) == (theirs.id, NOON)


def test_the_owner_token_is_somebody_too() -> None:
    found = alert(**{OWN: NOON_US})

    assert alert_summary(found, "", "en-US").acknowledged_at == NOON
    assert not alert_summary(found, "ana", "en-US").acknowledged
