"""How much later a guard acts while ten hostile plugins are at it in runners of the same core.

The crowd and the clock are those of `latency`. Each pair has a core of its own: it measures rest,
lets the strangers loose, measures again, and waits until all of them are kept out.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from itertools import cycle
from pathlib import Path

from tests.support.processes import Core, add_account, until
from tests.support.strangers import HOSTILE, install

from axisor.client import Client
from axisor.model import Leash
from axisor.v1 import strategies_pb2
from campaigns.crowd import ACCOUNTS, Market, markets
from campaigns.kill import FREE
from campaigns.latency import GUARD, MORE_MS, MORE_SHARE, WAIT_S
from campaigns.report import Figures, Report, percentile, spread

TITLE = "a guard beside ten hostile plugins, tick to request on the wire"
PAIRS = {Figures.QUICK: 3, Figures.FULL: 10}
SAMPLES = {Figures.QUICK: 20, Figures.FULL: 60}
KEPT_OUT_S = 120.0
TIGHT = Leash(day_spend=1_000)


class Stage:
    """A core that guards the crowd, with strangers to let loose."""

    def __init__(self, client: Client, crowd: list[Market]) -> None:
        self._client = client
        self._crowd = crowd
        self._turns = cycle(crowd)
        self._accounts: list[str] = []

    async def begin(self) -> None:
        """Add the accounts and guard each."""
        runs = self._client.strategies
        for market in self._crowd:
            account = await add_account(self._client, market.url)
            made = await runs.create_run(account, "margin-guard", config=GUARD, leash=FREE)
            await runs.start_run(account, made.run.id)
            self._accounts.append(account)

    async def sample(self, count: int) -> list[float]:
        """Return so many times from tick to request, in milliseconds, account after account."""
        found = []
        for _ in range(count):
            found.append(1_000 * await next(self._turns).rescue())
            await asyncio.sleep(WAIT_S)
        return found

    async def let_loose(self) -> None:
        """Start the strangers, each in an account of the crowd."""
        runs = self._client.strategies
        for account, kind in zip(self._accounts, HOSTILE, strict=True):
            made = await runs.create_run(account, kind.name, leash=TIGHT)
            await runs.start_run(account, made.run.id)

    async def kept_out(self) -> bool:
        """Return whether every stranger is kept out."""
        page = await self._client.strategies.list_plugins(page_size=500)
        out = {
            plugin.name.removeprefix("plugins/")
            for plugin in page.items
            if plugin.state == strategies_pb2.PLUGIN_STATE_QUARANTINED
        }
        return out >= {kind.name for kind in HOSTILE}


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Measure rest and burden in pairs."""
    report = Report(name="strangers", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    pairs: list[tuple[list[float], list[float]]] = []
    while len(pairs) < PAIRS[figures] and time.monotonic() < ends:
        pairs.append(await _pair(SAMPLES[figures]))
    _tell(report, pairs)
    return report


async def _pair(count: int) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory(prefix="axisor-strangers-") as name:
        folder = Path(name)
        spawn = ",".join(install(folder, kind.name) for kind in HOSTILE)
        variables = {"AXISOR_RUNNER__SPAWN": spawn, "AXISOR_VENUE__PUBLIC_RATE": "5"}
        core = Core(folder, variables=variables)
        async with markets() as crowd:
            try:
                await core.start()
                async with core.client() as client:
                    stage = Stage(client, crowd)
                    await stage.begin()
                    await until(lambda: _guarded(client), "every account is guarded")
                    await stage.sample(2 * ACCOUNTS)
                    rest = await stage.sample(count)
                    await stage.let_loose()
                    burden = await stage.sample(count)
                    await until(stage.kept_out, "all are kept out", timeout_s=KEPT_OUT_S)
            finally:
                await core.stop()
    return rest, burden


async def _guarded(client: Client) -> bool:
    accounts = (await client.system.status()).accounts
    return len(accounts) == ACCOUNTS and all(each.running_count for each in accounts)


def _tell(report: Report, pairs: list[tuple[list[float], list[float]]]) -> None:
    report.least("pairs, all ten kept out in each", len(pairs), PAIRS[report.figures])
    worst = [(_p99(rest), _p99(burden)) for rest, burden in pairs]
    more = statistics.median(after - before for before, after in worst)
    allowed = max(MORE_MS, MORE_SHARE * statistics.median(before for before, _ in worst))
    report.most("more at p99, median of pairs", round(more, 3), round(allowed, 3), "ms")
    report.lines += [
        f"At rest: {spread([each for rest, _ in pairs for each in rest])} ms.",
        f"With strangers: {spread([each for _, burden in pairs for each in burden])} ms.",
        "p99 of pairs: " + ", ".join(f"{a:.1f} to {b:.1f}" for a, b in worst) + " ms.",
    ]


def _p99(values: list[float]) -> float:
    found = percentile(values, 99)
    assert found is not None, "each half of a pair has samples"
    return found
