"""Fixtures of the venue plugin's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.plugins.lnmarkets.links import rest_client
from tests.plugins.lnmarkets.server import Script, scripted

from axisor_lnmarkets.rest import Rest


@pytest.fixture
async def venue() -> AsyncIterator[Script]:
    """Serve what the test scripts."""
    async with scripted() as script:
        yield script


@pytest.fixture
async def rest(venue: Script) -> AsyncIterator[Rest]:
    """Return a client of that server."""
    client = rest_client(venue.url)
    yield client
    await client.transport.aclose()
