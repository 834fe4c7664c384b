"""The plugin: what it registers, and what its venue makes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pluggy
import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.clocks import JumpingClock
from tests.plugins.lnmarkets.links import credentials
from tests.plugins.lnmarkets.server import Script

import axisor_lnmarkets
from axisor import hookspecs
from axisor.errors import NotSupported, SettingsInvalid
from axisor.ports import MarketFeed, Pace, Paced, Steered, Venue, VenueAccount
from axisor_lnmarkets.limiter import Rate
from axisor_lnmarkets.venue import LnMarkets


def test_the_plugin_registers_one_venue():
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(axisor_lnmarkets)
    found: list[Venue] = []

    manager.hook.register_venues(register=found.append)
    manager.check_pending()

    assert [(venue.name, set(venue.networks)) for venue in found] == [
        ("lnmarkets", {"mainnet", "signet", "sim"})
    ]


async def test_feeds_and_accounts_of_a_host_share_its_public_rate(venue: Script):
    venue.on("GET /v3/futures/ticker", answers.TICKER)
    venue.on("GET /v3/time", answers.TIME)
    clock = JumpingClock()
    plugin = LnMarkets(public=Rate(requests=1, reserve=0, per_ms=1_000))
    feed: MarketFeed = plugin.market(network="sim", url=venue.url, clock=clock)
    account: VenueAccount = plugin.account(
        network="sim", url=venue.url, credentials=credentials(), clock=clock
    )

    await feed.ticker()
    await account.warm()

    assert clock.ms == 1_000
    await feed.aclose()
    await account.aclose()


@pytest.mark.parametrize(("network", "url"), [("nowhere", None), ("sim", None)])
def test_an_unknown_network_is_refused(network, url):
    clock = JumpingClock()

    with pytest.raises(SettingsInvalid):
        LnMarkets().market(network=network, url=url, clock=clock)
    with pytest.raises(SettingsInvalid):
        LnMarkets().account(network=network, url=url, credentials=credentials(), clock=clock)


def test_the_operator_sets_the_pace():
    venue = LnMarkets()

    venue.keep_pace(Pace(signed=10, reserve=3, public=2))

    assert isinstance(venue, Paced)
    assert venue._authenticated == Rate(requests=10, reserve=3)
    assert venue._public == Rate(requests=2, reserve=0)


def test_a_pace_that_leaves_nothing_to_others_is_refused():
    with pytest.raises(SettingsInvalid, match="pace"):
        LnMarkets().keep_pace(Pace(signed=2, reserve=2, public=1))


@pytest.mark.parametrize(
    ("network", "url"), [("mainnet", "https://api.lnmarkets.com"), ("sim", "http://127.0.0.1:9")]
)
async def test_only_a_simulator_of_this_user_is_steered(
    network: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    venue: Steered = LnMarkets()

    with pytest.raises(NotSupported):
        await venue.move_price(network=network, url=url, percent=Decimal(-5), over_s=0)
