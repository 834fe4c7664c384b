"""What goes on over an upgrade and over a restart in one: wakes, coverage, calls under way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from axisor.events import (
    CoverageChanged,
    StepTaken,
    TimerFired,
    Woken,
)
from axisor.intents import Intent, Wake
from axisor.states import UpgradeState
from axisor.strategy import Config, Strategy, View
from axisor.versions import UpgradeEnd
from tests.support.core import Watcher
from tests.support.upgrading import (
    ONE,
    TWO,
    Other,
    Scene,
    Seen,
)
from tests.support.walking import Walk


@pytest.fixture(params=[False, True], ids=["in-the-core", "in-runners"])
def hosted(request: pytest.FixtureRequest) -> bool:
    """Return whether the strategies are in runners."""
    found: bool = request.param
    return found


async def test_an_upgrade_lives_on_when_the_core_starts_again(hosted: bool) -> None:
    scene = Scene(Other, hosted=hosted)
    await scene.begin()
    await scene.ask("start", probation=50)
    await scene.bench.move("99900")
    await scene.restart()
    await scene.bench.move("99800")
    anew = scene.shown
    await scene.ask("commit")
    await scene.restart()
    await scene.bench.move("99700")

    assert anew.state is UpgradeState.SHADOWING
    assert 0 < anew.compared < 4
    assert (await scene.texts())[-1] == "other"
    assert scene.shown.standing_by
    await scene.end()


async def test_a_core_that_starts_without_the_version_in_force_says_what_decides_now() -> None:
    scene = Scene(Other)
    await scene.begin()
    await scene.ask("start", probation=50)
    await scene.ask("commit")
    scene.editions.drop(TWO)
    await scene.restart()
    await scene.bench.move("99700")

    last = (await scene.upgraded())[-1]
    assert (last.before, last.after, last.by) == (TWO, ONE, UpgradeEnd.RESTARTED)
    assert (await scene.texts())[-1] == "plain"
    await scene.end()


class Timed(Strategy[Config, Seen]):
    """Waits for one time, then remembers that it came and waits for nothing new."""

    name = "timed"

    def on_start(self, view: View) -> list[Intent]:
        """Wait half a minute."""
        return [Wake(at=view.now + timedelta(seconds=30))] if not self.memory.ticks else []

    def on_timer(self, at: Any, view: View) -> list[Intent]:
        """Count."""
        self.memory.ticks += 1
        return []


async def test_a_time_that_was_waited_for_comes_once_whoever_decides_then() -> None:
    scene = Scene(type("LaterTimed", (Timed,), {}), old=Timed)
    await scene.begin()
    await scene.ask("start")
    await scene.ask("commit")
    for _ in range(8):
        await scene.bench.move("99900", 10)

    fired = [s for s in await scene.bench.payloads(StepTaken) if isinstance(s.cause, TimerFired)]
    assert len(fired) == 1
    await scene.end()


async def test_a_guard_that_is_upgraded_covers_without_a_gap() -> None:
    scene = Scene(type("LaterWatcher", (Watcher,), {}), old=Watcher)
    await scene.begin()
    await scene.ask("start", probation=10)
    await scene.ask("commit")
    await scene.bench.move("99900")

    states = [p.coverage.state.value for p in await scene.bench.payloads(CoverageChanged)]
    assert states == ["unprotected", "protected"]
    await scene.end()


async def test_what_a_runner_was_asked_when_it_was_cut_over_is_asked_of_the_new_one() -> None:
    walk = Walk(2, hosted=True)
    await walk.begin()
    await walk.ask("start", 1, probation=0)
    assert walk.host is not None
    walk.host.at_once = False
    await walk.tick(30)
    asked = [call.stimulus for call in walk.host.calls[walk.run]][-1]
    walk.host.at_once = True
    await walk.ask("commit")
    await walk.tick(5)

    steps = await walk.bench.payloads(StepTaken)
    seen = [s.cause.tick.last for s in steps if isinstance(s.cause, Woken)]
    price = Decimal(msgspec.json.decode(asked)["tick"]["last"])
    assert len(seen) == len(set(seen))
    assert seen.count(price) <= 1
    assert walk.host.closed == [walk.run]
    await walk.end()
