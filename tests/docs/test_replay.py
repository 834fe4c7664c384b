"""The page on replay: its commands work as they stand, its codes and fields are what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from axisor.saw import Saw
from axisor_cli.fail import ExitCode
from tests.clients.cli.test_replay import core, story
from tests.docs import pages

PAGE = "replay.md"


@pytest.mark.timeout(120)
def test_the_commands_of_the_page_work_beside_a_running_core(tmp_path: Path) -> None:
    with core(tmp_path, story()):
        for line in pages.only(PAGE, "sh", "verify").splitlines():
            program, *words = shlex.split(line)
            assert program == "axisor"
            done = subprocess.run(
                [str(Path(sys.executable).with_name("axisor")), *words],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env={"AXISOR_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": ""},
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (line, done.stderr)


def test_the_page_names_the_codes_that_there_are() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", pages.page(PAGE), re.MULTILINE)}

    assert codes == {ExitCode.OK, ExitCode.DIVERGED, ExitCode.CORRUPT}


def test_the_page_names_every_field_of_what_was_seen() -> None:
    table = pages.page(PAGE).partition("## What a decision saw")[2].partition("## ")[0]
    named = {
        n for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for n in row.split(", ")
    }

    assert {name.strip("`") for name in named} == set(Saw.__struct_fields__)
