"""A failpoint does its deed once, at its name only."""

from __future__ import annotations

import pytest

from axisor.errors import SettingsInvalid
from axisor_server.engine.failpoints import Failpoints, Trigger, parse


def test_texts_are_read_and_wrong_ones_refused():
    assert parse("") is None
    assert parse("planned") == Trigger("planned")
    assert parse("in-flight:kill") == Trigger("in-flight")
    assert parse("settled:pause:1.5") == Trigger("settled", "pause", 1.5)
    for wrong in ("nowhere", "planned:explode", "planned:pause:long", "planned:pause"):
        with pytest.raises(SettingsInvalid):
            parse(wrong)


async def test_the_armed_failpoint_kills_once():
    deeds = []
    failpoint = Failpoints(Trigger("settled"), kill=lambda: deeds.append("killed"))

    await failpoint("planned")
    await failpoint("settled")
    await failpoint("settled")

    assert deeds == ["killed"]


async def test_a_pause_waits_as_long_as_told():
    waits = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    failpoint = Failpoints(Trigger("planned", "pause", 2.0), pause=pause)

    await failpoint("planned")

    assert waits == [2.0]
