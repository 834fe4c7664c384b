"""LN Markets holds to what every venue must do, by a conversation that was recorded once.

Record it anew with `python -m pytest --record-cassettes tests/plugins/lnmarkets/test_cassette.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from msgspec import structs
from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET, SEED, credentials

from axisor.intents import OpenPosition
from axisor.model import Side
from axisor.ports import Secret
from axisor.testing import check_venue
from axisor.testing.cassettes import CassetteMismatch, Played, cassette
from axisor_lnmarkets.limiter import Rate
from axisor_lnmarkets.sim import Settings, WalkPrices, serve
from axisor_lnmarkets.venue import LnMarkets

FAST = Rate(requests=1_000, reserve=0)
SETTINGS = Settings(
    key=KEY,
    secret=Secret(SECRET),
    passphrase=Secret(PASSPHRASE),
    balance=10_000_000,
    rate_limit=False,
)
RECORDED = Path(__file__).parent / "cassettes" / "checks.jsonl"


@asynccontextmanager
async def exchange() -> AsyncIterator[str]:
    """Serve a simulator."""
    async with serve(SETTINGS) as simulator:
        yield simulator.url


@asynccontextmanager
async def moving() -> AsyncIterator[str]:
    """Serve a simulator whose price walks."""
    async with serve(structs.replace(SETTINGS, prices=WalkPrices(seed=SEED))) as simulator:
        yield simulator.url


def venue() -> LnMarkets:
    return LnMarkets(authenticated=FAST, public=FAST, rng=Random(SEED))


async def hold_to_checks(played: Played) -> None:
    await check_venue(venue(), url=played.url, credentials=credentials(), clock=played.clock)


async def test_it_holds_to_the_checks_by_its_cassette(
    cassette: Callable[..., AbstractAsyncContextManager[Played]],
) -> None:
    async with cassette("checks", exchange, credentials=credentials()) as played:
        await hold_to_checks(played)


async def test_its_stream_says_the_prices_of_then(
    cassette: Callable[..., AbstractAsyncContextManager[Played]],
) -> None:
    async with cassette("prices", moving, credentials=credentials()) as played:
        feed = venue().market(network="sim", url=played.url, clock=played.clock)
        async with asyncio.timeout(30), aclosing(feed.ticks()) as ticks:
            streamed: list[Decimal] = []
            async for tick in ticks:
                if tick.source == "stream":
                    streamed.append(tick.last)
                if len(streamed) == 3:
                    break
        await feed.aclose()

    if not played.records:
        text = RECORDED.with_name("prices.jsonl").read_text()
        assert len(set(streamed)) > 1
        assert [each for each in streamed if f'lastPrice\\":{each}' not in text] == []


async def test_what_is_recorded_now_can_be_played(tmp_path: Path) -> None:
    file = tmp_path / "new" / "checks.jsonl"
    async with cassette(file, exchange, record=True, credentials=credentials()) as played:
        await hold_to_checks(played)

    async with cassette(file, "http://127.0.0.1:9") as played:
        await hold_to_checks(played)


def test_no_secret_is_in_it() -> None:
    text = RECORDED.read_text()

    assert not [each for each in (KEY, SECRET, PASSPHRASE, "lnm-access") if each in text]
    assert '"/v3/futures/isolated/trade' in text


async def played_to(talk: Callable[[Played], Awaitable[None]]) -> None:
    """Play the cassette to something else than the checks."""
    async with cassette(RECORDED, "") as played:
        await talk(played)


async def test_a_plugin_that_asks_for_something_else_is_found_out() -> None:
    async def sell(played: Played) -> None:
        account = venue().account(
            network="sim", url=played.url, credentials=credentials(), clock=played.clock
        )
        order = OpenPosition(side=Side.SELL, quantity=7, leverage=Decimal(3))
        await account.send(order, signed_at_ms=int(played.clock.now().timestamp() * 1000))
        await account.aclose()

    with pytest.raises(CassetteMismatch, match="which is not in the cassette"):
        await played_to(sell)


async def test_a_plugin_that_no_longer_does_what_it_did_is_found_out() -> None:
    async def only_look(played: Played) -> None:
        feed = venue().market(network="sim", url=played.url, clock=played.clock)
        await feed.ticker()
        await feed.aclose()

    with pytest.raises(CassetteMismatch, match="no longer asks for POST"):
        await played_to(only_look)
