"""A simulator at a fixed price of 100,000, without rate limits, for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.plugins.lnmarkets.sim.kit import Trader, trading


@pytest.fixture
async def trader() -> AsyncIterator[Trader]:
    async with trading() as made:
        yield made
