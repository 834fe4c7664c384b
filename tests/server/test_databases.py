"""The command `axisor db partitions`: what it lists, makes, and says where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database import migrate
from axisor_server.databases import db
from tests.support.postgres import postgres_dsn, postgres_server

__all__ = ["postgres_dsn", "postgres_server"]


def run(folder: Path, *words: str) -> Result:
    environment = {"XDG_CONFIG_HOME": str(folder), "AXISOR_CONFIG": None}
    return CliRunner().invoke(db, ["partitions", *words], env=environment)


def test_sqlite_has_none(tmp_path: Path):
    said = run(tmp_path)

    assert said.exit_code == 0
    assert "SQLite keeps it in one table" in said.output
    assert json.loads(run(tmp_path, "-o", "json").output)["partitions"] == []


@pytest.mark.postgres
def test_partitions_are_made_ahead_where_that_is_asked_for_and_listed(
    tmp_path: Path, postgres_dsn: str
):
    with psycopg.connect(postgres_dsn) as connection:
        migrate.to_head(migrate.postgres_engine(connection))

    before = json.loads(run(tmp_path, "--database", postgres_dsn, "-o", "json").output)
    made = run(tmp_path, "--database", postgres_dsn, "--ahead", "3")
    after = json.loads(run(tmp_path, "--database", postgres_dsn, "-o", "json").output)

    assert [one["table"] for one in before["partitions"]] == ["journal_default", "journal_past"]
    assert made.output.count("Made journal_") == 3
    assert "from the beginning to" in made.output
    assert "any other time" in made.output
    assert len(after["partitions"]) == 5
    assert after["partitions"][0]["end"] > before["partitions"][1]["end"]


@pytest.mark.postgres
def test_a_database_without_a_journal_is_told_what_to_do(tmp_path: Path, postgres_dsn: str):
    said = run(tmp_path, "--database", postgres_dsn)

    assert isinstance(said.exception, StoreUnavailable)
    assert "axisor db migrate" in str(said.exception)


def test_more_months_than_anybody_needs_are_refused(tmp_path: Path):
    assert run(tmp_path, "--ahead", "61").exit_code == 2
