"""Quick runs of measurements, for tests of what they count."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]


def measured(folder: Path, *names: str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run some measurements once and return what they wrote, by name, and what they printed."""
    target = folder / "raw.json"
    words = [word for name in names for word in ("--only", name)]
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--json", str(target)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        [*command, *words, *more],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    raw = msgspec.json.decode(target.read_bytes())
    return {"printed": done.stdout, **{part["name"]: part for part in raw["parts"]}}
