"""Engines that stop themselves at the worst of moments: just before or after their last look.

Importing this changes the core of this process, and only a process of a trial imports it. Where a
file says so, the next engine that is about to send a change takes the file away and stops, like one
that was sent SIGSTOP just before its last look at the lease, or between that and the bytes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from axisor_lnmarkets.leaving import Departure

PLACE = "AXISOR_TRIAL_STOP"
"""Names the file, without the moment that its name ends with."""

ask = Departure.__call__


async def _watched(self: Departure, event: str, info: Mapping[str, Any]) -> None:
    if event.endswith("send_request_headers.started"):
        _stop("before")
    await ask(self, event, info)
    if event.endswith("send_request_body.started"):
        _stop("after")


def _stop(moment: str) -> None:
    place = os.environ.get(PLACE, "")
    with suppress(FileNotFoundError):
        Path(f"{place}.{moment}").unlink()
        Path(f"{place}.stopped").write_text(str(os.getpid()), encoding="ascii")
        os.kill(os.getpid(), signal.SIGSTOP)


Departure.__call__ = _watched  # type: ignore[method-assign]
