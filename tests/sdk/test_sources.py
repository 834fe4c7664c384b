"""What identifies a plugin's code: its sources, by name, and nothing beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisor.sources import code_of, hash_of, sources_of


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a package that can be found."""
    folder = tmp_path / "sourced"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("A = 1\n")
    (folder / "deep" / "__init__.py").write_text("")
    (folder / "deep" / "er.py").write_text("B = 2\n")
    (folder / "notes.txt").write_text("not code")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_package_is_all_of_its_sources_by_name(package: Path) -> None:
    found = sources_of("sourced")

    assert found == {"sourced": b"A = 1\n", "sourced.deep": b"", "sourced.deep.er": b"B = 2\n"}


def test_any_source_makes_another_hash_and_what_is_beside_them_does_not(package: Path) -> None:
    before = code_of("sourced")
    (package / "notes.txt").write_text("still not code")
    same = code_of("sourced")
    (package / "deep" / "er.py").write_text("B = 3\n")

    assert same == before
    assert code_of("sourced") != before


def test_where_a_source_ends_and_the_next_begins_is_hashed() -> None:
    assert hash_of({"a": b"xy", "b": b""}) != hash_of({"a": b"x", "b": b"y"})


@pytest.mark.parametrize("module", ["itertools", "there_is_no_such_module"])
def test_what_has_no_sources_has_no_hash(module: str) -> None:
    assert code_of(module) == ""
