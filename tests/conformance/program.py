"""A client in any language as a process: commands in and answers out, a line of JSON each."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.processes import PATIENCE_S, end, environment, until

LINE = 1 << 20
"""Bytes of a line at most."""


class Program:
    """A client that runs: what it answered, and what its watch has told so far."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process, self._log = process, log
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self.cuts: list[dict[str, Any]] = []
        self.ended: list[dict[str, Any]] = []

    async def do(self, word: str, **arguments: Any) -> dict[str, Any]:
        """Have one thing done, and return the answer without its number."""
        return await asyncio.wait_for(self.begin(word, **arguments), PATIENCE_S)

    def begin(self, word: str, **arguments: Any) -> asyncio.Future[dict[str, Any]]:
        """Ask for one thing, and return what the answer will be."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        line = json.dumps({"id": number, "do": word, **arguments})
        self._process.stdin.write(f"{line}\n".encode())
        return answer

    async def bye(self) -> int:
        """Say that nothing more will be asked, and return the exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await asyncio.wait_for(self._process.wait(), PATIENCE_S)

    async def until_sequence(self, sequence: int) -> None:
        """Wait until its watch has told of an event."""
        await until(
            lambda: self.events and self.events[-1]["sequence"] >= sequence,
            f"event {sequence} is told",
        )

    async def read(self) -> None:
        """Take its lines until it ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._take(json.loads(line))
        for answer in self._waiting.values():
            said = self._log.read_text()[-2_000:]
            answer.set_exception(AssertionError(f"it ended without an answer: {said}"))

    def _take(self, told: dict[str, Any]) -> None:
        if "id" in told:
            self._waiting.pop(told.pop("id")).set_result(told)
        elif "event" in told:
            self.events.append(told["event"])
        elif "cut" in told:
            self.cuts.append(told["cut"])
        else:
            self.ended.append(told["ended"])


@asynccontextmanager
async def program(words: Sequence[str], *, log: Path) -> AsyncIterator[Program]:
    """Run a client until the block ends."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, stderr=errors, env=environment(), limit=LINE
        )
    running = Program(process, log)
    reading = asyncio.create_task(running.read())
    try:
        yield running
    finally:
        await end(process)
        await reading
