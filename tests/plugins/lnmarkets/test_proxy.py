"""The venue through a SOCKS5 proxy: every connection, names unresolved, and nothing beside it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from random import Random
from urllib.parse import urlsplit

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.links import SEED, credentials
from tests.plugins.lnmarkets.server import Script
from tests.plugins.lnmarkets.socks import Proxy, proxied
from tests.plugins.lnmarkets.stream_server import Stage, staged

from axisor.errors import SettingsInvalid, VenueUnavailable
from axisor_lnmarkets import transport
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import NETWORKS, Address, check_proxy
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.venue import LnMarkets

UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The HTTP library lets a connection go without closing it where a proxy does not go along."""

REST, STREAM = "rest.venue.test", "stream.venue.test"


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Serve a proxy."""
    async with proxied() as serving:
        yield serving


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Serve a stream."""
    async with staged() as serving:
        yield serving


@pytest.fixture
async def account(venue: Script, stage: Stage, proxy: Proxy) -> AsyncIterator[LnMarketsAccount]:
    """Return an account at a venue whose names lead nowhere but through the proxy."""
    proxy.leads = {REST: port_of(venue.url), STREAM: port_of(stage.url)}
    venue.on("GET /v3/time", answers.TIME)
    venue.on("GET /v3/account", answers.ACCOUNT)
    clock = JumpingClock()
    address = Address(f"http://{REST}:80", f"ws://{STREAM}:81/v1").through(proxy.url)
    client = LnMarketsAccount(
        address, credentials(), clock=clock, public=Limiter(clock), rng=Random(SEED)
    )
    yield client
    await client.aclose()


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def test_requests_and_streams_go_through_it_and_it_resolves_their_names(
    account: LnMarketsAccount, proxy: Proxy, venue: Script, stage: Stage
):
    await account.warm()
    await account.rights()

    assert set(proxy.asked) == {(REST, 80), (STREAM, 81)}
    assert venue.seen
    assert stage.connections == 1


@UNCLOSED
async def test_a_proxy_that_refuses_is_told_and_nothing_goes_beside_it(
    account: LnMarketsAccount, proxy: Proxy, venue: Script
):
    proxy.leads = {}

    with pytest.raises(VenueUnavailable):
        await account.warm()
    with pytest.raises(VenueUnavailable):
        await account.rights()

    gc.collect()
    assert venue.seen == []


async def test_a_proxy_that_is_gone_is_told(venue: Script):
    clock = JumpingClock()
    address = Address(f"http://{REST}:80", f"ws://{STREAM}:81/v1", "socks5h://127.0.0.1:1")
    client = LnMarketsAccount(
        address, credentials(), clock=clock, public=Limiter(clock), rng=Random(SEED)
    )
    try:
        with pytest.raises(VenueUnavailable):
            await client.warm()
    finally:
        await client.aclose()


@UNCLOSED
async def test_a_proxy_that_says_nothing_does_not_hold_a_call_up(
    account: LnMarketsAccount, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transport, "WHOLE_S", 0.2)
    proxy.mute = True

    async with asyncio.timeout(10):
        with pytest.raises(VenueUnavailable):
            await account.warm()
    await proxy.hang_up()
    gc.collect()


def test_what_is_on_this_machine_is_reached_without():
    here = Address("http://127.0.0.1:8400", "ws://127.0.0.1:8400/v1")

    assert here.through("socks5h://127.0.0.1:9050") == here
    assert NETWORKS["mainnet"].through("socks5h://127.0.0.1:9050").proxy


@pytest.mark.parametrize(
    "url",
    [
        "socks5://127.0.0.1:9050",  # resolves names itself, beside the proxy
        "http://127.0.0.1:8080",
        "socks5h://127.0.0.1",
        "socks5h://:9050",
        "socks5h://127.0.0.1:port",
        "socks5h://127.0.0.1:9050/path",
        "127.0.0.1:9050",
        "",
    ],
)
def test_what_is_no_proxy_is_refused(url: str):
    with pytest.raises(SettingsInvalid):
        check_proxy(url)
    with pytest.raises(SettingsInvalid):
        LnMarkets().use_proxy(url)
