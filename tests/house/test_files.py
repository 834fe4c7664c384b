"""Files are short, open with a sentence, and name nothing that belongs to one machine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import sources

LINES = 400
PYTHON = sources.hand_written(".py")
WRITTEN = [path for path in sources.files() if not path.as_posix().startswith(sources.VENDORED)]
# Joined here, so that this file does not hold what it looks for.
LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
            ("anaconda", "org"),
        )
    )
)
INDEX = re.compile(r"--(extra-)?index-url|--find-links|^\s*registry\s*=", re.MULTILINE)
HOMES = re.compile(r"(?<![\w.~-])/(?:home|Users)/(?!axisor\b|you\b|nonroot\b)\w+|[A-Z]:\\Users\\")


@pytest.mark.parametrize("path", sources.named(sources.hand_written(".py", ".mjs", ".js", ".tcss")))
def test_a_file_is_short(path: Path) -> None:
    assert len(sources.text(path).splitlines()) <= LINES


@pytest.mark.parametrize("path", sources.named(PYTHON))
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    described = ast.get_docstring(sources.tree(path))

    assert described, "the module has no docstring"
    first = described.splitlines()[0]
    assert first[0].isupper() or first[0] in "`'\""
    assert first.endswith("."), "the docstring's first line is not a sentence"


@pytest.mark.parametrize("path", sources.named(WRITTEN))
def test_a_file_leaves_nothing_for_later(path: Path) -> None:
    if sources.is_generated(path):
        pytest.skip("generated")
    assert LATER.findall(sources.text(path)) == []


@pytest.mark.parametrize("path", sources.named(WRITTEN))
def test_a_file_names_no_place_to_download_from(path: Path) -> None:
    assert HOSTS.findall(sources.text(path)) == []
    if path.suffix in {".txt", ".toml", ".yml", ".yaml", ".npmrc"} or path.name == "Makefile":
        assert INDEX.findall(sources.text(path)) == []


@pytest.mark.parametrize("path", sources.named(WRITTEN))
def test_a_file_names_no_path_of_a_machine(path: Path) -> None:
    here = [sources.ROOT, Path.home()]
    here += [folder for folder in sources.ROOT.parents if len(folder.parts) > 2]

    found = [
        str(place) for place in here if re.search(rf"{re.escape(str(place))}\b", sources.text(path))
    ]

    assert found == []
    assert HOMES.findall(sources.text(path)) == []
