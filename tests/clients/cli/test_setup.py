"""The wizard, answered at a terminal of its own."""

from __future__ import annotations

import pytest

from tests.clients.cli.conftest import KEY, PASSPHRASE, SECRET
from tests.clients.cli.terminal import Terminal


@pytest.fixture
def wizard(data_dir, monkeypatch):
    monkeypatch.setenv("AXISOR_DATA_DIR", str(data_dir))
    for name in ("AXISOR_ACCOUNT", "AXISOR_CONNECT", "AXISOR_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with Terminal("setup") as terminal:
        yield terminal


def answer(terminal: Terminal, question: str, text: str) -> None:
    terminal.until(question)
    terminal.text = ""
    terminal.press(f"{text}\r")


def test_a_refused_key_is_asked_for_again_and_the_guard_ends_armed(wizard, venue, core):
    answer(wizard, "mode (sim, paper", "sim")
    answer(wizard, "address of the simulator", venue)
    answer(wizard, "a name for it", "wizards")
    for name, text in (("API key", KEY), ("API secret", "wrong"), ("API passphrase", PASSPHRASE)):
        answer(wizard, name, text)
    wizard.until("Nothing was kept")
    for name, text in (("API key", KEY), ("API secret", SECRET), ("API passphrase", PASSPHRASE)):
        answer(wizard, name, text)
    answer(wizard, "preset (calm", "tight")
    answer(wizard, "budget [", "250000")
    answer(wizard, "is not an amount", "250000sat")
    answer(wizard, "arm [Y/n]", "y")
    wizard.until("wizards is set up.", "the next rung: paper")
    assert wizard.end() == 0

    status = core("--account", "wizards", "guard", "status", "-o", "json").json
    assert status["guard"] == "armed"
    assert status["config"] == {"trigger": "1", "target": "3", "budget_position": 250_000}
    assert core("--account", "wizards", "run", "stop", status["run"], "--yes").code == 0
    assert core("--account", "wizards", "account", "remove", "--yes").code == 0


def test_without_a_terminal_it_names_the_commands(core):
    ran = core("setup")

    assert ran.code == 2
    assert "axisor account add" in ran.err


def test_without_a_core_nothing_is_asked(nowhere):
    with Terminal("setup") as terminal:
        terminal.until("No core is at work")
        assert terminal.end() == 6
