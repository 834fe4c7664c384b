"""Each conformance check catches the strategy that breaks it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Annotated, ClassVar

import msgspec
import pytest
from msgspec import Meta

from axisor.intents import AddMargin, Intent, OpenPosition, Wake
from axisor.model import Permission, Price, Side, Tick
from axisor.strategy import Config, Memory, Strategy, View
from axisor.testing import check_strategy, checks, market
from axisor.testing.configs import extreme_config, plain_config

BUY = OpenPosition(side=Side.BUY, leverage=1, quantity=1)
EVERY = Wake(below=Price(100_000_000))


class GoodConfig(Config, frozen=True):
    """How much."""

    size: Annotated[int, Meta(ge=1, le=9, description="Dollars in each buy.")]
    level: Annotated[Decimal, Meta(description="Price below which to buy.")] = Decimal(95_000)


class GoodMemory(Memory):
    """Whether it bought."""

    bought: bool = False


class Good(Strategy[GoodConfig, GoodMemory]):
    """Buys once below a level."""

    name = "good"
    permissions = Permission.TRADE

    def on_start(self, view: View) -> Iterator[Intent]:
        yield Wake(below=self.config.level)

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        if not self.memory.bought and tick.last <= self.config.level:
            self.memory.bought = True
            yield OpenPosition(side=Side.BUY, leverage=1, quantity=self.config.size)


class EmptyConfig(Config, frozen=True):
    """Nothing to set."""


class Waiting(Strategy[EmptyConfig, GoodMemory]):
    """Wakes on every tick and does nothing."""

    name = "waiting"
    permissions = Permission.TRADE

    def on_start(self, view: View) -> Iterator[Intent]:
        yield EVERY


class Shared(Waiting):
    """Keeps a counter outside its memory."""

    numbers: ClassVar[count[int]] = count(1)

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        yield OpenPosition(side=Side.BUY, leverage=1, quantity=next(self.numbers))


class Hashing(Waiting):
    """Decides by the hash of a text, which differs from process to process."""

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        if not self.memory.bought:
            self.memory.bought = True
            yield OpenPosition(side=Side.BUY, leverage=1, quantity=1 + abs(hash("price")))


class Restless(Waiting):
    """Opens a position whenever it starts."""

    def on_start(self, view: View) -> Iterator[Intent]:
        yield BUY
        yield EVERY


class Overreaching(Waiting):
    """Adds margin without the right to."""

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        if not self.memory.bought:
            self.memory.bought = True
            yield AddMargin(position="0197-long", amount=1)


class Greedy(Waiting):
    """Buys three times on every tick."""

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        yield from (BUY, BUY, BUY)


class Sleepy(Waiting):
    """Wakes at a bound that is not where its decision changes."""

    def on_start(self, view: View) -> Iterator[Intent]:
        yield Wake(below=Price(93_000))

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        if tick.last < 97_000 and not self.memory.bought:
            self.memory.bought = True
            yield BUY


class UnsaidConfig(Config, frozen=True):
    """A field without a word."""

    size: int = 1


class Unsaid(Strategy[UnsaidConfig, Memory]):
    """Does not describe its field."""

    name = "unsaid"


class Nameless(Strategy[EmptyConfig, Memory]):
    """Has a name that is not one."""

    name = "Not A Name"


class Fragile(Waiting):
    """Raises when the price is low."""

    def on_wake(self, tick: Tick, view: View) -> Iterator[Intent]:
        if tick.last < 94_000:
            raise RuntimeError("too low for me")
        return iter(())


def test_a_good_strategy_passes():
    check_strategy(Good, size=3)
    check_strategy(Good)


@pytest.mark.parametrize(
    ("strategy", "check"),
    [
        (Shared, checks.is_deterministic),
        (Hashing, checks.is_deterministic),
        (Restless, checks.is_restart_proof),
        (Overreaching, checks.honours_permissions),
        (Greedy, checks.is_bounded),
        (Sleepy, checks.is_sparse_equivalent),
        (Unsaid, checks.describes_its_fields),
        (Nameless, checks.has_docstring_and_name),
    ],
)
def test_a_bad_strategy_is_caught(strategy: checks.AnyStrategy, check: checks.Check):
    with pytest.raises(checks.CheckFailed):
        check(strategy, {})


def test_what_a_strategy_raises_is_its_failure():
    with pytest.raises(checks.CheckFailed, match="too low for me"):
        check_strategy(Fragile)


def test_a_configuration_the_strategy_refuses_is_said():
    with pytest.raises(checks.CheckFailed, match="refuses the configuration"):
        check_strategy(Good, size=99)


def test_the_extremes_come_from_the_schema():
    assert plain_config(Good) == {"size": 1}
    assert extreme_config(Good, largest=False)["size"] == 1
    assert extreme_config(Good, largest=True)["size"] == 9


@pytest.mark.parametrize(("name", "code"), [("Good", 0), ("Fragile", 1), ("GoodConfig", 2)])
def test_the_command_tells_by_its_exit_code(name: str, code: int):
    done = subprocess.run(
        [sys.executable, "-m", "axisor.testing", f"{__name__}:{name}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stdout + done.stderr


def test_a_market_is_the_same_for_the_same_seed():
    made = market.walk(7, 50).crash(10, steps=5).gap(3).walk(20)

    assert made.prices == market.walk(7, 50).crash(10, steps=5).gap(3).walk(20).prices
    assert made.prices != market.walk(8, 50).crash(10, steps=5).gap(3).walk(20).prices
    assert len(made) == 76
    assert "walk(7, 50" in repr(made)


def test_crash_and_gap_fall_by_what_they_say():
    flat = market.walk(1, 1, start=100_000)

    assert flat.crash(10, steps=4).prices[-1] == 90_000
    assert flat.gap(5).prices == (Decimal(100_000), Decimal(95_000))
    assert flat.gap(-5).prices[-1] == 105_000
    assert all(price % Decimal("0.5") == 0 for price in market.walk(3, 500))


def test_memory_without_defaults_is_caught():
    class Bare(Memory):
        needed: int

    class Forgetful(Strategy[EmptyConfig, Bare]):
        """Cannot begin without being given a memory."""

        name = "forgetful"

    with pytest.raises(TypeError):
        checks.memory_survives_json(Forgetful, {})
    assert msgspec.json.encode(Bare(1)) == b'{"needed":1}'
