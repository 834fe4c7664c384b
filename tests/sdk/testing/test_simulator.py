"""The simulator of the kit: its market moves, its exchange acts, its lines fail when told to."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from axisor.errors import SettingsInvalid, VenueRateLimited, VenueUnavailable
from axisor.intents import AddMargin, OpenPosition
from axisor.model import Side
from axisor.ports import Confirmed, Refused, Unknown
from axisor.testing import Simulator

OPENING = OpenPosition(side=Side.BUY, quantity=1_000, leverage=50, client_id="mine")


async def opened(simulator: Simulator) -> str:
    """Open a position of 1,000 dollars and return its id."""
    answer = await simulator.account().send(OPENING, signed_at_ms=0)
    assert isinstance(answer, Confirmed)
    return answer.venue_id


async def test_a_fall_liquidates_what_it_reaches(simulator: Simulator):
    id = await opened(simulator)
    account = simulator.account()
    assert await account.closed_position(id) is None

    simulator.move(99_000, 97_000)

    closed = await account.closed_position(id)
    assert closed is not None
    assert closed.end == "liquidated"
    assert (await account.read()).positions == ()


async def test_the_clock_moves_with_the_market(simulator: Simulator, clock):
    before = clock.now()

    simulator.move(100_001, 100_002)

    assert (clock.now() - before).total_seconds() == 2
    assert simulator.tick.time == clock.now()


async def test_ticks_follow_the_market_until_the_feed_is_closed(simulator: Simulator):
    feed = simulator.market()
    simulator.move(99_999, "99999.5")
    await feed.aclose()

    assert [tick.last async for tick in feed.ticks()] == [
        Decimal("99999.5"),  # the present one, and then what was moved
        Decimal(99_999),
        Decimal("99999.5"),
    ]


async def test_a_change_is_hinted_at(simulator: Simulator):
    await opened(simulator)
    hints = simulator.account().changes()

    simulator.move(90_000)

    assert await asyncio.wait_for(anext(hints), 60) == "changed"


@pytest.mark.parametrize(
    ("fault", "kind", "happened"),
    [
        (VenueRateLimited("Slower."), Refused, 0),
        ("request", Unknown, 0),
        ("answer", Unknown, 1),
    ],
    ids=["refused", "lost request", "lost answer"],
)
async def test_a_fault_meets_one_action(simulator: Simulator, fault, kind, happened):
    simulator.faults.append(fault)

    assert isinstance(await simulator.account().send(OPENING, signed_at_ms=0), kind)
    assert len(simulator.done) == happened
    assert isinstance(await simulator.account().send(OPENING, signed_at_ms=0), Confirmed)


async def test_cut_lines_say_so(simulator: Simulator):
    account, feed = simulator.account(), simulator.market()
    simulator.down = True

    for call in (
        account.read(),
        account.closed_position("p"),
        account.find_order("mine"),
        account.funding_paid("p"),
        account.transfers(after=None),
        feed.ticker(),
    ):
        with pytest.raises(VenueUnavailable):
            await call
    refused = await account.send(AddMargin(position="p", amount=1), signed_at_ms=0)
    assert isinstance(refused, Refused)


def test_another_network_is_refused(simulator: Simulator):
    with pytest.raises(SettingsInvalid, match="nowhere"):
        simulator.market(network="nowhere")
    with pytest.raises(SettingsInvalid, match="nowhere"):
        simulator.account(network="nowhere")
