"""A forked core is waited for by many, and by some who give up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.support.nursery import nursery

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("campaigns")]


async def test_who_gives_up_waiting_takes_no_answer_from_the_others(tmp_path: Path) -> None:
    async with nursery() as quick:
        with (tmp_path / "log").open("ab") as log:
            cores = [
                await quick.fork(
                    ("sim", "serve", "--listen", "127.0.0.1:0"), {}, stderr=log.fileno()
                )
                for _ in range(3)
            ]
        patient = [asyncio.create_task(core.wait()) for core in cores]
        for core in cores:
            for _ in range(3):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(core.wait(), 0)
            os.kill(core.pid, signal.SIGKILL)

        assert await asyncio.gather(*patient) == [-signal.SIGKILL] * 3
        assert [core.returncode for core in cores] == [-signal.SIGKILL] * 3
        assert await cores[0].wait() == -signal.SIGKILL
