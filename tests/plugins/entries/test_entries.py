"""Each entry opens what it was told to, when it was told to, and once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from axisor.errors import ConfigInvalid
from axisor.events import IntentState
from axisor.intents import Action, Intent, Notice, OpenPosition
from axisor.model import FeedQuality, Side
from axisor.strategy import Strategy
from axisor.testing import Harness, check_strategy
from axisor_entries import AverageEntry, Dca, Grid, PriceEntry, RsiEntry
from axisor_entries.grid import GridConfig, rungs_of


def opened(asked: list[Intent]) -> list[OpenPosition]:
    """Return the openings among what was asked for; there must be no other action."""
    found = [intent for intent in asked if isinstance(intent, Action)]
    assert all(isinstance(action, OpenPosition) for action in found)
    return [action for action in found if isinstance(action, OpenPosition)]


def codes(asked: list[Intent]) -> list[str]:
    """Return the codes of the notices among what was asked for."""
    return [intent.code for intent in asked if isinstance(intent, Notice)]


def test_a_price_is_bought_once_when_it_is_reached():
    harness = Harness(
        PriceEntry, margin=1_000, below=95_000, leverage=2, stop_loss=5, take_profit=10
    )

    assert opened(harness.run([96_000, 95_001])) == []
    (order,) = opened(harness.tick(95_000))

    assert (order.side, order.margin, order.leverage) == (Side.BUY, 1_000, 2)
    assert (order.stoploss, order.takeprofit) == (Decimal(90_250), Decimal(104_500))
    assert opened(harness.run([94_000, 97_000, 94_000])) == []


def test_a_run_begun_beyond_its_level_waits_for_the_price_to_come_back():
    harness = Harness(PriceEntry, margin=1_000, above=95_000, side="short")

    assert opened(harness.run([96_000, 97_000])) == []
    (order,) = opened(harness.run([94_999, 95_000]))

    assert order.side is Side.SELL


def test_it_is_bought_anew_only_after_the_price_went_back():
    harness = Harness(PriceEntry, margin=1_000, below=95_000, again=True, rearm=2)

    assert len(opened(harness.run([96_000, 95_000, 95_100, 95_000, 96_800]))) == 1
    assert len(opened(harness.run([95_000]))) == 0
    assert len(opened(harness.run([96_900, 94_000]))) == 1


def test_what_was_refused_is_not_asked_for_again():
    harness = Harness(PriceEntry, margin=1_000, below=95_000)
    (order,) = opened(harness.run([96_000, 95_000]))

    assert codes(harness.settle(order, IntentState.UNKNOWN)) == []
    assert codes(harness.settle(order, IntentState.NOT_APPLIED)) == ["ENTRY_REFUSED"]
    assert opened(harness.run([94_000, 93_000])) == []


def test_a_doubtful_price_opens_nothing():
    harness = Harness(PriceEntry, margin=1_000, below=95_000)
    harness.tick(96_000)
    harness.set_feed(FeedQuality.DISPUTED)

    assert opened(harness.tick(90_000)) == []
    assert len(opened(harness.set_feed(FeedQuality.FRESH))) == 1


def hourly(harness: Harness, prices: list[int]) -> list[OpenPosition]:
    """Show one price at the end of each hour, and return what is opened."""
    harness.tick(prices[0])
    found: list[OpenPosition] = []
    for price in prices:
        harness.advance(hours=0, minutes=59, seconds=59)
        harness.tick(price)
        found += opened(harness.advance(seconds=1))
    return found


def test_a_price_beaten_down_is_bought_once():
    harness = Harness(RsiEntry, margin=1_000, period=3, level=30)
    up, down = [100, 101, 102, 103, 104], [103, 101, 98, 95, 92]

    found = hourly(harness, [1_000 * n for n in up + down])

    assert len(found) == 1
    assert found[0].why is not None
    assert Decimal(found[0].why.inputs["rsi"]) <= 30


def test_an_index_that_went_back_may_fire_anew():
    harness = Harness(RsiEntry, margin=1_000, period=2, level=30, rearm=20)
    up, down = [100, 104, 108], [101, 95, 90]

    assert len(hourly(harness, [1_000 * n for n in (up + down) * 3])) == 3


def test_a_missed_interval_begins_the_index_anew():
    harness = Harness(RsiEntry, margin=1_000, period=2, level=30)
    hourly(harness, [100_000, 101_000, 102_000])
    harness.wake = None  # as a core that is away
    harness.advance(hours=3)

    assert codes(harness.restart()) == ["SERIES_RESTARTED"]
    assert hourly(harness, [90_000, 89_000]) == []


def test_a_price_that_comes_a_moment_late_is_still_the_intervals():
    harness = Harness(RsiEntry, margin=1_000, period=2, level=30)
    hourly(harness, [100_000, 101_000])
    harness.advance(hours=1)  # the last price is an hour old by now

    harness.tick(90_000)
    harness.advance(seconds=5)

    assert harness.memory.rsi.last == 90_000  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["sma", "ema"])
@pytest.mark.parametrize("when", ["above", "below"])
def test_averages_that_cross_open_once_for_each_crossing(kind: str, when: str):
    harness = Harness(AverageEntry, margin=1_000, fast=2, slow=4, kind=kind, when=when)
    fall, rise = list(range(110, 100, -1)), list(range(100, 110))

    found = hourly(harness, [1_000 * n for n in fall + rise + fall + rise])

    assert len(found) == (2 if when == "above" else 1)


def test_another_period_begins_the_averages_anew():
    harness = Harness(AverageEntry, margin=1_000, fast=2, slow=4)
    hourly(harness, [100_000] * 5)
    other = Harness(AverageEntry, margin=1_000, fast=3, slow=5)
    other.saved, other.now, other.quote = harness.saved, harness.now, harness.quote
    other.restart()

    hourly(other, [100_000])

    assert [a.seen for a in other.memory.exponential] == [1, 1]  # type: ignore[attr-defined]


def test_a_position_is_opened_each_day_and_no_more_than_so_often():
    harness = Harness(Dca, margin=1_000, every_min=1_440, offset_min=60, times=2)
    harness.tick(100_000)
    opened_at = []
    for _ in range(4 * 24 * 2):
        harness.advance(minutes=29, seconds=50)
        harness.tick(100_000)
        for _ in opened(harness.advance(seconds=10)):
            opened_at.append((harness.now.hour, harness.now.minute))

    assert opened_at == [(1, 0), (1, 0)]


def test_a_time_that_was_missed_is_left_out_and_said():
    harness = Harness(Dca, margin=1_000, every_min=60)
    harness.tick(100_000)

    asked = harness.advance(hours=1, minutes=30)

    assert opened(asked) == []
    assert codes(asked) == ["DCA_MISSED"]


def test_nothing_is_bought_above_the_price_that_was_set():
    harness = Harness(Dca, margin=1_000, every_min=60, only_below=99_000)

    assert [order.margin for order in hourly(harness, [100_000, 99_001, 99_000])] == [1_000]
    assert harness.memory.count == 1  # type: ignore[attr-defined]


def test_a_grid_buys_at_each_level_and_anew_after_its_profit():
    harness = Harness(Grid, margin=1_000, lowest=90_000, spacing=1_000, levels=11)

    found = opened(harness.run([100_500, 99_500, 98_900, 98_500, 97_900]))
    assert [order.takeprofit for order in found] == [Decimal(100_000), Decimal(99_000)]

    assert opened(harness.run([98_500, 97_900])) == []
    assert [order.takeprofit for order in opened(harness.run([99_000, 98_000]))] == [99_000]


def test_a_grid_of_shorts_is_the_mirror():
    harness = Harness(Grid, margin=1_000, lowest=90_000, spacing=1_000, levels=11, side="short")

    found = opened(harness.run([89_500, 91_000, 93_100]))

    assert [(o.side, o.takeprofit) for o in found] == [
        (Side.SELL, Decimal(90_000)),
        (Side.SELL, Decimal(91_000)),
        (Side.SELL, Decimal(92_000)),
    ]


def test_another_grid_begins_anew():
    harness = Harness(Grid, margin=1_000, lowest=90_000, spacing=1_000, levels=11)
    harness.run([100_500, 94_900])
    other = Harness(Grid, margin=1_000, lowest=80_000, spacing=1_000, levels=11)
    other.saved = harness.saved

    assert len(opened(other.run([90_500, 88_900]))) == 1


def test_the_levels_lie_evenly_on_the_half_dollar():
    config = GridConfig(margin=1, lowest=Decimal("99.8"), spacing=Decimal("1.1"), levels=2)

    assert [(r.level, r.profit) for r in rungs_of(config)] == [(Decimal(100), Decimal(101))]


ORDER: dict[str, Any] = {"margin": 1_000}


@pytest.mark.parametrize(
    ("strategy", "config", "complaint"),
    [
        (PriceEntry, {}, "Set one level"),
        (PriceEntry, {"below": 1, "above": 2}, "Set one level"),
        (PriceEntry, {"below": 0}, "above zero"),
        (PriceEntry, {"below": 9, "rearm": 0}, "between 0 and 100"),
        (PriceEntry, {"below": 9, "leverage": 101}, "between 1 and 100"),
        (PriceEntry, {"below": 9, "stop_loss": 100}, "between 0 and 100"),
        (PriceEntry, {"below": 9, "stop_loss": 20, "leverage": 10}, "beyond liquidation"),
        (PriceEntry, {"below": 9, "take_profit": 0}, "above 0 percent"),
        (PriceEntry, {"below": 9, "take_profit": 100, "side": "short"}, "below 100 percent"),
        (RsiEntry, {"level": 100}, "between 0 and 100"),
        (RsiEntry, {"level": 95}, "between 0 and 100"),
        (AverageEntry, {"fast": 30}, "shorter"),
        (Dca, {"every_min": 60, "offset_min": 60}, "shorter than the interval"),
        (Dca, {"only_below": 0}, "above zero"),
        (Grid, {"lowest": 0, "spacing": 9}, "above zero"),
        (Grid, {"lowest": 100, "spacing": "0.5"}, "a dollar apart"),
    ],
)
def test_a_contradiction_is_refused(
    strategy: type[Strategy[Any, Any]], config: dict[str, Any], complaint: str
):
    with pytest.raises(ConfigInvalid, match=complaint):
        Harness(strategy, **ORDER, **config)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("strategy", "config"),
    [
        (PriceEntry, {"below": 99_500, "again": True, "rearm": "0.5"}),
        (RsiEntry, {"interval_min": 1, "period": 3, "level": 40}),
        (AverageEntry, {"interval_min": 1, "fast": 2, "slow": 4, "kind": "sma"}),
        (Dca, {"every_min": 2}),
        (Grid, {"lowest": 90_000, "spacing": 500, "levels": 23}),
    ],
)
def test_it_holds_to_the_conformance_checks(
    strategy: type[Strategy[Any, Any]], config: dict[str, Any]
):
    check_strategy(strategy, **ORDER, **config)


def test_what_is_done_by_the_clock_does_not_hang_on_ticks():
    harness = Harness(Dca, margin=1_000, every_min=60)
    harness.tick(100_000)
    before = harness.calls

    harness.run([100_000] * 100, every=timedelta(seconds=1))

    assert harness.calls == before
