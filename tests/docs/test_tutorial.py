"""The way of an author, followed by the page's commands alone, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from msgspec import Struct

from tests.docs import pages
from tests.docs.following import Reader
from tests.house import sources

PAGE = "tutorial.md"


class Author(Reader):
    """A reader whose `python` and `axisor` are those of an environment without any plugin."""

    patience_s = 550

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        place = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        (found,) = place.glob("lib/python*/site-packages")
        # What is installed here is seen there; what is installed there stays there.
        here = sysconfig.get_path("purelib")
        (found / "house.pth").write_text(f"import site; site.addsitedir({here!r})\n")
        self._environment["PATH"] = f"{place / 'bin'}:{self._environment['PATH']}"
        self.type(
            "python -m pip install --quiet --no-build-isolation --no-deps"
            f" -e {sources.ROOT / 'clients/cli'}"
        )


class Followed(Struct, frozen=True):
    """What the commands said, and how long they took."""

    said: str
    seconds: float


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Follow the page from an empty folder to the end."""
    author = Author(tmp_path_factory.mktemp("author"))
    begun = time.monotonic()
    said = author.type(author.text_of(PAGE, "author"))
    return Followed(said, time.monotonic() - begun)


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("tutorial")
def test_an_author_gets_from_an_empty_folder_to_decisions(followed: Followed) -> None:
    print(f"the tutorial's commands took {followed.seconds:.1f} s")

    said = followed.said
    assert "16 passed" in said
    assert "20 hold, 0 failed" in said
    assert "decisions " in said, "the back-test"
    assert "RESULT  night-watch is running" in said
    assert "ASKS  OpenPosition side=buy" in said
    assert "IntentSettled  confirmed in " in said


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("tutorial")
def test_a_finer_step_buys_more_as_the_page_says(followed: Followed) -> None:
    first, second = followed.said.split("RESULT  night-watch is running")[:2]

    assert first.count("ASKS  OpenPosition") == 2
    assert second.count("ASKS  OpenPosition") > 2


def test_the_setup_uses_a_target_that_exists() -> None:
    assert "make dev" in pages.only(PAGE, "sh", "setup")
    assert "dev" in sources.make_targets()
