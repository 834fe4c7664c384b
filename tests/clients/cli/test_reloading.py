"""What an author saves decides from then on; what breaks is told, and nothing else changes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from axisor.errors import FieldInvalid
from axisor.ports import Secret
from axisor_cli.authoring.reloading import place_of, present, reload, saves
from axisor_server.domain.editions import exactly
from tests.server.rpc.serving import NAPS, TOKEN, Served, account, certificate, channel, core
from tests.server.rpc.test_people import client

__all__ = ["account", "certificate", "channel", "core"]

OLD, NEW = (exactly(each.version) for each in NAPS)


async def times(count: int) -> AsyncIterator[object]:
    """Yield so many saves."""
    for turn in range(count):
        yield turn


async def reloaded(core: Served, account: str, versions: Sequence[str]) -> list[str]:
    """Return what is told where these versions are on the disk at one save after the other."""
    calls = client(core, Secret(TOKEN))
    id = account.removeprefix("accounts/")
    run = (await calls.strategies.create_run(id, "nap")).run.id
    await calls.strategies.start_run(id, run)
    said: list[str] = []
    left = list(versions)
    saved = times(len(versions))
    await reload(calls, id, run, saved=saved, present=lambda: left.pop(0), say=said.append)
    await calls.close()
    return said


async def test_what_is_saved_decides_and_what_is_saved_as_it_was_is_no_news(
    core: Served, account: str
) -> None:
    said = await reloaded(core, account, [OLD, NEW, NEW, OLD])

    assert said == [
        f"RELOADED  1.0+{'a' * 12} → 1.1+{'b' * 12}",
        f"RELOADED  1.1+{'b' * 12} → 1.0+{'a' * 12}",
    ]


async def test_what_cannot_be_loaded_is_told(core: Served, account: str) -> None:
    said = await reloaded(core, account, ["longer than any version is " * 9])

    assert len(said) == 1
    assert said[0].startswith("NOT RELOADED")


async def test_a_file_that_is_saved_is_noticed(tmp_path: Path) -> None:
    place = tmp_path / "strategy.py"
    watched: Any = saves(tmp_path)

    async with aclosing(watched) as changes:
        noticed = asyncio.ensure_future(anext(changes))
        while not (await asyncio.wait({noticed}, timeout=0.1))[0]:  # it begins to watch meanwhile
            (tmp_path / "notes.txt").write_text("no Python")
            place.write_text("NOW = 2")

    assert {Path(path).name for _, path in noticed.result()} == {"strategy.py"}


def test_the_place_of_a_plugin_is_its_package_and_its_version_is_that_of_the_disk() -> None:
    place = place_of("axisor_margin_guard")

    assert place.name == "axisor_margin_guard"
    assert present("margin-guard").startswith("0.1.0+")
    assert len(present("margin-guard")) == len("0.1.0+") + 64
    with pytest.raises(FieldInvalid):
        place_of("nowhere_at_all")


def test_without_watchfiles_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    with pytest.raises(FieldInvalid, match="watchfiles is not installed"):
        saves(Path())
