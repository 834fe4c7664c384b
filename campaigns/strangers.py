"""How much later a guard acts while ten hostile plugins are at it in runners of the same core.

The crowd and the clock are those of `latency`. Each pair has a core of its own: half of rest, then
strangers from the moment they are let loose until all of them are kept out, then the other half of
rest, so that what drifts with time is the same on both sides. With each rescue goes what the core's
main thread computed and how long it waited for a processor, which says whose time it was.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from msgspec import Struct
from tests.support.processes import Core, add_account, until
from tests.support.strangers import HOSTILE, install

from axisor.client import Client
from axisor.model import Leash
from axisor.v1 import strategies_pb2
from campaigns.crowd import ACCOUNTS, Market, markets
from campaigns.kill import FREE
from campaigns.latency import GUARD, MORE_MS, MORE_SHARE, WAIT_S
from campaigns.load import Turn
from campaigns.report import Figures, Report, percentile, spread

TITLE = "a guard beside ten hostile plugins, tick to request on the wire"
PAIRS = {Figures.QUICK: 3, Figures.FULL: 10}
SAMPLES = {Figures.QUICK: 20, Figures.FULL: 60}
"""At least so many in each half of a pair."""

LOOK_EVERY = 10
FEW, PAUSE_S = 5, 3.0
KEPT_OUT_S = 420.0
TIGHT = Leash(day_spend=1_000)


class Rescue(Struct, frozen=True):
    """One rescue: from tick to request in milliseconds, and the core's main thread meanwhile."""

    took: float
    core: Turn


class Stage:
    """A core that guards the crowd, with strangers to let loose."""

    def __init__(self, core: Core, client: Client, crowd: list[Market]) -> None:
        self._core = core
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

    async def sample(self, count: int) -> list[Rescue]:
        """Return so many rescues, account after account."""
        assert self._core.process is not None
        found = []
        for number in range(count):
            if number % LOOK_EVERY == 0:  # with strangers or without, it is the same work
                await self.kept_out()
            before = Turn.now(self._core.process.pid)
            took = 1_000 * await next(self._turns).rescue()
            found.append(Rescue(took, Turn.now(self._core.process.pid).since(before)))
            await asyncio.sleep(WAIT_S)
        return found

    async def sample_until_kept_out(self, least: int) -> list[Rescue]:
        """Return rescues until every stranger is kept out, and at least so many."""
        found = await self.sample(least)
        ends = time.monotonic() + KEPT_OUT_S
        while not await self.kept_out():
            assert time.monotonic() < ends, "not all strangers are kept out"
            await asyncio.sleep(PAUSE_S)  # so that the last of them are looked at, and not for ever
            found += await self.sample(FEW)
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
    pairs: list[Pair] = []
    while len(pairs) < PAIRS[figures] and time.monotonic() < ends:
        pairs.append(await _pair(SAMPLES[figures]))
    _tell(report, pairs)
    return report


class Pair(Struct, frozen=True):
    """The rescues of one core: before and after the strangers, and beside them."""

    before: list[Rescue]
    beside: list[Rescue]
    after: list[Rescue]

    @property
    def rest(self) -> list[Rescue]:
        """Return the rescues without strangers."""
        return [*self.before, *self.after]


async def _pair(count: int) -> Pair:
    with tempfile.TemporaryDirectory(prefix="axisor-strangers-") as name:
        folder = Path(name)
        spawn = ",".join(install(folder, kind.name) for kind in HOSTILE)
        variables = {"AXISOR_RUNNER__SPAWN": spawn, "AXISOR_VENUE__PUBLIC_RATE": "5"}
        core = Core(folder, variables=variables)
        async with markets() as crowd:
            try:
                await core.start()
                async with core.client() as client:
                    stage = Stage(core, client, crowd)
                    await stage.begin()
                    await until(lambda: _guarded(client), "every account is guarded")
                    await stage.sample(2 * ACCOUNTS)
                    before = await stage.sample(count // 2)
                    await stage.let_loose()
                    beside = await stage.sample_until_kept_out(count)
                    after = await stage.sample(len(beside) - len(before))
            finally:
                await core.stop()
    return Pair(before, beside, after)


async def _guarded(client: Client) -> bool:
    accounts = (await client.system.status()).accounts
    return len(accounts) == ACCOUNTS and all(each.running_count for each in accounts)


def _tell(report: Report, pairs: list[Pair]) -> None:
    report.least("pairs, all ten kept out in each", len(pairs), PAIRS[report.figures])
    worst = [(_p99(pair.rest), _p99(pair.beside)) for pair in pairs]
    more = statistics.median(after - before for before, after in worst)
    allowed = max(MORE_MS, MORE_SHARE * statistics.median(before for before, _ in worst))
    report.most("more at p99, median of pairs", round(more, 3), round(allowed, 3), "ms")
    halves = [_p99(pair.after) - _p99(pair.before) for pair in pairs]
    rest = [rescue for pair in pairs for rescue in pair.rest]
    beside = [rescue for pair in pairs for rescue in pair.beside]
    report.lines += [
        f"At rest: {spread([each.took for each in rest])} ms.",
        f"With strangers: {spread([each.took for each in beside])} ms.",
        "p99 of pairs: " + ", ".join(f"{a:.1f} to {b:.1f}" for a, b in worst) + " ms.",
        "What the machine does by itself, p99 of rest after less that before: "
        + ", ".join(f"{each:+.1f}" for each in halves)
        + " ms.",
        "Medians of a rescue, at rest and with strangers: the core's main thread computed "
        f"{_median(rest, _computed):.2f} and {_median(beside, _computed):.2f} ms, and waited for "
        f"a processor {_median(rest, _waited):.2f} and {_median(beside, _waited):.2f} ms.",
    ]


def _computed(rescue: Rescue) -> float:
    return rescue.core.computed


def _waited(rescue: Rescue) -> float:
    return rescue.core.waited


def _median(rescues: list[Rescue], figure: Callable[[Rescue], float]) -> float:
    return statistics.median(map(figure, rescues))


def _p99(rescues: list[Rescue]) -> float:
    found = percentile([rescue.took for rescue in rescues], 99)
    assert found is not None, "each half of a pair has samples"
    return found
