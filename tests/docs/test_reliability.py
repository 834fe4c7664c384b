"""The page on reliability: its commands work, and it names every fault and failpoint there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from axisor_server.engine.failpoints import ALL
from tests.docs import pages
from tests.simulation.faults import KINDS

PAGE = "reliability.md"


@pytest.mark.parametrize("line", pages.only(PAGE, "sh", "simulate").splitlines())
def test_a_command_of_the_page_works(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "python"

    done = subprocess.run(
        [sys.executable, *words], cwd=pages.ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_every_kind_of_fault_and_every_failpoint() -> None:
    section = pages.page(PAGE).partition("### Faults")[2].partition("## ")[0]

    assert re.findall(r"`([a-z-]+)`", section) == [*KINDS, *ALL]
