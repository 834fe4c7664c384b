"""The page on plugins of others: its settings are ones the core takes, its figures the code's."""

from __future__ import annotations

import re
from pathlib import Path

from axisor.remote import MOST_BYTES, MOST_INTENTS
from axisor_server.adapters.running import Confines
from axisor_server.adapters.running.limits import clean
from axisor_server.choices import Priority, Runner
from axisor_server.engine.hosting import NOTICE
from axisor_server.services.running import Patience
from axisor_server.services.running.bars import MOST_FAULTS, WITHIN_MS
from axisor_server.services.running.seat import MOST_IDLE
from axisor_server.settings import load
from tests.docs import pages

PAGE = "plugins.md"


def test_the_settings_are_ones_the_core_takes() -> None:
    spawned, offered = (
        load(file=block.text, environment={}, flags={}).settings.runner
        for block in pages.blocks(PAGE, "toml", "settings")
    )

    assert spawned == Runner(spawn=("dip-buyer=/opt/dip-buyer/bin/python",), uid=64_900)
    assert offered == Runner(offers=("/etc/axisor/offers.json",))


def test_the_figures_are_those_of_the_code() -> None:
    page, confines, usual, patience = pages.page(PAGE), Confines(), Runner(), Patience()

    assert f"{confines.memory_mib} MiB of address space" in page
    assert (confines.memory_mib, confines.files) == (usual.memory_mib, usual.files) == (256, 64)
    assert (confines.processes, confines.cpu_s) == (usual.processes, usual.cpu_s) == (64, 3_600)
    assert confines.written_mib == 1
    assert (patience.answer_ms, usual.answer_ms) == (1_000, 1_000)
    assert (patience.starved_ms, usual.starved_s) == (30_000, 30)
    assert "up to 30 seconds at once (`runner.starved_s`)" in page
    assert confines.priority is usual.priority is Priority.IDLE
    assert all(f"`{each.value}`" in page for each in Priority)
    assert (patience.silence_ms, patience.start_ms, patience.again_ms) == (5_000, 10_000, 500)
    assert f"more than {MOST_INTENTS} of them, more than {MOST_BYTES // 1024} KiB" in page
    assert f"more than {MOST_IDLE} words" in page
    assert (MOST_FAULTS, WITHIN_MS) == (3, 600_000)
    assert f"`{NOTICE}`" in page


def test_the_environment_is_what_the_page_says() -> None:
    row = re.search(r"^\| environment \| (.*?) \|", pages.page(PAGE), flags=re.MULTILINE)

    assert row is not None
    named = set(re.findall(r"`(\w+)`", row.group(1)))
    assert set(clean(Path("/"))) - named == {"MALLOC_ARENA_MAX", "PYTHONDONTWRITEBYTECODE"}
