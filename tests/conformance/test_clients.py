"""Clients in every language pass one script against a live core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.conformance.house import House, house
from tests.conformance.script import conform

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = {
    "python": (sys.executable, EXAMPLES / "client-python" / "client.py"),
}

pytestmark = [pytest.mark.timeout(180)]


async def test_a_client_in_python_passes_the_script(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await conform(at, tuple(map(str, PROGRAMS["python"])), name="python")
