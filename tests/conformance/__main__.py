"""Tries any client: `python -m tests.conformance COMMAND …` says whether it passes the script."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.house import house
from tests.conformance.script import conform


async def tried(command: Sequence[str]) -> None:
    """Have one client do the script. Raises AssertionError naming what it did not do."""
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as at:
            await conform(at, {"client": command})


def main() -> int:
    """Say how it went, and give the exit status."""
    command = sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        asyncio.run(tried(command))
    except AssertionError as failed:
        print(failed, file=sys.stderr)
        return 1
    print("It passes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
