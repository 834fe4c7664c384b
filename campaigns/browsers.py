"""Browsers that stop reading, among others that read: nobody else is to notice, and they are ended.

A core, a simulator and a bridge, each a process. Some browsers follow the journal by events, by a
socket and on an open page, and read everything. Then others come that ask for the same on sockets
of their own and read nothing, while the journal grows until the bridge has ended all of them. What
core and bridge weigh before and at most is compared.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from tests.support import unread
from tests.support.processes import Core, add_account, core, end, environment, simulator, until
from tests.support.unread import Unread

from axisor.client import Client
from axisor.events import HaltLevel
from axisor_web.stalling import STALLED_S
from campaigns.bridging import Open
from campaigns.browsing import Browsing
from campaigns.report import Figures, Report

TITLE = "browsers that stop reading beside others that read"
READING = {Figures.QUICK: 1, Figures.FULL: 5}
"""Readers of each of the three kinds."""

STALLED = {Figures.QUICK: (4, 4, 2), Figures.FULL: (100, 100, 20)}
"""Browsers that read nothing, by events, by a socket and on a page."""

PATIENCE_S = {Figures.QUICK: 2.0, Figures.FULL: STALLED_S}
"""How long the bridge waits for a reader."""

WARM = {Figures.QUICK: 200, Figures.FULL: 2_000}
ENDED_S = {Figures.QUICK: 90.0, Figures.FULL: 900.0}
"""So long the journal grows at most, until all who stall are ended."""

LEVEL_S = 60.0
"""How long the others may take to read what is left, and the bridge to start."""

MOST_MIB = 64
MANY = 100_000_000
LIMITS = ("READ_PER_MIN", "CHANGE_PER_MIN", "MONEY_PER_MIN", "STREAM_PER_MIN", "ADDRESS_PER_MIN")
REASON = "so that there is something to read, " * 6
A_ROUND = 20


class Weighed:
    """What two processes hold: at first, and at most since, in MiB."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self.first = {name: resident(pid) for name, pid in pids.items()}
        self.most = dict(self.first)

    def look(self) -> None:
        """Weigh them again."""
        for name, pid in self._pids.items():
            self.most[name] = max(self.most[name], resident(pid))

    def grown(self, name: str) -> float:
        """Return how much more one of them held at most."""
        return round(self.most[name] - self.first[name], 1)


