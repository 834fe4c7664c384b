"""Plugins that run in runners are enabled and disabled like those of the core."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from axisor.errors import ConfigInvalid, PluginInUse
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.changing import OURS, ChangingPlugins
from axisor_server.plugins import Plugins
from axisor_server.running import Running
from axisor_server.settings import load
from tests.house import sources
from tests.support.strangers import install

KEPT = "stranger"
OTHERS = "dip-buyer"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Plugins, Running]]:
    """Return the plugins of a core that runs two in runners, one of which breaks."""
    fine = install(tmp_path, KEPT)
    text = f'[runner]\nspawn = ["{fine}", "broken=/bin/false"]'
    settings = load(file=text, environment={}, flags={}).settings
    plugins = Plugins()
    made = Running(settings, plugins, SystemClock(), SystemIds(), data_dir=tmp_path)
    await made.offered(KEPT)
    yield plugins, made
    await made.aclose()


async def test_a_plugin_in_runners_is_disabled_and_asked_anew_when_it_is_enabled(
    running: tuple[Plugins, Running],
) -> None:
    plugins, made = running
    changing = ChangingPlugins(plugins, made, {})
    before = changing.report(KEPT)

    changing.disable(KEPT)
    off = (changing.report(KEPT).enabled, dict(plugins.strategies))
    await changing.enable(KEPT, None)
    again = changing.report(KEPT)

    assert (before.strategies, before.place) == ((KEPT,), "runner")
    assert off == (False, {})
    assert again == before
    assert made.editions.version_of(plugins.strategies[KEPT]).version == "1.0"


async def test_one_that_cannot_say_what_it_offers_is_not_enabled(
    running: tuple[Plugins, Running],
) -> None:
    changing = ChangingPlugins(*running, {})
    changing.disable("broken")  # whether it was asked meanwhile or not

    with pytest.raises(ConfigInvalid, match="cannot be enabled"):
        await changing.enable("broken", None)

    assert not changing.report("broken").enabled
    assert not changing.takes_settings("broken")


@asynccontextmanager
async def beside(tmp_path: Path, text: str) -> AsyncIterator[tuple[Plugins, ChangingPlugins]]:
    """Have the plugins of a core with some settings, and what is installed beside it."""
    settings = load(file=text, environment={}, flags={}).settings
    plugins = Plugins()
    running = Running(settings, plugins, SystemClock(), SystemIds(), data_dir=tmp_path)
    yield plugins, ChangingPlugins(plugins, running, {}, settings)
    await running.aclose()


async def test_one_of_others_gets_runners_and_comes_into_the_core_only_by_a_word(
    tmp_path: Path,
) -> None:
    async with beside(tmp_path, '[runner]\nspawn = ["*"]') as (plugins, changing):
        await changing.enable(OTHERS, None)
        outside = changing.report(OTHERS)
        changing.disable(OTHERS)
        off = dict(plugins.strategies)
        await changing.enable(OTHERS, None, in_core=True)
        inside = changing.report(OTHERS)

    assert (outside.place, outside.strategies) == ("runner", ("dip-buyer",))
    assert off == {}
    assert (inside.place, inside.strategies) == ("core", ("dip-buyer",))


async def test_one_of_others_is_refused_where_there_are_no_runners(tmp_path: Path) -> None:
    async with beside(tmp_path, "") as (_, changing):
        with pytest.raises(PluginInUse, match="not one of Axisor's"):
            await changing.enable(OTHERS, None)
        with pytest.raises(PluginInUse, match="not one of Axisor's"):
            changing.check(OTHERS, in_core=False)
        changing.check(OTHERS, in_core=True)
        await changing.enable("exits", None)

        assert not changing.report(OTHERS).enabled
        assert changing.report("exits").place == "core"


async def test_one_that_the_settings_name_comes_into_the_core_again(tmp_path: Path) -> None:
    text = 'plugins = ["dip-buyer"]\n[runner]\nspawn = ["*"]'
    async with beside(tmp_path, text) as (_, changing):
        await changing.enable(OTHERS, None)

        assert changing.report(OTHERS).place == "core"


async def test_a_core_that_begins_does_not_wait_for_what_others_say(tmp_path: Path) -> None:
    async with beside(tmp_path, '[runner]\nspawn = ["*"]') as (plugins, changing):
        await changing.enable(OTHERS, None, waits=False)
        at_once = dict(plugins.strategies)

        assert at_once == {}
        assert changing.report(OTHERS).enabled


async def test_one_that_comes_again_is_the_version_that_was_imported(
    running: tuple[Plugins, Running],
) -> None:
    plugins, made = running
    changing = ChangingPlugins(plugins, made, {})
    await changing.enable("exits", None)
    names = changing.report("exits").strategies
    classes = [plugins.strategies[name] for name in names]
    first = [made.editions.version_of(each) for each in classes]

    changing.disable("exits")
    meanwhile = [made.editions.version_of(each) for each in classes]
    await changing.enable("exits", None)

    assert all(first)
    assert not any(meanwhile)
    assert [made.editions.version_of(plugins.strategies[name]) for name in names] == first


def test_all_plugins_of_this_repository_are_ours_and_no_others() -> None:
    manifests = sources.ROOT.glob("plugins/*/pyproject.toml")

    assert {tomllib.loads(each.read_text())["project"]["name"] for each in manifests} == OURS
