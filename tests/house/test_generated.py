"""What is generated and committed is what the generator would write today."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house import sources


def test_the_generated_contract_is_fresh() -> None:
    pytest.importorskip("grpc_tools")

    done = subprocess.run(
        [sys.executable, "proto/generate.py", "--check"],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
