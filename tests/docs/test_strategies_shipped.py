"""The page on our strategies: each is there, its example is taken and runs."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from docs import generate
from msgspec import structs

from axisor.strategy import Strategy, decode_config
from axisor.testing import script
from axisor_limits.config import read
from axisor_server.settings import load
from tests.docs import pages

PAGE = "strategies-shipped.md"
SHIPPED = generate.shipped()
COMMAND = re.compile(r"run create ([a-z-]+) --config '([^']+)'")


@pytest.mark.parametrize("strategy", SHIPPED, ids=lambda s: s.name)
def test_an_example_is_taken_and_runs(strategy: type[Strategy[Any, Any]]) -> None:
    example = msgspec.json.decode(pages.only(PAGE, "json", strategy.name.replace("-", "_")))

    for _ in script.play(strategy, example, script.events()):
        pass


@pytest.mark.parametrize("strategy", SHIPPED, ids=lambda s: s.name)
def test_a_strategy_has_its_heading(strategy: type[Strategy[Any, Any]]) -> None:
    assert f"\n## {strategy.name}\n" in pages.page(PAGE)
    assert f"[`{strategy.name}`](#{strategy.name})" in pages.page(PAGE)


def test_every_command_names_a_strategy_and_a_configuration_it_takes() -> None:
    known = {strategy.name: strategy for strategy in SHIPPED}
    found = COMMAND.findall(pages.page(PAGE))

    assert found
    for name, config in found:
        decode_config(known[name], config)


def test_the_limits_are_read_by_the_core_and_by_the_plugin() -> None:
    loaded = load(file=pages.only(PAGE, "toml", "limits"), environment={}, flags={})

    assert "limits" in loaded.settings.plugins
    assert structs.astuple(read(loaded.plugin["limits"])) == (50_000, 25, 5, 8, 500_000)
