"""A bot at work between a core that is served over TLS and a Telegram on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.bot.parlour import Parlour, parlour
from tests.server.rpc.serving import Served, account, certificate, channel, core

__all__ = ["account", "certificate", "channel", "core"]


@pytest.fixture
async def idle(core: Served, account: str, tmp_path: Path) -> AsyncIterator[Parlour]:
    """Open the parlour with a bot that is not started."""
    async with parlour(core, account, tmp_path) as opened:
        yield opened


@pytest.fixture
async def at(idle: Parlour) -> Parlour:
    """Open the parlour with a bot at work."""
    await idle.start()
    return idle
