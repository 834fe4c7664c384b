"""What shells are given, and what they are answered."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from axisor_cli import completing
from axisor_cli.commands.completions import SHELLS, VARIABLE, where
from axisor_cli.main import cli


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_own_words(axisor, shell):
    ran = axisor("completion", shell)

    assert ran.code == 0
    assert f"{VARIABLE}={shell}_complete" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_they_are_read_by_the_shell(axisor, shell):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    words = axisor("completion", shell).out

    subprocess.run([program, "-n"], check=True, input=words, text=True)


def test_it_is_written_where_the_shell_looks(axisor, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/bash")

    assert axisor("completion", "install").code == 0

    written = tmp_path / "bash-completion" / "completions" / "axisor"
    assert written.read_text() == axisor("completion", "bash").out


def test_a_shell_that_is_not_known_is_asked_for(axisor, monkeypatch):
    monkeypatch.setenv("SHELL", "/bin/ksh")

    ran = axisor("completion", "install")

    assert ran.code == 2
    assert "bash, zsh, fish" in ran.err


def test_each_has_a_place_of_its_own(tmp_path):
    assert len({where(shell, {}, tmp_path) for shell in SHELLS}) == len(SHELLS)


def completed(monkeypatch, capture, *words: str) -> list[str]:
    """Return what bash is answered to these words, the last of which is being typed."""
    monkeypatch.setenv("COMP_WORDS", " ".join(("axisor", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    monkeypatch.setenv(VARIABLE, "bash_complete")
    with pytest.raises(SystemExit):
        cli(prog_name="axisor")
    return [line.partition(",")[2] for line in capture.readouterr().out.split()]


def test_commands_and_options_are_completed(monkeypatch, capsys, nowhere):
    assert "position" in completed(monkeypatch, capsys, "pos")
    assert "add-margin" in completed(monkeypatch, capsys, "position", "add")
    assert "--expect-mode" in completed(monkeypatch, capsys, "--exp")


def test_without_a_core_no_position_is_suggested(monkeypatch, capsys, nowhere):
    assert completed(monkeypatch, capsys, "position", "show", "a") == []


def test_accounts_are_suggested_by_the_core(core, account, monkeypatch, capfd):
    assert completed(monkeypatch, capfd, "--account", "pl") == ["play"]
    assert completed(monkeypatch, capfd, "--account", "zz") == []


def test_positions_and_runs_are_asked_of_the_core(core, account, data_dir):
    ctx = click.Context(cli)
    ctx.params = {"data_dir": str(data_dir), "account": account}
    parameter = click.Argument(["id"])

    held = core("position", "list", "-o", "json").json
    runs = core("run", "list", "-o", "json").json

    assert {each.value for each in completing.positions(ctx, parameter, "")} == {
        each["short"] for each in held
    }
    assert {each.value for each in completing.runs(ctx, parameter, "")} == {
        each["id"] for each in runs
    }
