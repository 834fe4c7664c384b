"""A hardened process leaves no core dump and lets nobody of its user look inside."""

from __future__ import annotations

import subprocess
import sys

import pytest

SOURCE = """
import ctypes, resource
from axisor_server.adapters.hardening import harden
print(harden(), resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is of Linux")
def test_a_hardened_process_dumps_nothing_and_is_not_inspected():
    done = subprocess.run(
        [sys.executable, "-c", SOURCE], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.split() == ["True", "(0,", "0)", "0"]
