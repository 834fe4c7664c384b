"""Which backups stay, and what their names tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor_server.domain.backups import (
    TAKEN,
    Kind,
    Name,
    Retention,
    expendable,
    parse_name,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def full(hours: int) -> Name:
    taken = (START + timedelta(hours=hours)).strftime(TAKEN)
    return Name(taken, Kind.FULL, f"{hours:012x}", 0, f"{hours:012x}")


def part(of: int, number: int) -> Name:
    taken = (START + timedelta(hours=of, minutes=number)).strftime(TAKEN)
    return Name(taken, Kind.PART, f"{of:012x}", number, f"{of * 1000 + number:012x}")


def kept(names: list[Name], retention: Retention) -> list[Name]:
    gone = expendable(names, retention)
    return [name for name in sorted(names) if name not in gone]


def test_the_newest_stay():
    names = [full(hours) for hours in range(5)]

    assert kept(names, Retention(keep=2, daily=0, weekly=0)) == names[-2:]


def test_the_last_of_each_day_and_week_stay():
    names = [full(hours) for hours in range(0, 24 * 30, 12)]

    found = kept(names, Retention(keep=1, daily=3, weekly=2))

    assert [name.taken[:11] for name in found] == [
        "20260125T12",
        "20260128T12",
        "20260129T12",
        "20260130T12",
    ]


def test_parts_stay_with_the_newest_two_full_ones():
    names = [item for day in range(3) for item in (full(24 * day), part(24 * day, 1))]

    found = kept(names, Retention(keep=3, daily=0, weekly=0))

    assert [name for name in names if name not in found] == [part(0, 1)]


def test_a_part_without_its_full_one_goes():
    assert expendable([part(1, 1), full(2)], Retention()) == [part(1, 1)]


@given(
    hours=st.lists(st.integers(0, 5_000), unique=True, max_size=40),
    retention=st.builds(
        Retention,
        keep=st.integers(1, 5),
        daily=st.integers(0, 5),
        weekly=st.integers(0, 5),
    ),
)
def test_the_newest_full_one_never_goes_and_cleaning_twice_is_cleaning_once(
    hours: list[int], retention: Retention
):
    names = [full(hour) for hour in hours] + [part(hour, 1) for hour in hours]

    found = kept(names, retention)

    if hours:
        assert full(max(hours)) in found
        assert part(max(hours), 1) in found
    assert kept(found, retention) == found


@given(hours=st.integers(0, 50_000), number=st.integers(1, 99_999))
def test_a_name_tells_what_it_was_made_of(hours: int, number: int):
    for name in (full(hours), part(hours, number)):
        assert parse_name(str(name)) == name


@pytest.mark.parametrize("name", ["axisor.db", "axisor-2026-full.age", "notes.txt", ""])
def test_another_file_is_no_backup(name: str):
    assert parse_name(name) is None
