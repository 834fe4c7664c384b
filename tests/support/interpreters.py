"""Other interpreters than the one that runs the tests, with the packages that decisions need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("msgspec", "pluggy")
SOURCES = (
    ".",
    "sdk/src",
    "server/src",
    "plugins/margin-guard/src",
    "plugins/balance/src",
    "plugins/limits/src",
    "plugins/carry/src",
    "plugins/entries/src",
    "plugins/exits/src",
    "plugins/channels/src",
    "examples/dip-buyer/src",
)
PATIENCE_S = 110


def interpreter(version: str) -> Path:
    """Return the Python of a version such as `3.12`, or skip saying that there is none."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Path(sys.executable)
    name = f"python{version}"
    homes = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin"), reverse=True)
    for found in (shutil.which(name), *(shutil.which(name, path=str(home)) for home in homes)):
        if found is not None and _runs(found, version):
            return Path(found)
    pytest.skip(f"there is no {name} here")


def _runs(path: str, version: str) -> bool:
    told = subprocess.run(
        [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return told.returncode == 0 and told.stdout.strip() == version


def packages(version: str, cache: Path) -> Path | None:
    """Return a folder with the packages for a version, filled once; None for our own version.

    Skips saying so where they cannot be had.
    """
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return None
    folder, stamp = cache / version, cache / f"{version}.ready"
    pins = (ROOT / "constraints.txt").read_text()
    if not (stamp.is_file() and stamp.read_text() == pins):
        shutil.rmtree(folder, ignore_errors=True)
        words = ["install", "-qq", "--disable-pip-version-check", "--target", str(folder)]
        words += ["--python-version", version, "--only-binary=:all:", "--no-deps"]
        words += ["-c", str(ROOT / "constraints.txt"), *NEEDED]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        if done.returncode:
            pytest.skip(f"{', '.join(NEEDED)} cannot be had for Python {version}: {done.stderr}")
        stamp.write_text(pins)
    return folder


def run_module(
    python: Path, module: str, *words: str, also: Path | None = None, **environment: str
) -> str:
    """Run one of our modules on an interpreter, from the sources; returns what it printed."""
    places = [str(ROOT / source) for source in SOURCES] + ([] if also is None else [str(also)])
    done = subprocess.run(
        [str(python), "-m", module, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=PATIENCE_S,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)} | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
