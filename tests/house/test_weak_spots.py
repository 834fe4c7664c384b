"""Each weak spot of an earlier system has tests of its own name, which exist and are run."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.house import sources
from tests.house.weak_spots import WEAK_SPOTS, WeakSpot

SECRET_FILES = re.compile(r"(^|/)(\.env(\..+)?|.*\.(pem|key|p12|pfx|kdbx)|id_(rsa|ed25519))$")
SPOTS = [pytest.param(spot, id=f"{spot.number:02}") for spot in WEAK_SPOTS]


def test_there_are_twenty_two_of_them() -> None:
    assert [spot.number for spot in WEAK_SPOTS] == list(range(1, 23))


@pytest.mark.parametrize("spot", SPOTS)
def test_a_weak_spot_has_a_test_of_its_name(spot: WeakSpot) -> None:
    named = [name.partition("::")[2] for name in spot.tests]

    assert any(name.startswith(f"test_weak_spot_{spot.number:02}_") for name in named)


def test_every_test_that_is_named_is_collected() -> None:
    wanted = sorted({name for spot in WEAK_SPOTS for name in spot.tests})

    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *wanted],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    collected = {line.partition("[")[0] for line in found.stdout.splitlines() if "::" in line}
    assert found.returncode == 0, found.stdout[-2_000:] + found.stderr[-2_000:]
    assert collected == set(wanted)


def test_no_test_of_a_weak_spot_is_missing_in_the_table() -> None:
    named = {name for spot in WEAK_SPOTS for name in spot.tests}
    written = {
        f"{path.as_posix()}::{name}"
        for path in sources.hand_written(".py")
        if path.parts[0] == "tests"
        for name in re.findall(r"def (test_weak_spot_\d\d_\w+)", sources.text(path))
    }

    assert written <= named


def test_weak_spot_22_no_file_of_secrets_is_committed() -> None:
    kept = [path.as_posix() for path in sources.files() if SECRET_FILES.search(path.as_posix())]

    assert kept == []


@pytest.mark.parametrize("name", [".env", "deploy/.env.prod", "a/server.key", "id_rsa"])
def test_a_file_of_secrets_would_be_noticed(name: str) -> None:
    assert SECRET_FILES.search(name)
