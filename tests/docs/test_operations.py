"""The pages on running a core and on the venue say what the code does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

from axisor_lnmarkets.actions import PATHS
from axisor_lnmarkets.address import NETWORKS
from axisor_lnmarkets.limiter import AUTHENTICATED
from axisor_server.engine.settings import EngineSettings
from axisor_server.settings import load
from tests.docs import pages

PAGE = "operations.md"
VENUE = "venue-lnmarkets.md"


def test_the_settings_file_is_one_the_core_takes() -> None:
    text = pages.only(PAGE, "toml", "settings")

    loaded = load(file=text, environment={}, flags={})

    assert tomllib.loads(text)["metrics"]["listen"] == loaded.settings.metrics.listen
    assert loaded.sources["metrics.listen"] == "file"


def test_the_backup_copies_the_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "axisor.db") as made:
        made.execute("CREATE TABLE journal (sequence)")
        made.execute("INSERT INTO journal VALUES (1)")
    command = pages.only(PAGE, "sh", "backup").replace("python ", f"{sys.executable} ", 1)

    subprocess.run(
        ["bash", "-euc", command],
        cwd=tmp_path,
        env={"DATA_DIR": str(tmp_path)},
        check=True,
        timeout=30,
    )

    with sqlite3.connect(tmp_path / "copy.db") as copied:
        assert copied.execute("SELECT sequence FROM journal").fetchall() == [(1,)]


def test_the_times_of_a_lease_are_those_of_the_engine() -> None:
    settings = EngineSettings(owner="")

    assert f"every {settings.renew_ms / 1000} seconds" in pages.page(PAGE)
    assert f"after {settings.lease_ms // 1000} seconds" in pages.page(PAGE)


def test_the_paths_a_key_signs_are_all_listed_and_no_other() -> None:
    rows = [line for line in pages.page(VENUE).splitlines() if "| `/v3/" in line]

    assert sorted(rows) == sorted(f"| {method} | `{path}` |" for method, path in PATHS)
    assert [row for row in rows if "withdraw" in row and "cross/withdraw" not in row] == []


def test_the_addresses_of_the_networks_are_those_of_the_code() -> None:
    for network, address in NETWORKS.items():
        row = f"| `{network}` | `{address.rest}/v3` | `{address.stream}` |"
        assert row in pages.page(VENUE)


def test_the_limits_are_those_of_the_limiter() -> None:
    assert f"at most {AUTHENTICATED.requests} signed requests" in pages.page(VENUE)
    assert f"{AUTHENTICATED.per_ms / 1000:.2f}" in pages.page(VENUE)
