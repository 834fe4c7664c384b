"""What is muted, for how long, and that what is critical comes through sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from axisor_bot.muting import KINDS, LOUD_MUTED, Mute, is_muted, muted

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("passed", "loud", "silent"),
    [
        (timedelta(), False, True),
        (HOUR - timedelta(microseconds=1), False, True),
        (HOUR, False, False),
        (timedelta(), True, True),
        (LOUD_MUTED - timedelta(microseconds=1), True, True),
        (LOUD_MUTED, True, False),
        (-timedelta(microseconds=1), False, False),
    ],
)
def test_a_mute_ends_and_what_is_critical_is_muted_for_half_an_hour_at_most(
    passed: timedelta, loud: bool, silent: bool
):
    mutes = muted((), "", HOUR, NOW)

    assert is_muted(mutes, "halt", NOW + passed, loud=loud) is silent


def test_a_mute_of_a_kind_leaves_the_others():
    mutes = muted((), "halt", HOUR, NOW)

    assert is_muted(mutes, "halt", NOW, loud=False)
    assert not is_muted(mutes, "acted", NOW, loud=False)


def test_asking_again_takes_the_place_of_what_was_asked_before():
    twice = muted(muted((), "halt", HOUR, NOW), "halt", 2 * HOUR, NOW)
    whole = muted(twice, "", HOUR, NOW)

    assert twice == (Mute(begun=NOW, until=NOW + 2 * HOUR, kind="halt"),)
    assert whole == (Mute(begun=NOW, until=NOW + HOUR),)


def test_an_end_ends_one_kind_or_all():
    both = muted(muted((), "halt", HOUR, NOW), "run", HOUR, NOW)

    assert [each.kind for each in muted(both, "halt", None, NOW)] == ["run"]
    assert muted(both, "", None, NOW) == ()


def test_what_is_over_is_not_kept():
    old = muted((), "halt", HOUR, NOW)

    assert [each.kind for each in muted(old, "run", HOUR, NOW + HOUR)] == ["run"]


def test_kinds_are_in_order_and_none_is_there_twice():
    assert list(KINDS) == sorted(set(KINDS))
