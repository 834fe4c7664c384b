"""The measures themselves, against the simulator, which is what it assumes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from axisor.ports import Secret
from axisor_lnmarkets.address import address_of
from axisor_lnmarkets.sim import Settings, Simulator, serve
from axisor_lnmarkets.sim.faults import parse_mode
from tests.calibration.assumptions import ASSUMPTIONS, STANDING
from tests.calibration.line import Line, credentials_of_signet, line_to
from tests.house import sources
from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET, credentials

SETTINGS = Settings(
    key=KEY,
    secret=Secret(SECRET),
    passphrase=Secret(PASSPHRASE),
    balance=10_000_000,
    rate_limit=False,
)
PAGE = Path("docs/venue-lnmarkets.md")


@asynccontextmanager
async def simulated(settings: Settings = SETTINGS) -> AsyncIterator[tuple[Line, Simulator]]:
    """Open a line to a simulator, whose price and time are moved by hand."""
    async with serve(settings) as sim:
        address = address_of("sim", sim.url)
        limited = settings.rate_limit
        async with line_to(address, credentials(), limited=limited, samples=20) as line:

            async def nudge(price: Decimal) -> None:
                sim.world.set_price(price)

            async def settle() -> None:
                sim.world.clock.reach(sim.world.engine.funding_time)
                sim.world.now()

            line.nudge, line.settle = nudge, settle
            yield line, sim


@pytest.mark.parametrize("id", [id for id in ASSUMPTIONS if id != "A7"])
async def test_the_simulator_is_as_assumed(id: str):
    async with simulated() as (line, _):
        finding = await ASSUMPTIONS[id].measure(line)

    assert finding.id == id
    assert finding.holds is True, finding


async def test_the_simulator_refuses_before_any_effect():
    async with simulated(replace(SETTINGS, rate_limit=True)) as (line, _):
        finding = await ASSUMPTIONS["A7"].measure(line)

    assert finding.holds is True, finding


async def test_a_received_fee_leaves_the_margin_alone():
    async with simulated(replace(SETTINGS, funding_rate=Decimal("-0.001"))) as (line, _):
        finding = await ASSUMPTIONS["A3"].measure(line)

    assert finding.holds is True, finding


async def test_the_standing_position_is_found_again():
    async with simulated() as (line, _):
        settle, line.settle = line.settle, None
        first = await ASSUMPTIONS["A3"].measure(line)
        line.settle = settle
        second = await ASSUMPTIONS["A3"].measure(line)
        running = await line.rest.isolated.running()

    assert (first.holds, second.holds) == (None, True)
    assert [trade.client_id for trade in running.items] == [STANDING]


@pytest.mark.parametrize(
    ("mode", "seen"), [("stale:30s", "not shown after"), ("stale:300ms", "at most")]
)
async def test_a_reading_that_lags_more_than_allowed_is_found_out(
    mode: str, seen: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tests.calibration.assumptions.LAG_MS", 200)
    async with simulated() as (line, sim):
        line.samples = 1
        sim.faults.add("read", parse_mode(mode), times=None)

        finding = await ASSUMPTIONS["A4"].measure(line)

    assert finding.holds is False, finding
    assert seen in finding.seen


def test_the_page_lists_every_assumption_as_it_is_measured():
    page = sources.text(PAGE)

    for id, assumption in ASSUMPTIONS.items():
        assert f"| {id} | {assumption.says} | {assumption.if_false} |" in page


def test_no_key_for_signet_is_half_there():
    keys = credentials_of_signet()

    assert keys is None or keys.key.reveal()
