"""Which of the versions at hand is meant."""

from __future__ import annotations

import pytest

from axisor.errors import VersionNotFound
from axisor.versions import Version
from axisor_server.domain.editions import Edition, exactly, matches, pick
from tests.support.versions import edition, rule

WALKER = edition(rule(0)).strategy
V9, V10 = Version("1.9", "9" * 64), Version("1.10", "0" * 64)
REBUILT = Version("1.10", "1" * 64)
ALL = [Edition(version, WALKER) for version in (V9, V10, REBUILT, Version())]


def test_the_newest_other_version_is_meant_by_default_and_numbers_are_no_words() -> None:
    assert pick(ALL, "", name="walker", beside=V9).version == REBUILT
    assert pick(ALL, "", name="walker", beside=REBUILT).version == V10


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("1.9", V9), ("1.10+0", V10), ("1.10+11", REBUILT), (exactly(V10), V10)],
    ids=["by-version", "by-hash", "by-another-hash", "exactly"],
)
def test_a_version_is_asked_for_by_its_number_or_its_hash_too(wanted: str, found: Version) -> None:
    beside = V10 if found != V10 else V9

    assert pick(ALL, wanted, name="walker", beside=beside).version == found


@pytest.mark.parametrize("wanted", ["2.0", "1.9", "1.10+f", "1"])
def test_what_is_not_at_hand_or_decides_already_is_refused_with_what_there_is(wanted: str) -> None:
    with pytest.raises(VersionNotFound, match=r"others: 1\.10\+0{12}"):
        pick(ALL, wanted, name="walker", beside=V9)


def test_a_version_that_nobody_can_tell_matches_nothing() -> None:
    assert not matches(Version(), "1.0")
