"""The page on audits: its commands are followed to the end, and its figures are the code's."""

from __future__ import annotations

import shutil
from pathlib import Path

from axisor_server.domain.checkpoints import KEPT
from axisor_server.services.auditing import MOST_LOOKED_AT
from axisor_server.services.refusals import CAUSES, EVERY_S, MOST_A_DAY, MOST_ENTRIES
from axisor_server.settings import Audit, load
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "audit.md", "quickstart.md"
WAIT = "until axisor audit prove 2 >/dev/null 2>&1; do sleep 0.5; done"
NOTE = "decisions/0026-journals-are-signed-in-passing.md"
EXAMPLE = Path(__file__).parents[2] / "examples" / "audit_verifier.py"


def at_it(reader: Reader, text: str) -> str:
    """Type commands where the core of the quickstart is the one that is meant."""
    return reader.type(f"export AXISOR_DATA_DIR=./quickstart\n{text}")


def test_a_reader_shows_a_journal_to_others(tmp_path: Path):
    reader = Reader(tmp_path)
    (tmp_path / "examples").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "examples")

    with reader.background(START, "venue"), reader.background(START, "core"):
        at_it(reader, "\n".join(reader.text_of(START, "you").splitlines()[1:4]))
        looked = at_it(reader, reader.text_of(PAGE, "look"))
        at_it(reader, reader.text_of(PAGE, "refused"))
        at_it(reader, WAIT)
        verified = at_it(reader, reader.text_of(PAGE, "verify"))
        at_it(reader, reader.text_of(PAGE, "export"))
        reader.type("cp quickstart/checkpoints.ndjson .")
        checked = at_it(reader, reader.text_of(PAGE, "check"))
        elsewhere = at_it(reader, reader.text_of(PAGE, "elsewhere"))

    assert "ChangeMade" in looked
    assert "problem      -" in verified
    assert "checkpoints fit" in verified
    assert "checkpoints fit" in elsewhere
    assert checked.count("it holds") == 2


def test_the_settings_are_ones_the_core_takes_and_the_usual_ones():
    settings = load(file=pages.only(PAGE, "toml", "settings"), environment={}, flags={}).settings

    assert settings.audit == Audit(file=settings.audit.file)
    assert settings.audit.file.startswith("/mnt/")


def test_the_figures_of_refused_calls_are_those_of_the_code():
    text = pages.page(PAGE)

    assert f"at most {MOST_ENTRIES} such entries a minute and {MOST_A_DAY:,} a day" in text
    assert EVERY_S == 60
    assert [cause for cause in CAUSES if f"`{cause}`" not in text] == []


def test_the_figures_are_those_of_the_code():
    text = pages.page(NOTE)

    assert f"the last {KEPT} of a journal" in text
    assert f"{MOST_LOOKED_AT:,} entries" in text
    assert len(EXAMPLE.read_text().splitlines()) <= 60
