"""The entry point: what it needs to load, how it ends, and what it does without a core."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest

from axisor_cli.commands.system import parts
from axisor_cli.listing import purpose

SLOW = ("grpc", "google.protobuf", "rich", "textual", "numpy", "httpx")


@pytest.mark.parametrize("words", [["--help"], ["version"], ["guard", "--help"]])
def test_what_needs_no_core_loads_nothing_slow(words, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "axisor_cli", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"AXISOR_DATA_DIR": str(tmp_path)},
    )

    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "axisor_cli.main" in loaded
    assert not loaded.intersection(SLOW)


def test_every_command_says_what_it_is_for_without_being_imported():
    for entry in entry_points(group="axisor.commands"):
        told = purpose(entry)
        assert told is not None, entry.name
        assert (entry.load().help or "").startswith(told)


def test_a_command_whose_source_is_not_there_tells_nothing():
    assert purpose(EntryPoint("x", "no_such_package.cli:x", "axisor.commands")) is None


def test_help_lists_every_command(axisor):
    ran = axisor("--help")

    assert ran.code == 0
    for entry in entry_points(group="axisor.commands"):
        assert f"\n  {entry.name} " in ran.out


def test_version_names_the_parts(axisor):
    ran = axisor("version", "-o", "json")

    assert ran.code == 0
    assert {"axisor", "axisor-cli", "axisor-margin-guard", "python"} <= set(ran.json)
    assert parts().items() <= ran.json.items()


def test_alone_without_a_core_it_says_how_to_get_one(axisor, nowhere):
    ran = axisor()

    assert ran.code == 6
    assert "axisor demo" in ran.out
    assert "axisor up" in ran.out


def test_a_command_without_a_core_ends_with_six(axisor, nowhere):
    ran = axisor("position", "list")

    assert ran.code == 6
    assert ran.out == ""
    assert ran.err.startswith("error: No core is at work in")


def test_an_address_where_nobody_answers_ends_with_six(axisor, tmp_path):
    token = tmp_path / "token"
    token.write_text("t")

    ran = axisor(
        *("--connect", "127.0.0.1:1", "--plaintext", "--token-file", str(token)),
        *("--timeout", "0.3", "position", "list"),
    )

    assert ran.code == 6


def test_no_secret_is_asked_for_where_there_is_no_core(axisor, nowhere):
    ran = axisor("account", "add", "--network", "sim", stdin="a\nb\nc\n")

    assert ran.code == 6


@pytest.mark.parametrize(
    "words", [["nosuch"], ["guard", "nosuch"], ["-o", "xml", "version"], ["position", "add-margin"]]
)
def test_what_is_not_a_command_ends_with_two(axisor, words):
    ran = axisor(*words)

    assert ran.code == 2
    assert "Usage" in ran.err


def test_the_console_refuses_where_there_is_no_terminal(axisor):
    ran = axisor("console")

    assert ran.code == 2
    assert "axisor watch" in ran.err


@pytest.mark.parametrize("word", ["open", "close", "cash-in"])
def test_nothing_that_cannot_be_undone_happens_unasked(axisor, nowhere, word):
    words = {
        "open": ["--side", "long", "--qty", "1usd", "--leverage", "2"],
        "close": ["7f3a"],
        "cash-in": ["7f3a", "5sat"],
    }

    ran = axisor("position", word, *words[word])

    assert ran.code == 9
    assert "--yes" in ran.err


def test_a_reader_that_left_is_no_fault():
    shell = f"{sys.executable} -m axisor_cli --help | true"
    ran = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False)

    assert ran.stderr == ""


def test_bold_headings_only_where_colour_is_wanted():
    def shown(**environment: str) -> bytes:
        parent, child = pty.openpty()
        code = (
            "from axisor_cli.session import Options; import os;"
            "from axisor_cli.output import Column;"
            "Options(no_color=bool(os.environ.get('NO_COLOR'))).printer()"
            ".rows([{'a': 1}], [Column('a', 'heading')])"
        )
        subprocess.run(
            [sys.executable, "-c", code], stdout=child, check=True, env=os.environ | environment
        )
        os.close(child)
        text = os.read(parent, 10_000)
        os.close(parent)
        return text

    assert b"\x1b[1m" in shown(NO_COLOR="")
    assert b"\x1b" not in shown(NO_COLOR="1")
