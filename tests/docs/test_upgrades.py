"""The page on upgrades: its settings are taken, its program runs, its figures are the code's."""

from __future__ import annotations

from typing import Any

import msgspec

from axisor.adopting import adopt_memory
from axisor.strategy import Config, Memory, Strategy
from axisor_server.choices import Runner
from axisor_server.domain.upgrading import MOST_DIFFERENCES, MOST_SHOWN, USUAL_PROBATION
from axisor_server.engine.upgrading import ROLLED_BACK
from axisor_server.settings import load
from tests.docs import pages

PAGE = "upgrades.md"


def test_the_settings_are_ones_the_core_takes() -> None:
    block = pages.only(PAGE, "toml", "settings")

    found = load(file=block, environment={}, flags={}).settings.runner

    assert found == Runner(spawn=("pacer=/opt/pacer/*/python",))


def test_the_memory_reads_both_forms() -> None:
    names: dict[str, Any] = {}
    exec(pages.only(PAGE, "python", "memory"), names)

    class Counts(Strategy[Config, Memory]):
        """Counts."""

        name = "counts"

    Counts.memory_type = names["Counted"]
    for old in (b'{"seen":7}', b'{"ticks":7}'):
        assert msgspec.json.decode(adopt_memory(Counts, old)) == {"ticks": 7}


def test_the_figures_are_those_of_the_code() -> None:
    page = pages.page(PAGE)

    assert f"({USUAL_PROBATION} unless you say otherwise)" in page
    assert f"The first {MOST_DIFFERENCES} differences are kept, and {MOST_SHOWN}" in page
    assert f"`{ROLLED_BACK}`" in page
