"""A loop that stands still is noticed while it does, and is not trusted with leases for a while."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from axisor_server.adapters.watchdog import LAG_S, STALL_S, Watchdog, free_space


def spin(seconds: float) -> None:
    """Hold the loop, as a plugin would that computes without end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture
async def lags():
    return []


@pytest.fixture
async def watchdog(lags):
    made = Watchdog(lags.append, shun_s=0.6)
    made.start()
    yield made
    made.stop()


async def test_a_stall_is_told_with_the_stack_that_caused_it(watchdog, lags, caplog):
    await asyncio.sleep(0.12)
    with caplog.at_level(logging.WARNING):
        spin(LAG_S + 0.4)
        await asyncio.sleep(0.12)

    assert max(lags) >= LAG_S * 1000
    told = [record.getMessage() for record in caplog.records if "stands still" in record.msg]
    assert len(told) == 1
    assert "spin" in told[0]


async def test_a_short_stall_costs_no_lease(watchdog, lags):
    spin(LAG_S + 0.1)

    assert watchdog.may_renew()
    await asyncio.sleep(0.12)
    assert watchdog.may_renew()


async def test_after_a_long_stall_leases_are_not_renewed_for_a_while(watchdog, lags):
    await asyncio.sleep(0.12)
    spin(STALL_S + 0.2)

    # Asked before the loop came round once, as the renewal itself may be.
    assert not watchdog.may_renew()
    await asyncio.sleep(0.12)
    assert not watchdog.may_renew()
    await asyncio.sleep(0.8)

    assert watchdog.may_renew()
    assert max(lags) > STALL_S * 1000


async def test_a_disk_has_no_more_free_than_it_has(tmp_path):
    space = await free_space(tmp_path)

    assert space is not None
    free, total = space
    assert 0 <= free <= total


async def test_a_disk_that_is_gone_is_not_known_and_breaks_nothing(tmp_path):
    assert await free_space(tmp_path / "gone") is None
