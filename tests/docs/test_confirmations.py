"""The page on confirmations: its commands are followed, and its figures are the code's."""

from __future__ import annotations

import json
from pathlib import Path

from axisor.states import ConfirmationState
from axisor_server.choices import Confirmations
from axisor_server.domain.confirmations import KEPT_US, MOST_PENDING, USUAL
from axisor_server.duties import waits_of
from axisor_server.settings import load
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "confirmations.md", "quickstart.md"


def at_it(reader: Reader, text: str) -> str:
    """Type commands where the core of the quickstart is the one that is meant."""
    return reader.type(f"export AXISOR_DATA_DIR=./quickstart\n{text}")


def test_a_reader_lets_a_bot_propose_and_approves_it(tmp_path: Path):
    reader = Reader(tmp_path)
    with reader.background(START, "venue"), reader.background(START, "core"):
        at_it(reader, "\n".join(reader.text_of(START, "you").splitlines()[1:4]))
        proposed = at_it(reader, reader.text_of(PAGE, "propose"))
        refused = at_it(
            reader, "! axisor --token-file helper.token position deposit 50000sat --yes"
        )
        approved = at_it(reader, reader.text_of(PAGE, "approve"))
        at_it(reader, "axisor approve list --all -o json > listed.json")

    [confirmation] = json.loads((tmp_path / "listed.json").read_text())
    assert "amount_sats 50,000" in proposed
    assert "CONFIRMATION_REQUIRED" in refused
    assert "approved; confirmed" in approved
    assert (confirmation["state"], confirmation["settler"]) == ("committed", "owner")


def test_the_settings_are_ones_the_core_takes_and_the_usual_ones():
    settings = load(file=pages.only(PAGE, "toml", "settings"), environment={}, flags={}).settings

    assert settings.confirmations == Confirmations()
    assert waits_of(settings) == USUAL


def test_the_figures_are_those_of_the_code():
    page = " ".join(pages.page(PAGE).split())

    assert f"{USUAL.commit_us // 1_000_000} seconds" in page
    assert USUAL.approve_us == 5 * 60 * 1_000_000
    assert page.count("five minutes") == 2
    assert f"within {USUAL.drift_percent} percent" in page
    assert f"At most {MOST_PENDING} of" in page
    assert KEPT_US == 24 * 60 * 60 * 1_000_000
    assert [each for each in ConfirmationState if f"| `{each.name}` |" not in page] == []
