"""Files are short, open with a sentence, and name nothing that belongs to one machine."""

from __future__ import annotations

import re
from pathlib import Path

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
DOCSTRING = re.compile(r'(?:#.*\n|\n)*r?"""(.+?)(?="""|\n)')
INDEX = re.compile(r"--(extra-)?index-url|--find-links|^\s*registry\s*=", re.MULTILINE)
HOMES = re.compile(r"(?<![\w.~-])/(?:home|Users)/(?!axisor\b|you\b|nonroot\b)\w+|[A-Z]:\\Users\\")


def _opening(path: Path) -> str:
    """Return what is wrong with a module's first line."""
    described = DOCSTRING.match(sources.text(path))
    if not described:
        return "the module has no docstring"
    first = described[1]
    if (first[0].isupper() or first[0] in "`'\"") and first.endswith("."):
        return ""
    return f"the docstring's first line is not a sentence: {first}"


def _places(path: Path) -> list[object]:
    """Return the places to download from that a file names."""
    found: list[object] = HOSTS.findall(sources.text(path))
    if path.suffix in {".txt", ".toml", ".yml", ".yaml", ".npmrc"} or path.name == "Makefile":
        found += INDEX.findall(sources.text(path))
    return found


HERE = [sources.ROOT, Path.home()]
HERE += [folder for folder in sources.ROOT.parents if len(folder.parts) > 2]
OURS = re.compile("|".join(rf"{re.escape(str(place))}\b" for place in HERE))


def _of_a_machine(path: Path) -> list[str]:
    """Return the paths of this machine, or of anybody's home, that a file names."""
    return OURS.findall(sources.text(path)) + HOMES.findall(sources.text(path))


def test_every_file_is_short() -> None:
    written = sources.hand_written(".py", ".mjs", ".js", ".tcss")
    lines = {path: len(sources.text(path).splitlines()) for path in written}

    sources.all_well(written, lambda path: lines[path] if lines[path] > LINES else 0)


def test_every_module_opens_with_one_sentence() -> None:
    sources.all_well(PYTHON, _opening)


def test_no_file_leaves_anything_for_later() -> None:
    ours = [path for path in WRITTEN if not sources.is_generated(path)]

    sources.all_well(ours, lambda path: LATER.findall(sources.text(path)))


def test_no_file_names_a_place_to_download_from() -> None:
    sources.all_well(WRITTEN, _places)


def test_no_file_names_a_path_of_a_machine() -> None:
    sources.all_well(WRITTEN, _of_a_machine)
