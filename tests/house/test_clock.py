"""Ruff keeps the clock, chance and threads out of the places where decisions are made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import sources

DECIDING = (
    "server/src/axisor_server/domain/order.py",
    "server/src/axisor_server/engine/actor.py",
    "server/src/axisor_server/services/orders.py",
    "sdk/src/axisor/strategy.py",
    "sdk/src/axisor/exchange/matching.py",
    "sdk/src/axisor/backtest/run.py",
    "plugins/margin-guard/src/axisor_margin_guard/plan.py",
)
BANNED = {
    "time.time()": "import time\n\nnow = time.time()\n",
    "datetime.now()": "from datetime import UTC, datetime\n\nnow = datetime.now(UTC)\n",
    "random()": "import random\n\nchance = random.random()\n",
    "uuid4()": "from uuid import uuid4\n\nmade = uuid4()\n",
    "threading": "import threading\n\nlock = threading.Lock()\n",
    "to_thread()": "import asyncio\n\nwork = asyncio.to_thread(print)\n",
}
RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


def refusals(path: str, source: str) -> str:
    """Lint a source as if it stood at a path, for banned calls alone."""
    assert RUFF is not None
    done = subprocess.run(
        [RUFF, "check", "--no-cache", "--select", "TID251", "--stdin-filename", path, "-"],
        cwd=sources.ROOT,
        input=source,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("path", DECIDING)
@pytest.mark.parametrize("source", [pytest.param(code, id=name) for name, code in BANNED.items()])
def test_a_deciding_module_has_no_clock_no_chance_and_no_threads(path: str, source: str) -> None:
    assert "TID251" in refusals(path, source)


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
def test_a_seeded_generator_may_be_handed_in() -> None:
    source = (
        "import random\n\n\ndef draw(die: random.Random) -> int:\n    return die.randint(1, 6)\n"
    )
    assert "TID251" not in refusals("sdk/src/axisor/strategy.py", source)


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
def test_the_system_adapter_may_read_the_clock() -> None:
    path = "server/src/axisor_server/adapters/system.py"
    assert "TID251" not in refusals(path, BANNED["time.time()"])
