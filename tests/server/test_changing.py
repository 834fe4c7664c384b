"""Plugins that run in runners are enabled and disabled like those of the core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from axisor.errors import ConfigInvalid
from axisor_server.adapters.system import SystemClock, SystemIds
from axisor_server.changing import ChangingPlugins
from axisor_server.plugins import Plugins
from axisor_server.running import Running
from axisor_server.settings import load
from tests.support.strangers import install

KEPT = "stranger"


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
