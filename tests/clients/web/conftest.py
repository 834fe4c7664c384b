"""A bridge before a core that is served over TLS, and what calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc.aio
import httpx
import pytest

from axisor.ports import Secret
from axisor_web.serving import Served, serving
from axisor_web.sessions import COOKIE, Tokens
from axisor_web.settings import Settings
from tests.server.rpc.serving import TOKEN, account, certificate, channel, core

__all__ = ["account", "certificate", "channel", "core"]


@pytest.fixture
async def bridge(channel: grpc.aio.Channel) -> AsyncIterator[Served]:
    """Serve a bridge."""
    settings = Settings(port=0, origins=("https://other.example",))
    async with serving(settings, channel) as served:
        yield served


@pytest.fixture
async def anyone(bridge: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Call the bridge with nothing."""
    async with httpx.AsyncClient(base_url=bridge.origin, trust_env=False) as client:
        yield client


@pytest.fixture
async def owner(bridge: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Call the bridge with the owner's token, as a program does."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=bridge.origin, headers=headers, trust_env=False
    ) as client:
        yield client


@pytest.fixture
async def page(bridge: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Call the bridge with a session of the owner's, as its own pages do."""
    cookie, session = bridge.sessions.begin(Tokens(Secret(TOKEN)))
    headers = {
        "cookie": f"{COOKIE}={cookie}",
        "origin": bridge.origin,
        "sec-fetch-site": "same-origin",
        "x-axisor-csrf": session.csrf,
    }
    async with httpx.AsyncClient(
        base_url=bridge.origin, headers=headers, trust_env=False
    ) as client:
        yield client
