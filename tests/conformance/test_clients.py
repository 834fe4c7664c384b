"""Clients in several languages pass one script against a live core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from axisor.client.contract import find
from axisor_cli.snippets import go, sample
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


@pytest.mark.skipif("go" not in WANTED, reason="make test-languages builds what is in Go")
@pytest.mark.parametrize("method", ["PlaceOrder", "WatchEvents"])
def test_calls_written_down_in_go_compile(method: str, tmp_path: Path) -> None:
    meant = find(method)
    (tmp_path / "main.go").write_text(go(meant, sample(meant)))
    contract = EXAMPLES / "client-go" / "build" / "go"
    done = subprocess.run(
        ["go", "build", "-o", "snippet", "."],
        cwd=tmp_path,
        env=os.environ | {"GO111MODULE": "off", "GOPATH": f"{contract}:/usr/share/gocode"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr


async def test_clients_pass_the_script(tmp_path: Path) -> None:
    commands = {name: await command(name, tmp_path) for name in WANTED}
    async with house(tmp_path) as at:
        await conform(at, commands)
