"""Plugins are changed from the command line while a core runs, and stay so when it starts again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.docs import pages
from tests.support.processes import Core, core
from tests.support.strangers import install

pytestmark = pytest.mark.timeout(300)

REFUSED = 1


async def test_plugins_are_changed_while_a_core_runs_and_stay_so(tmp_path: Path) -> None:
    variables = {"AXISOR_RUNNER__SPAWN": install(tmp_path, "stranger")}
    async with core(tmp_path, variables=variables) as running:
        (tmp_path / "limits.toml").write_text(pages.only("plugins.md", "toml", "limits"))
        for line in pages.only("plugins.md", "sh", "change").splitlines():
            words = line.replace("limits.toml", str(tmp_path / "limits.toml")).split()[1:]
            done = await running.cli("-o", "json", *words, "--yes")
            assert done.code == 0, done
        assert await states(running) == {"limits": "enabled", "stranger": "found"}
        silent = await running.cli("plugin", "disable", "limits", "--yes")
        assert silent.code != 0
        assert "reviews actions" in silent.err

        await running.kill()
        await running.start()

        assert await states(running) == {"limits": "enabled", "stranger": "found"}
        forced = await running.cli("plugin", "disable", "limits", "--force", "--yes")
        assert forced.code == 0, forced
        assert await states(running) == {"limits": "found", "stranger": "found"}


async def states(running: Core) -> dict[str, Any]:
    """Return how the two plugins are."""
    done = await running.cli("-o", "json", "plugin", "list")
    assert done.code == 0, done
    found = {each["name"]: each["state"] for each in done.json}
    return {name: found[name] for name in ("limits", "stranger")}
