"""The tutorial, step by step: its code, its tests, its manifest, its commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from axisor.testing import checks_of
from tests.docs import pages
from tests.docs.following import Reader
from tests.house import sources
from tests.support.processes import axisor

PAGE = "strategies.md"
EXAMPLE = Path("examples/dip-buyer")


def written_on_the_way() -> dict[str, Any]:
    """Run the page's Python in order, each block after the ones before it, and return its names."""
    module = ModuleType("tutorial")  # annotations are looked up in a module
    sys.modules[module.__name__] = module
    names = vars(module)
    for block in pages.blocks(PAGE, "python", ""):
        exec(compile(block.text, PAGE, "exec"), names)
    return names


NAMES = written_on_the_way()
TESTS = {name: value for name, value in NAMES.items() if name.startswith("test_")}


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS.keys())
def test_a_test_of_the_tutorial_passes(test: Callable[[], None]) -> None:
    test()


def test_each_check_can_be_a_test_of_its_own() -> None:
    names = dict(NAMES)
    exec(compile(pages.only(PAGE, "python", "parametrized"), PAGE, "exec"), names)

    (mark,) = names["test_it_holds_to_what_every_strategy_must"].pytestmark
    assert [case.id for case in mark.args[1]] == [name for name, _ in checks_of()]


def test_the_kit_has_what_the_page_says() -> None:
    import axisor.testing

    text = pages.page(PAGE)
    offered = set(axisor.testing.__all__) - {"CheckFailed", "checks_of"}

    assert [name for name in sorted(offered) if f"`{name}" not in text] == []


async def test_a_cassette_is_recorded_and_played_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "test_venue.py").write_text(pages.only(PAGE, "python", "cassette"))
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nasyncio_mode = "auto"\n')

    for words in (("--record",), ()):
        done = await axisor("plugin", "test", *words, str(tmp_path), "-q")
        assert done.code == 0, done

    assert "of-a-test" not in (tmp_path / "cassettes" / "checks.jsonl").read_text()


def test_the_tutorial_ends_with_the_code_of_the_example() -> None:
    code = sources.text(EXAMPLE / "src/axisor_dip_buyer/__init__.py")

    assert pages.only(PAGE, "python", "final") == code


def test_the_manifest_is_that_of_the_example() -> None:
    assert pages.only(PAGE, "toml", "manifest") == sources.text(EXAMPLE / "pyproject.toml")


def test_the_handlers_named_are_those_there_are() -> None:
    from axisor.strategy import Strategy

    handlers = {name for name in vars(Strategy) if name.startswith("on_")}

    assert {name for name in handlers if f"`{name}`" not in pages.page(PAGE)} == set()


@pytest.mark.timeout(240)
def test_the_example_holds_to_the_conformance_checks(tmp_path: Path) -> None:
    said = Reader(tmp_path).type(pages.only(PAGE, "sh", "checks"))

    lines = [line for line in said.splitlines() if not line.startswith("+ ")]
    assert lines
    assert [line for line in lines if not line.startswith("ok ")] == []


def test_the_plugin_trades_on_the_simulator(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    with reader.background(PAGE, "venue"), reader.background(PAGE, "core"):
        said = reader.type(reader.text_of(PAGE, "you"))

    assert "confirmed in " in said
    assert "dip-buyer" in said
    assert "long" in said