class Scene(Struct):
    """A core with an account, and a bridge before it."""

    client: Client
    account: str
    bridge: Open
    token: str
    cookie: str
    written: int = 0

    @property
    def watch(self) -> str:
        """Return the path of the journal's stream."""
        return f"/v1/accounts/{self.account}/events:watch"

    @property
    def page(self) -> str:
        """Return the path of an open page's stream."""
        return f"/live?account={self.account}&parts=bar,notes,safety,positions,activity"

    async def write(self, count: int) -> None:
        """Have so many more events in the journal."""
        for _ in range(count):
            if self.written % 2:
                await self.client.accounts.resume(self.account, reason=REASON)
            else:
                await self.client.accounts.halt(self.account, HaltLevel.RISK, reason=REASON)
            self.written += 1

    async def head(self) -> int:
        """Return where the journal ends."""
        page = await self.client.events.list(self.account, newest_first=True, page_size=1)
        return page.items[0].sequence

    async def stalled(self, figures: Figures) -> list[Unread]:
        """Open those who read nothing."""
        events, sockets, pages = STALLED[figures]
        bearer = {"authorization": f"Bearer {self.token}"}
        origin = self.bridge.origin
        return [
            *[await unread.events(origin, self.watch, **bearer) for _ in range(events)],
            *[await unread.messages(origin, self.watch, self.token) for _ in range(sockets)],
            *[await unread.events(origin, self.page, cookie=self.cookie) for _ in range(pages)],
        ]


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Let them come, stall and be ended; the seed changes nothing."""
    report = Report(name="browsers", title=TITLE, figures=figures, seed=seed)
    with tempfile.TemporaryDirectory(prefix="axisor-browsers-") as name:
        folder = Path(name)
        many = {f"AXISOR_LIMITS__{each}": str(MANY) for each in LIMITS}
        async with (
            simulator(folder) as venue,
            core(folder, variables=many) as running,
            running.client() as client,
            _bridge(running, PATIENCE_S[figures]) as (bridge, pid),
        ):
            await venue.open_long()
            account = await add_account(client, venue.url)
            token = (running.data / "owner.token").read_text().strip()
            scene = Scene(client, account, bridge, token, await _cookie(bridge))
            assert running.process is not None
            pids = {"core": running.process.pid, "bridge": pid}
            await _browse(report, scene, pids, min(ENDED_S[figures], budget / 2))
    return report


async def _browse(report: Report, scene: Scene, pids: dict[str, int], most_s: float) -> None:
    async with _followed(report, scene) as readers:
        await scene.write(WARM[report.figures])
        await until(lambda: all(each.last for each in readers), "everybody reads")
        weighed, began = Weighed(**pids), time.monotonic()
        found = await scene.stalled(report.figures)
        try:
            while not all(each.is_over for each in found) and time.monotonic() - began < most_s:
                await scene.write(A_ROUND)
                weighed.look()
            report.least("browsers that read nothing", len(found), sum(STALLED[report.figures]))
            report.none("of those, not ended", [each.kind for each in found if not each.is_over])
            report.tell("until the last was ended (s)", round(time.monotonic() - began, 1))
        finally:
            for each in found:
                each.close()
        await scene.write(A_ROUND)
        weighed.look()
        await _read_to_the_end(report, scene, readers)
        report.tell("events written", scene.written)
        for name in pids:
            report.most(f"memory of the {name}, more", weighed.grown(name), MOST_MIB, "MiB")


async def _read_to_the_end(report: Report, scene: Scene, readers: list[Browsing]) -> None:
    head, ends = await scene.head(), time.monotonic() + LEVEL_S
    while time.monotonic() < ends and any(each.last < head for each in readers):
        await asyncio.sleep(0.1)
    behind = [f"{each.name}: {each.last} of {head}" for each in readers if each.last < head]
    report.none("readers beside them that lack the end", behind)
    report.none("gaps, repeats and refusals", [wrong for each in readers for wrong in each.wrong])
    report.tell("events read beside them", sum(each.events for each in readers))


@asynccontextmanager
async def _followed(report: Report, scene: Scene) -> AsyncIterator[list[Browsing]]:
    """Have readers of each kind follow until the block ends."""
    kinds = ("events", "socket", "page")
    readers = [Browsing(f"{kind} {n}") for n in range(READING[report.figures]) for kind in kinds]
    origin, headers = scene.bridge.origin, {"cookie": scene.cookie}
    bearer = {"authorization": f"Bearer {scene.token}"}
    async with (
        httpx.AsyncClient(base_url=origin, headers=bearer, trust_env=False) as program,
        httpx.AsyncClient(base_url=origin, headers=headers, trust_env=False) as browser,
    ):

        def follows(reader: Browsing) -> Coroutine[Any, Any, None]:
            match reader.name.split()[0]:
                case "events":
                    return reader.by_events(program, scene.watch)
                case "socket":
                    return reader.by_socket(origin, scene.watch, scene.token)
                case _:
                    return reader.by_page(browser, scene.page)

        tasks = [asyncio.create_task(follows(each)) for each in readers]
        try:
            yield readers
        finally:
            ended = [task for task in tasks if task.done()]
            for task in tasks:
                task.cancel()
            gone = await asyncio.gather(*tasks, return_exceptions=True)
        report.none("readers that were cut off", [repr(gone[tasks.index(each)]) for each in ended])


@asynccontextmanager
async def _bridge(running: Core, stalled_s: float) -> AsyncIterator[tuple[Open, int]]:
    """Run a bridge before a core until the block ends; gives where it is, and its process."""
    variables = environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    words = ("-m", "campaigns.bridging", str(running.data), str(stalled_s))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=PIPE, stdout=PIPE, env=variables
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(LEVEL_S):
            line = await process.stdout.readline()
        yield msgspec.json.decode(line, type=Open), process.pid
    finally:
        await end(process)


async def _cookie(bridge: Open) -> str:
    """Come in as a browser does, and return the cookie of the session."""
    async with httpx.AsyncClient(base_url=bridge.origin, trust_env=False) as browser:
        ours = {"origin": bridge.origin}
        answer = await browser.post("/session:enter", json={"code": bridge.code}, headers=ours)
        answer.raise_for_status()
        return answer.headers["set-cookie"].partition(";")[0]


def resident(pid: int) -> float:
    """Return what a process holds of memory, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
