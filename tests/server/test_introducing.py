"""Plugins are asked what they offer beside all else, and waited for by whoever needs them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from axisor.errors import ConfigInvalid
from axisor.remote import Offer
from axisor_server.adapters.running.remembering import OfferMemory
from axisor_server.introducing import Introductions
from axisor_server.plugins import Plugins
from tests.support.environments import PACKAGES, environment


class Strangers:
    """Plugins that answer when they are let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may: dict[str, asyncio.Event] = {}
        self.learned: list[str] = []

    def slow(self, *names: str) -> None:
        """Have some answer only once their event is set."""
        self.may.update({name: asyncio.Event() for name in names})

    async def ask(self, plugin: str, python: str) -> Sequence[Offer]:
        """Answer for a plugin, or break."""
        self.asked.append(plugin)
        if plugin in self.may:
            await self.may[plugin].wait()
        if plugin == "broken":
            raise ConfigInvalid("It breaks.")
        return [Offer(name=f"{plugin}s", plugin=plugin, version="1", code="c")]

    def learn(self, plugin: str, offered: object) -> None:
        """Note who was learned of."""
        self.learned.append(plugin)


class Start:
    """What one start of a core finds."""

    def __init__(self, folder: Path, strangers: Strangers) -> None:
        self.plugins = Plugins()
        self.memory = OfferMemory(folder / "offers.json")
        self.introductions = Introductions(self.plugins, self.memory, strangers.ask)

    def begin(self, pythons: dict[str, list[str]], strangers: Strangers) -> list[str]:
        """Recall, and ask the others; return those that are remembered."""
        known = self.introductions.recall(pythons)
        unknown = {name: found for name, found in pythons.items() if name not in known}
        self.introductions.begin(unknown, strangers.learn)
        return list(known)


@pytest.fixture
def strangers() -> Strangers:
    return Strangers()


async def test_what_a_plugin_offered_is_remembered_until_something_of_it_changes(
    tmp_path: Path, strangers: Strangers
) -> None:
    python = environment(tmp_path / "venv")
    pythons = {"dip": [str(python)]}
    found = []
    for turn in range(3):
        if turn == 2:
            os.utime(python.parent.parent / PACKAGES / "dip.py", (1, 1))
        start = Start(tmp_path, strangers)
        known = start.begin(pythons, strangers)
        await start.introductions.wait_for({"dips"}, within_s=60)
        await _settled(start)
        found.append((known, list(start.plugins.strategies), list(strangers.asked)))

    assert found == [
        ([], ["dips"], ["dip"]),
        (["dip"], ["dips"], ["dip"]),
        ([], ["dips"], ["dip", "dip"]),
    ]
    assert strangers.learned == ["dip", "dip"]


async def test_whoever_needs_a_strategy_waits_for_it_and_for_nobody_else(
    tmp_path: Path, strangers: Strangers
) -> None:
    strangers.slow("sleeps", "late")
    start = Start(tmp_path, strangers)
    start.begin({"sleeps": ["a"], "late": ["b"], "broken": ["c"]}, strangers)

    waiting = asyncio.ensure_future(start.introductions.wait_for({"lates"}, within_s=60))
    for _ in range(10):
        await asyncio.sleep(0)
    before = waiting.done()
    strangers.may["late"].set()
    await waiting

    assert not before
    assert list(start.plugins.strategies) == ["lates"]
    assert start.plugins.states["broken"].error == "runner: It breaks."
    assert not start.plugins.states["sleeps"].quarantined
    await start.introductions.wait_for((), within_s=60)
    await start.introductions.aclose()
    await start.introductions.wait_for({"sleeps"}, within_s=60)


async def test_a_plugin_that_never_answers_is_not_waited_for_for_ever(
    tmp_path: Path, strangers: Strangers
) -> None:
    strangers.slow("sleeps")
    start = Start(tmp_path, strangers)
    start.begin({"sleeps": ["a"]}, strangers)

    await start.introductions.wait_for({"sleep"}, within_s=0.05)

    assert strangers.learned == []
    await start.introductions.aclose()


async def test_of_versions_none_is_offered_before_all_of_them_answered(
    tmp_path: Path, strangers: Strangers
) -> None:
    python = environment(tmp_path / "venv")
    first = Start(tmp_path, strangers)
    first.begin({"dip": [str(python)]}, strangers)
    await _settled(first)

    second = Start(tmp_path, strangers)
    known = second.begin({"dip": [str(python), "elsewhere"]}, strangers)
    await second.introductions.wait_for({"dips"}, within_s=60)

    assert known == []
    assert strangers.asked == ["dip"] * 3
    await second.introductions.aclose()


async def _settled(start: Start) -> None:
    """Wait until nobody is asked any more."""
    await start.introductions.wait_for({"what nobody offers"}, within_s=60)
