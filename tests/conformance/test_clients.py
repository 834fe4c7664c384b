"""Clients in several languages pass one script against a live core."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conformance.house import house
from tests.conformance.script import conform
from tests.support.typescript import EXAMPLES, compiled, there

TYPESCRIPT = "client-typescript"
BUILT = ("go", "cpp", "java")
"""What `make test-languages` builds, and names in CLIENTS."""

USUAL = "python typescript" if there(TYPESCRIPT) else "python"
WANTED = os.environ.get("CLIENTS", USUAL).split()

pytestmark = [pytest.mark.timeout(240)]


async def command(name: str, folder: Path) -> tuple[str, ...]:
    """Return how a client is started, before its arguments."""
    if name == "python":
        return (sys.executable, str(EXAMPLES / "client-python" / "client.py"))
    if name == "typescript":
        program = await compiled(TYPESCRIPT, folder) / "client.js"
        return ("node", str(program), str(EXAMPLES.parent / "proto"))
    assert name in BUILT, f"there is no client in {name}"
    return (str(EXAMPLES / f"client-{name}" / "build" / "client"),)


async def test_clients_pass_the_script(tmp_path: Path) -> None:
    commands = {name: await command(name, tmp_path) for name in WANTED}
    async with house(tmp_path) as at:
        await conform(at, commands)
