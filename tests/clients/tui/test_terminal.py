"""The console on a real terminal, with a core and a venue as processes of their own."""

from __future__ import annotations

from pathlib import Path

from tests.clients.cli.conftest import account, axisor, core, data_dir, end, runtime, start, venue
from tests.clients.cli.terminal import Terminal

__all__ = ["account", "axisor", "core", "data_dir", "runtime", "venue"]

SCREENS = {
    "2": "Position",
    "3": "Plan: what happens as the price walks",
    "4": "What was done",
    "5": "Automations",
    "6": "More margin in this position",
    "7": "Alerts ─ 0 open",
    "8": "Activity, newest last",
    "9": "Plugins",
    "0": "Settings in force",
    "1": "Positions by danger",
}


def test_all_screens_are_walked_through_and_left(account: str, data_dir: Path) -> None:
    words = ("--data-dir", str(data_dir), "--account", account, "console")
    with Terminal(*words) as terminal:
        terminal.until("SIM", "guard NONE", "Positions by danger")
        for key, title in SCREENS.items():
            terminal.text = ""
            terminal.press(key)
            terminal.until(title)
        terminal.text = ""
        terminal.press("?")
        terminal.until("On this screen")
        terminal.text = ""
        terminal.press("q")
        terminal.until("Positions by danger")
        terminal.press("q")

        assert terminal.end() == 0


def test_a_core_without_an_account_leads_to_one(tmp_path: Path) -> None:
    words = ("--data-dir", str(tmp_path / "data"))
    config = {"XDG_CONFIG_HOME": str(tmp_path)}
    core = start("up", *words, "--listen", "127.0.0.1:0", log=tmp_path / "log", **config)
    with Terminal(*words, "console") as terminal:
        terminal.until("this core has no account yet", "axisor setup")
        terminal.press("q")

        assert terminal.end() == 0
    assert end(core) == 0


def test_settings_that_clash_are_refused_before_the_screen_is_taken(
    account: str, data_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "console.toml"
    path.write_text('[console.keymap]\n"overview.close" = "q"\n')
    words = ("--data-dir", str(data_dir), "console", "--settings", str(path))

    with Terminal(*words) as terminal:
        terminal.until("the key `q` would be both")

        assert terminal.end() == 2
