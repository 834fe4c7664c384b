"""Manifests agree with one another, and pins are names and versions only."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.house import sources

MANIFESTS = sources.manifests()
PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!+]*")


@pytest.mark.parametrize("path", sorted(MANIFESTS))
def test_every_distribution_says_the_same(path: str) -> None:
    project: dict[str, Any] = MANIFESTS[path]["project"]

    assert project["version"] == MANIFESTS["pyproject.toml"]["project"]["version"]
    assert project["requires-python"] == ">=3.11"
    assert project["license"] == "Apache-2.0"


@pytest.mark.parametrize(
    "path", sorted(path for path in MANIFESTS if path.startswith(("plugins/", "examples/")))
)
def test_a_plugin_stands_on_the_sdk_alone(path: str) -> None:
    needed = [
        re.split(r"[\[=<>~ ;]", need)[0] for need in MANIFESTS[path]["project"]["dependencies"]
    ]

    assert [need for need in needed if need.startswith("axisor")] == ["axisor"]


def test_constraints_are_names_and_versions() -> None:
    lines = sources.text(Path("constraints.txt")).splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]

    assert [pin for pin in pins if not PIN.fullmatch(pin)] == []
    assert len(pins) == len({pin.split("==")[0].lower().replace("_", "-") for pin in pins})


def test_every_requirement_is_pinned() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in sources.text(Path("constraints.txt")).splitlines()
        if "==" in line
    }
    needed = {
        re.split(r"[\[=<>~! ;]", need)[0].lower()
        for manifest in MANIFESTS.values()
        for group in (
            manifest["project"].get("dependencies", []),
            *manifest["project"].get("optional-dependencies", {}).values(),
        )
        for need in group
    }

    assert sorted(need for need in needed - pinned if not need.startswith("axisor")) == []


def test_no_lock_file_records_where_things_came_from() -> None:
    assert [path for path in sources.files() if path.name == "uv.lock"] == []
    for path in sources.files():
        if path.name == "package-lock.json":
            packages = json.loads(sources.text(path))["packages"]
            assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_every_dependency_has_a_reason() -> None:
    reasons = sources.text(Path("docs/decisions/dependencies.md")).lower()
    needed = {
        re.split(r"[\[=<>~! ;]", need)[0].lower()
        for manifest in MANIFESTS.values()
        for group in (
            manifest["project"].get("dependencies", []),
            *manifest["project"].get("optional-dependencies", {}).values(),
        )
        for need in group
    }

    assert sorted(n for n in needed if not n.startswith("axisor") and f"`{n}`" not in reasons) == []
