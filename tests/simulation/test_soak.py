"""A whole day in one world keeps every promise, and the core's memory stays what it was."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec

from tests.simulation.soak import EFFECTS_AN_HOUR, GROWTH, Soaked

HOURS = int(os.environ.get("AXISOR_SIM_SOAK_HOURS", "24"))


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
    assert soaked.result.effects >= EFFECTS_AN_HOUR * HOURS
    assert after <= before * (1 + GROWTH)
