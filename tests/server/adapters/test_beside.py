"""A plugin's new sources are imported beside the old ones, and neither reaches the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import msgspec
import pytest

from axisor.adopting import adopt_memory
from axisor.errors import UpgradeUnsound
from axisor.sources import sources_of
from axisor.strategy import Protection, encode_memory
from axisor_server.adapters.beside import load_beside

INIT = """
from __future__ import annotations

from axisor.hookspecs import hookimpl
from besides.inner import Inner
from besides import deep
from .deep.er import DEPTH


@hookimpl
def register_strategies(register):
    register(Inner)
"""
INNER = """
from __future__ import annotations

from axisor.strategy import Config, Memory, Strategy
from besides.deep.er import Slot, DEPTH


class Held(Memory):
    slots: list[Slot] = []


class Inner(Strategy[Config, Held]):
    name = "inner"
    depth = DEPTH

    def late(self):
        from besides.deep.er import DEPTH

        return DEPTH
"""
DEEPER = """
from __future__ import annotations

from msgspec import Struct

DEPTH = {depth}


class Slot(Struct):
    depth: int = DEPTH
"""


def sources(depth: int, **more: str) -> dict[str, bytes]:
    """Return a package whose parts import each other in every way."""
    found = {
        "besides": INIT,
        "besides.inner": INNER,
        "besides.deep": "",
        "besides.deep.er": DEEPER.format(depth=depth),
        **{f"besides.{name}": text for name, text in more.items()},
    }
    return {name: text.encode() for name, text in found.items()}


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


async def test_two_versions_of_a_package_are_there_at_once_and_each_is_whole() -> None:
    one: Any = (await load_beside("besides", sources(1)))["inner"]
    two: Any = (await load_beside("besides", sources(2)))["inner"]

    for depth, each in ((1, one), (2, two)):
        memory = msgspec.json.decode(b'{"slots":[{}]}', type=each.memory_type)
        assert each.depth == depth
        assert memory.slots[0].depth == depth
        assert each(each.config_type(), memory).late() == depth
        assert adopt_memory(each, encode_memory(memory)) == encode_memory(memory)
    assert "besides" not in sys.modules


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import importlib", "looks up modules"),
        ("from importlib import import_module", "looks up modules"),
        ("found = __import__('besides')", "looks up modules"),
        ("import sys\nfound = sys.modules['besides']", "looks up modules"),
        ("import pickle", "looks up modules"),
        ("import besides.inner", "from … import"),
        ("def broken(:", "cannot be read"),
        ("raise RuntimeError('not today')", "not today"),
    ],
    ids=["importlib", "from-importlib", "import", "sys", "pickle", "dotted", "syntax", "raises"],
)
async def test_what_could_reach_the_old_version_or_does_not_import_is_refused(
    text: str, why: str
) -> None:
    with pytest.raises(UpgradeUnsound, match=why):
        await load_beside("besides", sources(3, odd=text))

    assert not any(name.startswith("besides") for name in sys.modules)


ALONE = """
from __future__ import annotations

from axisor.hookspecs import hookimpl
from axisor.strategy import Config, Memory, Strategy


class Alone(Strategy[Config, Memory]):
    name = "alone"


@hookimpl
def register_strategies(register):
    register(Alone)
"""


async def test_a_plugin_of_one_file_is_imported_too() -> None:
    found = await load_beside("besides.deep.er", {"besides.deep.er": ALONE.encode()})

    assert found["alone"].__module__.startswith("besides_deep_er__")


@pytest.mark.parametrize("plugin", ["balance", "carry", "entries", "exits", "margin_guard"])
async def test_each_strategy_of_ours_can_be_loaded_beside_itself(plugin: str) -> None:
    module = import_module(f"axisor_{plugin}")
    ours: dict[str, Any] = {}
    module.register_strategies(lambda strategy: ours.update({strategy.name: strategy}))

    found = await load_beside(module.__name__, sources_of(module.__name__))

    assert found.keys() == ours.keys()
    for name, strategy in found.items():
        assert strategy is not ours[name]
        assert strategy.permissions == ours[name].permissions
        assert issubclass(strategy, Protection) == issubclass(ours[name], Protection)
