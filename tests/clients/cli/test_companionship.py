"""A command that ends with its input."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from axisor_cli.companionship import ENDS_WITH_INPUT

CODE = """
from axisor_cli.companionship import end_with_input
end_with_input()
print('here', flush=True)
import time
time.sleep(60)
"""


@pytest.mark.parametrize(("value", "ended"), [("1", True), ("", False)])
def test_it_stops_once_nobody_holds_the_other_end(value, ended):
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {ENDS_WITH_INPUT: value},
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()
        if ended:
            assert process.wait(30) == -signal.SIGTERM
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.kill()
