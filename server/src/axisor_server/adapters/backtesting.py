"""Makes back-tests in processes of their own, which end with whoever waits for them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping

import msgspec

from axisor_server.domain.backtesting import Broken, Line, Told, Wish

WORKER = "axisor_server.adapters.backtest_worker"
MOST_LINE = 1 << 20
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""What of the core's environment a worker gets: nothing that names a place or a secret."""

USED_UP = (
    "The back-test was ended: it took more than ten minutes of computing or two gigabytes, "
    "or its strategy broke the process."
)


class ProcessBacktests:
    """A Backtester that starts one Python for each back-test."""

    async def run(self, wish: Wish) -> AsyncGenerator[Told, None]:
        """Yield what the process tells, until it ends. Closing this kills it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=MOST_LINE,
            env=surroundings(os.environ),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        ended = False
        try:
            process.stdin.write(msgspec.json.encode(wish) + b"\n")
            process.stdin.close()
            while line := await process.stdout.readline():
                told = msgspec.json.decode(line, type=Line)
                if told.told is None:
                    ended = True
                    break
                yield told.told
            if not ended:
                yield Broken(USED_UP)
        except ConnectionError:
            yield Broken(USED_UP)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker: it finds the same modules, and no settings."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
