"""The README: its transcript is a real one, its excerpts are the code, its snippet runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.following import Reader
from tests.house import sources

PAGE = Path("README.md")
EXAMPLE = Path("examples/dip-buyer/src/axisor_dip_buyer/__init__.py")
SNIPPET = Path("tests/e2e/node/from-another-language.mjs")
CHANGING = [r"^ ?\d+\.\d+s", r"\d+ ms", r"speed [\d.]+x", r"journal of \d+ events"]


def block(language: str) -> str:
    """Return the README's one block of a language."""
    (found,) = (b for b in pages.FENCE.findall(sources.text(PAGE)) if b[0] == language)
    return str(found[2])


def told(text: str) -> list[str]:
    """Return the lines of a transcript without what differs from run to run, in any order."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    for pattern in CHANGING:
        lines = [re.sub(pattern, "·", line) for line in lines]
    return sorted(lines)


def test_the_transcript_is_what_the_demo_says(tmp_path: Path) -> None:
    said = Reader(tmp_path).type("axisor demo --headless --speed 4 2>/dev/null")
    kept = said[said.index("axisor demo   SIM") :].split("\nNext:")[0]

    assert told(block("text")) == told(kept)


def test_the_strategy_is_an_excerpt_of_the_example() -> None:
    code = iter(sources.text(EXAMPLE).splitlines())

    assert [line for line in block("python").splitlines() if line not in code] == []


def test_the_strategy_fits_in_fifteen_lines() -> None:
    assert len([line for line in block("python").splitlines() if line.strip()]) <= 15


def test_the_snippet_is_the_one_that_runs() -> None:
    assert block("js") == sources.text(SNIPPET)


def test_the_map_names_every_folder_with_a_manifest() -> None:
    text = sources.text(PAGE)
    folders = [str(Path(path).parent) for path in sources.manifests() if "/" in path]

    assert [folder for folder in folders if f"`{folder}/`" not in text] == []


@pytest.mark.parametrize("mode", ["SIM", "PAPER", "SHADOW", "LIVE"])
def test_the_ladder_names_every_mode(mode: str) -> None:
    assert f"| `{mode}` |" in sources.text(PAGE)
