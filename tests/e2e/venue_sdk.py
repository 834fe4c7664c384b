"""Calls an official SDK of the venue, in Node, and hands back what it returned."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "node"
PATIENCE_S = 60


def skip_without_node() -> None:
    """Skip the test, with the reason, where it cannot run."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (FOLDER / "node_modules" / "lnmarkets-sdk-v2").is_dir():
        pytest.skip("the packages of tests/e2e/node are not installed: npm ci")


class SdkError(Exception):
    """The SDK threw; the venue's status and body are here."""

    def __init__(self, thrown: dict[str, Any]) -> None:
        super().__init__(str(thrown))
        self.status = thrown.get("status")
        self.code = thrown.get("code")
        body = thrown.get("body")
        self.body: Any = body
        if isinstance(body, str) and body.startswith("{"):
            self.body = json.loads(body)


class Sdk:
    """One SDK client; numbers come back as `int` or `Decimal`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.methods: list[str] = []
        self.events: list[tuple[str, Any]] = []

    async def call(self, path: str, *args: Any) -> Any:
        """Call a method and return its result. Raises SdkError if it threw."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"call": path, "args": args}).encode() + b"\n")
        while "event" in (answer := await self.line()):
            self.events.append((answer["event"], answer["data"]))
        if "error" in answer:
            raise SdkError(answer["error"])
        return answer["result"]

    async def refused(self, path: str, *args: Any) -> SdkError:
        """Call a method that must throw, and return what it threw."""
        with pytest.raises(SdkError) as caught:
            await self.call(path, *args)
        return caught.value

    async def event(self, topic: str) -> Any:
        """Return the payload of the next event of a topic, skipping others."""
        while True:
            for place, (name, data) in enumerate(self.events):
                if name == topic:
                    del self.events[: place + 1]
                    return data
            answer = await self.line()
            self.events.append((answer["event"], answer["data"]))

    async def line(self) -> dict[str, Any]:
        """Return the next line of the driver."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)
        assert line, "the driver ended early"
        found = json.loads(line, parse_float=Decimal)
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def sdk(which: str, url: str, keys: dict[str, str]) -> AsyncIterator[Sdk]:
    """Run the driver for `v1`, `v2` or `stream` against a simulator."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "venue-sdk.mjs",
        which,
        url,
        cwd=FOLDER,
        env={**os.environ, "V3_API_URL": f"{url}/v3", **keys},
        stdin=PIPE,
        stdout=PIPE,
    )
    client = Sdk(process)
    try:
        client.methods = (await client.line())["ready"]
        yield client
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE_S)
