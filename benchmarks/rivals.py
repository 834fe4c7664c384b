"""Other programs' back-tests on the same prints, each pinned and in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path as FilePath

import msgspec
import numpy
from benchmarks.measure import Cell, Part, Plan, median, spread
from msgspec import Struct
from packaging.requirements import Requirement

from axisor.backtest import Path

HERE = FilePath(__file__).parent
HOME = HERE / "results" / "peers"
PROJECT = HERE.parent / "pyproject.toml"
SCRIPTS = {"nautilus_trader": "nautilus.py", "backtesting": "backtesting_py.py"}


class Rival(Struct, frozen=True):
    """A program: its distribution with version, and the script that runs the rule in it."""

    requirement: str
    script: str


class Pace(Struct, frozen=True):
    """How many candles a second a program walks, by the clock and by the processor's time."""

    clock: float
    busy: float


class _Told(Struct):
    seconds: list[float]
    busy: list[float]
    actions: int


def rivals() -> tuple[Rival, ...]:
    """Return the programs, in the versions that the group `bench` pins for this Python."""
    pinned = tomllib.loads(PROJECT.read_text())["dependency-groups"]["bench"]
    wanted = [Requirement(each) for each in pinned]
    return tuple(
        Rival(f"{each.name}{each.specifier}", SCRIPTS[each.name])
        for each in wanted
        if each.marker is None or each.marker.evaluate()
    )


def run(path: Path, name: str, ours: Pace, plan: Plan) -> Part:
    """Measure each program over a path; `ours` is the guard's pace on it."""
    rows: list[dict[str, Cell]] = []
    notes = [
        "They run the rule alone, without fees, funding, liquidation or a record of decisions.",
        f"Each print of {name} is one tick or row; the guard has ten accounts with all of these.",
    ]
    with tempfile.TemporaryDirectory(prefix="axisor-bench-") as folder:
        file = FilePath(folder) / "prints.npz"
        numpy.savez(file, times=path.times, prices=path.halves / 2)
        for rival in rivals():
            try:
                told = _ask(rival, file, plan)
            except (OSError, subprocess.CalledProcessError) as error:
                notes.append(f"{rival.requirement} is skipped: {_why(error)}")
            else:
                rows.append(_row(rival, told, len(path) // 4, ours, plan))
    title = "Back-test: other programs on the same prints"
    if not rows:
        return Part(name="peers", title=title, skipped=" ".join(notes[2:]))
    return Part(name="peers", title=title, rows=tuple(rows), notes=tuple(notes))


def _row(rival: Rival, told: _Told, candles: int, ours: Pace, plan: Plan) -> dict[str, Cell]:
    rates = [candles / seconds for seconds in told.seconds[plan.warm :]]
    busy = median([candles / seconds for seconds in told.busy[plan.warm :]])
    return {
        "program": rival.requirement,
        "candles": candles,
        "candles/s": round(median(rates)),
        "spread": spread(rates, 0),
        "actions": told.actions,
        "guard, candles/s": round(ours.clock),
        "guard / program": ours.clock / median(rates),
        "by processor time": ours.busy / busy,
    }


def _ask(rival: Rival, file: FilePath, plan: Plan) -> _Told:
    """Install a program where it is not yet, and let it run the rule."""
    home = HOME / rival.requirement
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        _call([str(python), "-m", "pip", "install", "-qq", rival.requirement])
        (home / "ready").touch()
    script = str(HERE / "peers" / rival.script)
    return msgspec.json.decode(
        _call([str(python), "-W", "ignore", script, str(file), str(plan.rounds)]), type=_Told
    )


def _call(command: list[str]) -> bytes:
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=apart, capture_output=True, check=True)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else b""


def _why(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with {error.returncode}"
    return str(error)
