"""The venue's clock: one absurd answer moves nothing, a jump that lasts is believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.lnmarkets.clocks import START, JumpingClock
from tests.plugins.lnmarkets.links import rest_client
from tests.plugins.lnmarkets.server import Script, answer

from axisor.errors import VenueAnswerInvalid, VenueUnavailable
from axisor_lnmarkets.watch import AGREEING, VenueWatch

TIME = "GET /v3/time"


def at(seconds: float) -> dict[str, Any]:
    time = START + timedelta(seconds=seconds)
    return {"time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


@pytest.fixture
async def watch(venue: Script) -> AsyncIterator[VenueWatch]:
    """Return a watch that knows the venue's clock to be that of this test, stopped."""
    rest = rest_client(venue.url)
    clock = rest.transport.clock
    assert isinstance(clock, JumpingClock)
    found = VenueWatch(rest.transport)
    venue.on(TIME, at(0))
    await found.measure()
    venue.seen.clear()
    yield found
    await rest.transport.aclose()


async def test_a_clock_as_expected_is_asked_once(venue: Script, watch: VenueWatch):
    venue.on(TIME, at(0.1))

    offset = await watch.measure()

    assert len(venue.seen) == 1
    assert 0 <= offset.offset_ms <= 100


@pytest.mark.parametrize("absurd", [at(60), at(-60), at(86_400 * 365), at(-86_400 * 365)])
async def test_one_answer_that_contradicts_the_others_is_not_believed(
    venue: Script, watch: VenueWatch, absurd: Any
):
    venue.on(TIME, absurd, at(0))

    with pytest.raises(VenueAnswerInvalid, match="jumped"):
        await watch.measure()

    offset = await watch.measure()
    assert abs(offset.offset_ms) <= 100


async def test_a_jump_that_lasts_is_believed(venue: Script, watch: VenueWatch):
    venue.on(TIME, at(60))

    offset = await watch.measure()

    assert len(venue.seen) == AGREEING
    assert 58_000 <= offset.offset_ms <= 60_000


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-10-01T12:00:00", 5, None]
)
async def test_a_time_that_cannot_be_is_an_error(venue: Script, watch: VenueWatch, time: Any):
    venue.on(TIME, {"time": time})

    with pytest.raises(VenueAnswerInvalid):
        await watch.measure()


async def test_a_clock_that_falls_silent_after_a_jump_is_an_error(venue: Script, watch: VenueWatch):
    venue.on(TIME, at(60), answer(b"", 500))

    with pytest.raises(VenueUnavailable):
        await watch.measure()
