"""Paths and modules that the pages for contributors name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import sources

FOLDERS = {path.as_posix() for file in sources.files() for path in file.parents} | {
    path.as_posix() for path in sources.files()
}
PATH = re.compile(r"`([a-z][\w-]*/[\w./-]*|[A-Za-z]+\.(?:toml|yml|md|txt)|Makefile)`")


def is_here(name: str, beside: Path) -> bool:
    """Tell whether a name is a file or folder, from the root or from one of the places given."""
    wanted = name.rstrip("/")
    return any(f"{place}{wanted}" in FOLDERS for place in ("", f"{beside.as_posix()}/"))


@pytest.mark.parametrize(
    ("page", "beside"),
    [
        ("CONTRIBUTING.md", "."),
        ("docs/architecture.md", "server/src/axisor_server"),
        ("docs/decisions/0007-one-thread-writes.md", "server/src/axisor_server"),
        ("docs/decisions/0009-paper-stands-on-the-same-engine.md", "server/src/axisor_server"),
    ],
)
def test_every_path_that_a_page_names_exists(page: str, beside: str) -> None:
    named = PATH.findall(sources.text(Path(page)))

    assert named
    assert [name for name in named if not is_here(name, Path(beside))] == []


def test_what_is_not_there_is_missed() -> None:
    assert not is_here("engine/boot.py", Path("server/src/axisor_server"))
