"""How long a tick takes to become a request on the wire, at rest and while everything is a burden.

A thousand positions in ten accounts, the core as an operator starts it, the venue's own rate
limits. The burden: two hundred subscribers that stop reading, a plugin that computes at every tick,
and another that asks for ten times what the venue takes. Rest and burden are measured in turn,
pair by pair, on one core.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import chain, cycle
from pathlib import Path

from tests.support.processes import Core, add_account, end, environment, until

from axisor.client import Client
from campaigns.crowd import A_ACCOUNT, ACCOUNTS, Market, markets
from campaigns.kill import FREE
from campaigns.load import Load
from campaigns.report import Figures, Report, percentile, spread

TITLE = "tick to request on the wire, 1,000 positions"
PAIRS = {Figures.QUICK: 3, Figures.FULL: 10}
SAMPLES = {Figures.QUICK: 20, Figures.FULL: 100}
WAIT_S = 0.08
"""Between two samples, so that no account needs its budget of requests for another rescue."""

SUBSCRIBERS = 200
SPIN_MS = 20
FLOOD = 50
"""Orders at each tick of an account whose venue takes five requests a second."""

MOST_MS = 100.0
MORE_SHARE, MORE_MS = 0.10, 1.0
GUARD = '{"cooldown_s": 0, "funding_ahead_min": 0}'

PLUGIN = {
    "METADATA": "Metadata-Version: 2.1\nName: axisor-spinner\nVersion: 0.1\n",
    "entry_points.txt": "[axisor]\nspinner = campaigns.spinner\n",
}


def install(folder: Path) -> dict[str, str]:
    """Write the spinner's metadata where a core finds it; return the variables that show it."""
    place = folder / "plugins" / "axisor_spinner-0.1.dist-info"
    place.mkdir(parents=True)
    for name, text in PLUGIN.items():
        (place / name).write_text(text)
    return {
        "PYTHONPATH": os.pathsep.join([str(place.parent), *filter(None, sys.path)]),
        "AXISOR_PLUGINS": "lnmarkets,logbook,margin-guard,spinner",
        "AXISOR_VENUE__PUBLIC_RATE": "5",
    }


class Stage:
    """A core that guards the crowd, and the burden that can be put on it."""

    def __init__(self, core: Core, client: Client, crowd: list[Market]) -> None:
        self._core = core
        self._client = client
        self._crowd = crowd
        self._turns: Iterator[Market] = cycle(crowd)
        self.accounts: list[str] = []
        self._burdens: list[tuple[str, str]] = []
        self._begun = False

    async def begin(self) -> None:
        """Add the accounts, guard each, and make the troublesome runs, which do not run yet."""
        runs = self._client.strategies
        for market in self._crowd:
            account = await add_account(self._client, market.url)
            made = await runs.create_run(account, "margin-guard", config=GUARD, leash=FREE)
            await runs.start_run(account, made.run.id)
            self.accounts.append(account)
        troubles = (f'{{"orders": {FLOOD}}}', f'{{"spin_ms": {SPIN_MS}}}')
        for account, config in zip(self.accounts, troubles, strict=False):
            made = await runs.create_run(account, "spinner", config=config, leash=FREE)
            self._burdens.append((account, made.run.id))

    async def sample(self, count: int) -> list[float]:
        """Return so many times from tick to request, in milliseconds, account after account."""
        found = []
        for _ in range(count):
            found.append(1_000 * await next(self._turns).rescue())
            await asyncio.sleep(WAIT_S)
        return found

    @asynccontextmanager
    async def burdened(self) -> AsyncIterator[None]:
        """Let subscribers stall and plugins make trouble until the block ends."""
        words = ("-m", "campaigns.stalled", str(self._core.data), str(SUBSCRIBERS))
        variables = environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
        process: Process = await asyncio.create_subprocess_exec(
            sys.executable, *words, *self.accounts, stdin=PIPE, stdout=PIPE, env=variables
        )
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line == b"open\n", "the subscribers could not subscribe"
            for account, run in self._burdens:
                runs = self._client.strategies
                await (runs.resume_run if self._begun else runs.start_run)(account, run)
            self._begun = True
            await asyncio.sleep(1)
            yield
            for account, run in self._burdens:
                await self._client.strategies.pause_run(account, run)
        finally:
            await end(process)
        await asyncio.sleep(1)


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Measure rest and burden in pairs."""
    report = Report(name="latency", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    rest: list[list[float]] = []
    burden: list[list[float]] = []
    with tempfile.TemporaryDirectory(prefix="axisor-latency-") as name:
        folder = Path(name)
        core = Core(folder, variables=install(folder))
        async with markets() as crowd:
            try:
                await core.start()
                async with core.client() as client:
                    stage = Stage(core, client, crowd)
                    await stage.begin()
                    await until(lambda: all_guarded(client), "every account is guarded")
                    await stage.sample(2 * ACCOUNTS)
                    assert core.process is not None
                    began = Load.now(core.process.pid)
                    for _ in range(PAIRS[figures]):
                        if time.monotonic() > ends:
                            break
                        rest.append(await stage.sample(SAMPLES[figures]))
                        async with stage.burdened():
                            burden.append(await stage.sample(SAMPLES[figures]))
                    report.lines.append(Load.now(core.process.pid).since(began))
            finally:
                await core.stop()
    _tell(report, rest, burden)
    return report


async def all_guarded(client: Client, number: int = ACCOUNTS, positions: int = A_ACCOUNT) -> bool:
    """Return whether every account of the crowd is read and guarded."""
    accounts = (await client.system.status()).accounts
    return len(accounts) == number and all(
        each.running_count and each.position_count == positions for each in accounts
    )


def _tell(report: Report, rest: list[list[float]], burden: list[list[float]]) -> None:
    quiet, loaded = [*chain(*rest)], [*chain(*burden)]
    report.least("pairs", len(burden), PAIRS[report.figures])
    report.most("tick to wire at rest, p99", percentile(quiet, 99), MOST_MS, "ms")
    report.most("tick to wire under burden, p99", percentile(loaded, 99), MOST_MS, "ms")
    medians = [
        (statistics.median(before), statistics.median(after))
        for before, after in zip(rest, burden, strict=False)
    ]
    more = statistics.median(after - before for before, after in medians)
    allowed = max(MORE_MS, MORE_SHARE * statistics.median(before for before, _ in medians))
    report.most("more under burden, median of pairs", more, round(allowed, 3), "ms")
    report.lines += [
        f"At rest: {spread(quiet)} ms.",
        f"Under burden: {spread(loaded)} ms.",
        "Medians of pairs: " + ", ".join(f"{a:.1f} to {b:.1f}" for a, b in medians) + " ms.",
        f"Burden: {SUBSCRIBERS} subscribers that read nothing, a plugin that computes {SPIN_MS} ms "
        f"at each tick, one that asks for {FLOOD} orders at each tick.",
    ]
