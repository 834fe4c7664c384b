"""Spans as people write them, and how loud a notice is."""

from __future__ import annotations

import pytest

from axisor.errors import FieldInvalid
from axisor.notices import NoticeLevel, minutes_of


@pytest.mark.parametrize(
    ("text", "minutes"), [("30m", 30), ("2h", 120), ("1d", 1_440), ("off", 0), ("0m", 0)]
)
def test_a_span_is_read_as_minutes(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "2 h", "2w", "OFF", "123456m", "1.5h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(FieldInvalid, match="no span such as 30m"):
        minutes_of(text)


def test_what_must_be_seen_at_once_is_the_loudest() -> None:
    assert sorted(NoticeLevel, key=lambda level: level.rank)[-2:] == [
        NoticeLevel.CRIT,
        NoticeLevel.LOST,
    ]
    assert [level for level in NoticeLevel if level.pierces] == [NoticeLevel.CRIT, NoticeLevel.LOST]
