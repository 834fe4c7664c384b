"""A whole day in one world keeps every promise, and the core's memory stays what it was."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from tests.simulation.records import Result

HOURS = int(os.environ.get("AXISOR_SIM_SOAK_HOURS", "24"))
GROWTH = 0.02
"""How much more a core may hold at the end than after two hours, its modules included."""


class Soaked(msgspec.Struct):
    """What the day came to."""

    result: Result
    weights: tuple[int, int]


@pytest.mark.xdist_group("simulation 1")
@pytest.mark.timeout(900)
def test_a_day_in_one_world_keeps_every_promise_and_loses_no_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "tracemalloc", "-m", "tests.simulation.soak", str(HOURS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout, done.stderr
    soaked = msgspec.json.decode(done.stdout, type=Soaked)
    before, after = soaked.weights
    print(f"{soaked.result.effects} effects; {before} bytes after two hours, {after} at the end")
    assert soaked.result.violations == []
    assert soaked.result.effects >= 10 * HOURS
    assert after <= before * (1 + GROWTH)
