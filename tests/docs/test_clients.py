"""The page on clients: its commands work, and the examples are as it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.following import Reader
from tests.house import sources

PAGE = "clients.md"
EXAMPLES = sources.ROOT / "examples"
FOLDERS = sorted(path.name for path in EXAMPLES.glob("client-*"))
COMPILED = [name for name in FOLDERS if (EXAMPLES / name / "Makefile").exists()]
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)`", flags=re.MULTILINE)
SUFFIXES = {".py", ".ts", ".go", ".cc", ".java"}


def written(example: str) -> str:
    """Return what a client is written in."""
    names = [path for path in sources.files() if path.parts[:2] == ("examples", example)]
    return "\n".join(sources.text(path) for path in names if path.suffix in SUFFIXES)


def test_a_reader_looks_at_the_contract_without_a_core(tmp_path: Path) -> None:
    said = Reader(tmp_path).type(Reader(tmp_path).text_of(PAGE, "look"))

    assert "OrderService.PlaceOrder" in said
    assert "axisorv1.NewOrderServiceClient(conn).PlaceOrder" in said
    assert (tmp_path / "contract.binpb").stat().st_size > 100_000


def test_the_page_names_every_example() -> None:
    assert len(FOLDERS) == 5
    assert [name for name in FOLDERS if f"`examples/{name}`" not in pages.page(PAGE)] == []


@pytest.mark.parametrize("example", FOLDERS)
def test_every_client_knows_the_words_of_the_script(example: str) -> None:
    words = ROW.findall(pages.page(PAGE))
    text = written(example)

    assert len(words) == 4
    assert [word for pair in words for word in pair if f"{word}" not in text] == []


@pytest.mark.parametrize("example", FOLDERS)
def test_a_client_stays_small(example: str) -> None:
    assert len(written(example).splitlines()) <= 460


@pytest.mark.parametrize("example", COMPILED)
def test_a_readme_asks_for_the_packages_of_its_makefile(example: str) -> None:
    done = subprocess.run(
        ["make", "-s", "-C", str(EXAMPLES / example), "packages"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    readme = sources.text(Path("examples") / example / "README.md")
    assert f"apt-get install {done.stdout.strip()}\n" in readme
