"""A bot at work between a core that is served over TLS and two relays on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.bot.nostr.salon import Salon, salon
from tests.server.rpc.serving import Served


@pytest.fixture
async def idle(core: Served, account: str, tmp_path: Path) -> AsyncIterator[Salon]:
    """Open the salon with a bot that is not started."""
    async with salon(core, account, tmp_path) as opened:
        yield opened


@pytest.fixture
async def at(idle: Salon) -> Salon:
    """Open the salon with a bot at work, and somebody whom it answers."""
    await idle.allow()
    await idle.start()
    return idle
