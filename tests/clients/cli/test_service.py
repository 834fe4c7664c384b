"""The unit of systemd, and what systemd is asked."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from axisor.errors import SettingsInvalid
from axisor_cli import unit
from axisor_cli.unit import Wanted

SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$ASKED"
[ "$REFUSES" = "$2" ] && { echo "it will not" >&2; exit 1; }
echo "said"
"""
"""Stands for a program of the machine, which the tests must not change: notes what it is asked."""


@pytest.fixture
def systemd(monkeypatch, tmp_path):
    """Put programs of that name before all others, and give what they were asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("systemctl", "journalctl"):
        program = folder / name
        program.write_text(SYSTEMCTL)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("REFUSES", "")
    return tmp_path / "asked"


def written(tmp_path: Path) -> Path:
    return tmp_path / "config" / "systemd" / "user" / unit.NAME


def command(text: str) -> str:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser["Service"]["ExecStart"]


def test_the_unit_starts_the_core_again_whenever_it_ends(tmp_path):
    text = unit.text(Wanted(program=Path("/usr/bin/axisor"), data_dir=Path("/srv/ax")))

    assert command(text) == "/usr/bin/axisor up --data-dir /srv/ax"
    assert "Restart=always" in text
    assert "StartLimitIntervalSec=0" in text


def test_words_that_systemd_would_read_otherwise_are_quoted():
    wanted = Wanted(
        program=Path('/my "bin/axisor'), data_dir=Path("/srv/100%/$HOME"), beside=("web",)
    )

    assert command(unit.text(wanted)) == (
        '"/my \\"bin/axisor" up --data-dir "/srv/100%%/$$HOME" --with web'
    )


def test_a_path_over_two_lines_is_refused():
    with pytest.raises(SettingsInvalid):
        unit.text(Wanted(program=Path("/a\nExecStartPre=/b")))


def test_it_is_installed_shown_and_removed(axisor, systemd, tmp_path):
    ran = axisor("--data-dir", str(tmp_path / "data"), "service", "install", "--with", "web")
    assert ran.code == 0, ran.err
    assert f"--data-dir {tmp_path / 'data'} --with web" in command(written(tmp_path).read_text())
    assert systemd.read_text().splitlines() == [
        "--user --version",
        "--user daemon-reload",
        f"--user enable --now {unit.NAME}",
    ]

    assert axisor("service", "status").out == "said\n"
    assert axisor("service", "logs", "--lines", "3").out == "said\n"
    assert systemd.read_text().splitlines()[-1].endswith("--lines 3")

    assert axisor("service", "uninstall").code == 0
    assert not written(tmp_path).exists()
    assert f"--user disable --now {unit.NAME}" in systemd.read_text()


def test_it_can_be_printed_and_nothing_is_changed(axisor, systemd, tmp_path):
    ran = axisor("service", "install", "--print")

    assert " up" in command(ran.out)
    assert not written(tmp_path).exists()
    assert not systemd.exists()


@pytest.mark.parametrize("word", ["status", "logs", "uninstall"])
def test_what_is_not_installed_is_said(axisor, systemd, word):
    ran = axisor("service", word)

    assert ran.code == 5
    assert "axisor service install" in ran.err


def test_what_systemd_refuses_is_told_in_its_words(axisor, systemd, monkeypatch):
    monkeypatch.setenv("REFUSES", "enable")

    ran = axisor("service", "install")

    assert ran.code == 2
    assert "it will not" in ran.err


def test_without_systemd_nothing_is_written(axisor, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    ran = axisor("service", "install")

    assert ran.code == 2
    assert "There is no systemctl" in ran.err
    assert not written(tmp_path).exists()
