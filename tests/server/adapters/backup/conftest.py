"""Scenes of backups on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.backups import Scene


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    """Return a scene on each database in turn."""
    postgres = request.param == "postgres"
    return Scene(tmp_path, request.getfixturevalue("postgres_dsn") if postgres else "")


@pytest.fixture
def other(scene: Scene, tmp_path: Path, request: pytest.FixtureRequest) -> Scene:
    """Return another scene of the same kind, empty, with the same folder and keys."""
    dsn = request.getfixturevalue("new_postgres_dsn")() if scene.place.database_url else ""
    root = tmp_path / "other"
    root.mkdir()
    made = Scene(root, dsn)
    made.folder, made.keys = scene.folder, scene.keys
    return made
