"""Market time and prices: sources, speeds, funding, and the price by hand."""

from __future__ import annotations

import gzip
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.plugins.lnmarkets.sim.kit import SETTINGS, START, FixedClock

from axisor.errors import AxisorError, CandlesInvalid, SettingsInvalid
from axisor.exchange import NewTrade, Rules
from axisor.model import OrderType, Side
from axisor_lnmarkets.sim import CandlePrices, FixedPrice, ScenarioPrices, Settings, WalkPrices
from axisor_lnmarkets.sim.world import World

HEADER = "time,open,high,low,close,volume\n"
ROWS = (
    "2018-11-10T00:00:00Z,6418.6,6420,6417.5,6417.6,2.25\n"
    "2018-11-10T00:01:00Z,6417.6,6417.6,6416.9,6416.9,1.5\n"
)


def world(**changed: object) -> tuple[World, FixedClock]:
    clock = FixedClock()
    return World(replace(SETTINGS, **changed), clock), clock


def candles(folder: Path, text: str = HEADER + ROWS) -> Path:
    path = folder / "candles.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_a_candle_file_is_printed_on_its_own_time(tmp_path: Path):
    made, clock = world(prices=CandlePrices(candles(tmp_path)))
    seen = [made.quote.last]

    for _ in range(7):
        clock.move(15)
        made.now()
        seen.append(made.quote.last)

    expected = ["6418.5", "6417.5", "6420", "6417.5", "6417.5", "6417.5", "6417", "6417"]
    assert seen == [Decimal(price) for price in expected]
    assert made.quote.time.isoformat() == "2018-11-10T00:01:45+00:00"
    assert [c.volume for c in made.tape.all("1m")] == [Decimal("2.25"), Decimal("1.5")]


def test_speed_multiplies_market_time_and_leaves_transport_time_alone():
    made, clock = world(speed=Decimal(20))

    clock.move(3)

    assert made.now() == START + timedelta(seconds=60)
    assert made.transport.now() == START + timedelta(seconds=3)


def test_the_fastest_speed_goes_from_print_to_print():
    made, clock = world(speed=None, prices=ScenarioPrices("flash-crash"))

    lowest = made.quote.last
    while made.wait_s() is not None:
        made.step()
        lowest = min(lowest, made.quote.last)

    assert [lowest, made.quote.last] == [Decimal(95_200), Decimal(99_400)]
    assert clock.monotonic_ms() == 0
    assert made.now() == START + timedelta(seconds=42)


def test_one_seed_makes_one_walk():
    def path(seed: int) -> list[Decimal]:
        made, clock = world(prices=WalkPrices(seed))
        prices = []
        for _ in range(50):
            clock.move(1)
            made.now()
            prices.append(made.quote.last)
        return prices

    assert path(5) == path(5) != path(6)


def test_funding_is_settled_when_market_time_passes_it():
    made, clock = world()
    order = NewTrade(type=OrderType.MARKET, side=Side.BUY, leverage=10, quantity=1000)
    trade = made.account.isolated.new_trade(made.now(), made.quote, order)

    clock.move(60)
    made.now()

    assert made.account.isolated.get(trade.id).margin == 99_900
    assert len(made.engine.settlements) == 1


def test_a_move_passes_through_every_step_on_the_way():
    made, clock = world()
    seen = set()
    made.quote_listeners.append(lambda quote: seen.add(quote.last))

    made.move(Decimal(-4), timedelta(seconds=4))
    clock.move(2)
    made.now()
    halfway = made.quote.last
    clock.move(2)
    made.now()

    assert [halfway, made.quote.last] == [Decimal(98_000), Decimal(96_000)]
    assert len(seen) == 40


def test_a_price_by_hand_holds_until_the_source_may_go_on():
    made, clock = world(prices=ScenarioPrices("flash-crash"))

    made.set_price(Decimal(120_000))
    clock.move(31)
    made.now()
    held = made.quote.last
    made.follow()
    made.now()

    assert held == 120_000
    assert made.quote.last == 95_200


@pytest.mark.parametrize(("liquidate_on", "dead"), [("last", False), ("executable", True)])
def test_the_reference_of_liquidations_can_be_chosen(liquidate_on: str, dead: bool):
    rules = Rules(liquidate_on="executable" if liquidate_on == "executable" else "last")
    made, _ = world(rules=rules, spread=Decimal(20))
    order = NewTrade(type=OrderType.MARKET, side=Side.BUY, leverage=10, quantity=1000)
    trade = made.account.isolated.new_trade(made.now(), made.quote, order)

    made.set_price(trade.liquidation + 5)

    assert (not made.account.isolated.running()) == dead


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "time,open\n",
        HEADER + "2018-11-10T00:00:00Z,1,2\n",
        HEADER + "2018-11-10T00:00:00Z,1,2,3,4,5\n",
        HEADER + "2018-11-10T00:00:00Z,-1,2,-3,1,5\n",
        HEADER + "2018-11-10T00:00:00Z,NaN,2,1,1,5\n",
        HEADER + ROWS + ROWS,
    ],
)
def test_a_bad_candle_file_is_refused_before_anything_starts(tmp_path: Path, text: str):
    with pytest.raises(CandlesInvalid):
        world(prices=CandlePrices(candles(tmp_path, text)))


def test_a_start_beyond_the_file_is_refused(tmp_path: Path):
    with pytest.raises(SettingsInvalid):
        world(prices=CandlePrices(candles(tmp_path)), start=START)


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "0.0.0.0"},
        {"host": "example.org"},
        {"key": ""},
        {"balance": -1},
        {"speed": Decimal(0)},
        {"funding_rate": Decimal(1)},
        {"keyed_per_s": 0},
    ],
)
def test_settings_that_cannot_be_served_are_refused(changed: dict[str, object]):
    with pytest.raises(SettingsInvalid):
        replace(SETTINGS, **changed).check()


def test_another_address_than_loopback_must_be_asked_for():
    settings: Settings = replace(SETTINGS, host="0.0.0.0", any_host=True)

    settings.check()


@pytest.mark.parametrize("prices", [FixedPrice(Decimal("100.25")), ScenarioPrices("unheard-of")])
def test_prices_that_cannot_be_are_refused(prices: object):
    with pytest.raises(AxisorError):
        world(prices=prices)
