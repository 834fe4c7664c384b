"""Where a command's purpose is read from, and what is done where it is not there."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from axisor_cli.listing import purpose, source_of


def entry(value: str) -> EntryPoint:
    return EntryPoint("x", value, "axisor.commands")


def test_the_first_line_of_the_docstring_is_the_purpose(tmp_path, monkeypatch):
    package = tmp_path / "a_stranger"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('it was imported')\n")
    (package / "cli.py").write_text('def go(a, *, b=1):\n    """Do it.\n\n    More.\n    """\n')
    monkeypatch.syspath_prepend(tmp_path)

    assert purpose(entry("a_stranger.cli:go")) == "Do it."
    assert purpose(entry("a_stranger.cli:stop")) is None
    assert purpose(entry("a_stranger.none:go")) is None


@pytest.mark.parametrize("module", ["no_such_thing", "no_such_thing.cli", "json.no_such_thing"])
def test_a_module_that_is_not_there_has_no_source(module):
    assert source_of(module) is None
