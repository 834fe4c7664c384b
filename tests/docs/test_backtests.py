"""The page on back-tests: its commands run, its plan is one, its program holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.following import Reader

PAGE = "backtests.md"


@pytest.mark.timeout(300)
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(pages.only(PAGE, "toml", "plan"))
    reader = Reader(tmp_path)

    said = reader.type(reader.text_of(PAGE, "run"))

    assert "liquidations avoided" in said
    assert "forward net" in said
    assert (tmp_path / "plots.png").read_bytes().startswith(b"\x89PNG")
    assert "<html" in (tmp_path / "report.html").read_text()


def test_the_program_of_the_page_holds() -> None:
    exec(compile(pages.only(PAGE, "python"), PAGE, "exec"), {})
