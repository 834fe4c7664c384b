"""The page on backups: its drill is done to the end, and its figures are those of the code."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from axisor_server.adapters.backup import seal
from axisor_server.adapters.backup.before import FOLDER, KEPT
from axisor_server.adapters.reserve import SIZE
from axisor_server.domain.backups import EPOCH_STEP
from axisor_server.engine.settings import EngineSettings
from axisor_server.settings import load
from tests.docs import pages
from tests.docs.following import Reader

PAGE = "backups.md"
WINDOW_MS = 30_000


def test_a_reader_loses_a_core_and_brings_it_back_without_a_second_rescue(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    with reader.background(PAGE, "venue"):
        with reader.background(PAGE, "core"):
            reader.type(reader.text_of(PAGE, "before") + reader.text_of(PAGE, "rescue"))
        looked = reader.type(reader.text_of(PAGE, "look"))
        restored = reader.type(reader.text_of(PAGE, "restore"))
        with reader.background(PAGE, "again"):
            said = reader.type(reader.text_of(PAGE, "after"))
            ledger = reader.type("axisor sim ledger -o json 2>/dev/null")

    assert "verified as it was made" in looked
    assert "every hash checked" in looked
    assert "sends nothing until it knows" in restored
    assert "82,541 sat moved since the backup" in said
    assert "first bad  -" in said
    rows = json.loads(ledger[ledger.index("[") : ledger.rindex("]") + 1])
    added = [row["effect"]["margin"] for row in rows if row["request"] == "add_margin"]
    assert added == [82_541]


def test_the_key_and_the_settings_are_ones_the_core_takes(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    said = reader.type(reader.text_of(PAGE, "key"))
    settings = load(file=pages.only(PAGE, "toml", "settings"), environment={}, flags={}).settings

    public = said.strip().splitlines()[-1]
    seal.check_lock(seal.Lock(recipients=(public,)))
    assert (tmp_path / "backup.key").stat().st_mode & 0o777 == 0o600
    assert settings.backup.every == 60
    assert tomllib.loads(pages.only(PAGE, "toml", "settings"))["backup"]["keep"] == 7


def test_the_figures_are_those_of_the_code() -> None:
    settings, page = EngineSettings(owner=""), pages.page(PAGE)
    waited = WINDOW_MS + settings.lag_ms + settings.slack_ms + 2 * settings.uncertainty_limit_ms

    assert f"that is {waited // 1000} seconds" in page
    assert f"{SIZE // 1024**2} MiB" in page
    assert EPOCH_STEP == 1_000_000
    assert f"{FOLDER}/" in page
    assert KEPT == 3
    assert "newest three" in page
