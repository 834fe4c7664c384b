"""The harness calls a strategy as a core would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

import pytest
from msgspec import Meta

from axisor.errors import ConfigInvalid
from axisor.events import IntentState, OrderChanged, Outcome
from axisor.intents import AddMargin, ClosePosition, Intent, Notice, OpenPosition, Wake
from axisor.model import (
    FeedQuality,
    Order,
    OrderState,
    OrderType,
    Severity,
    Side,
    Tick,
)
from axisor.strategy import Config, Memory, Strategy, View
from axisor.testing import Harness
from axisor.testing.clock import FixedClock
from axisor.testing.script import opened

LONG = opened("long", Side.BUY, 2_500, 100_000, 25)


class BellConfig(Config, frozen=True):
    """Where it rings."""

    below: Annotated[int, Meta(gt=0, description="Price at which to ring.")] = 90


class BellMemory(Memory):
    """How often it rang."""

    rung: int = 0


class Bell(Strategy[BellConfig, BellMemory]):
    """Rings when woken, and tells of everything else it hears."""

    name = "bell"

    def _say(self, code: str) -> Iterator[Intent]:
        self.memory.rung += 1
        yield Notice(severity=Severity.OK, code=code, text=str(self.memory.rung))

    def on_start(self, view: View) -> Iterator[Intent]:
        at = view.now + timedelta(minutes=5)
        on = frozenset({"order", "outcome", "feed"})
        yield Wake(below=Decimal(self.config.below), at=at, on=on)

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        return self._say("woken")

    def on_timer(self, at: datetime, view: View) -> Iterator[Intent]:
        return self._say("timer")

    def on_order(self, change: OrderChanged, view: View) -> Iterator[Intent]:
        return self._say(change.order.state.value)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterator[Intent]:
        return self._say(outcome.state.value)

    def on_stop(self, view: View) -> Iterator[Intent]:
        return self._say("stopped")


def codes(asked: list[Intent]) -> list[str]:
    return [intent.code for intent in asked if isinstance(intent, Notice)]


def test_a_sparse_strategy_is_called_only_at_its_bound():
    bell = Harness(Bell)

    assert bell.run([100, "90.5"]) == []
    assert codes(bell.tick(90)) == ["woken"]


def test_it_can_be_called_on_every_tick_all_the_same():
    bell = Harness(Bell)
    bell.every_tick = True

    assert codes(bell.tick(100)) == ["woken"]


def test_the_timer_fires_once_when_market_time_reaches_it():
    bell = Harness(Bell)

    assert codes(bell.advance(minutes=4)) == []
    assert codes(bell.advance(minutes=1)) == ["timer"]
    assert codes(bell.advance(hours=1)) == []


def test_events_it_did_not_ask_for_are_kept_from_it():
    bell = Harness(Bell)

    assert bell.set_balance(5) == []
    assert bell.set_positions(LONG) == []
    assert bell.set_feed(FeedQuality.STALE) == []  # asked for, and not handled


def test_a_filled_order_is_told():
    order = Order(
        id="o", type=OrderType.LIMIT, side=Side.BUY, quantity=1, price=Decimal(1),
        state=OrderState.OPEN,
    )  # fmt: skip

    assert codes(Harness(Bell).fill(order)) == ["filled"]


def test_memory_outlives_a_restart_and_the_run_starts_again():
    bell = Harness(Bell)
    bell.tick(80)

    bell.restart()

    (notice,) = bell.tick(80)
    assert isinstance(notice, Notice)
    assert notice.text == "2"


def test_a_stopped_run_is_called_no_more():
    bell = Harness(Bell)

    assert codes(bell.stop()) == ["stopped"]
    assert bell.tick(1) == []


def test_a_confirmed_add_moves_sats_and_liquidation():
    bell = Harness(Bell)
    bell.set_positions(LONG)

    bell.settle(AddMargin(position="long", amount=82_541))

    (position,) = bell.holdings.positions
    assert (position.margin, position.liquidation) == (182_541, Decimal(93_195))
    assert bell.holdings.balance.free == 10_000_000 - 82_541


def test_a_refused_add_moves_nothing():
    bell = Harness(Bell)
    bell.set_positions(LONG)

    asked = bell.settle(AddMargin(position="long", amount=5), IntentState.REFUSED)

    assert codes(asked) == ["refused"]
    assert bell.holdings.positions == (LONG,)


def test_closing_returns_margin_and_profit():
    bell = Harness(Bell)
    bell.set_positions(LONG)
    bell.tick(100_000)

    bell.settle(ClosePosition(position="long"))

    assert bell.holdings.positions == ()
    assert bell.holdings.balance.free == 10_000_000 + LONG.margin


def test_a_configuration_outside_the_schema_is_refused():
    with pytest.raises(ConfigInvalid):
        Harness(Bell, below=0)
    with pytest.raises(ConfigInvalid):
        Harness(Bell, beyond=1)


def test_the_pytest_plugin_offers_harness_and_clock(
    harness: Callable[..., Harness], clock: FixedClock
):
    clock.move(timedelta(seconds=2))

    assert clock.monotonic_ms() == 2_000
    assert codes(harness(Bell, below=50).tick(50)) == ["woken"]


async def test_sleeping_on_a_fixed_clock_moves_it():
    clock = FixedClock()

    await clock.sleep(1.5)

    assert clock.monotonic_ms() == 1_500
    with pytest.raises(ValueError, match="does not go back"):
        clock.move(timedelta(seconds=-1))


def test_a_harness_shows_openings_under_way_and_the_days_loss():
    harness = Harness(Bell)
    harness.opening = (OpenPosition(side=Side.BUY, leverage=1, quantity=1),)
    harness.lost_today = 5

    assert (harness.view.opening, harness.view.lost_today) == (harness.opening, 5)
