"""Streams over replicas that die: two that serve, two engines, PostgreSQL and Redis.

Readers reach whichever serving replica is there, over a wire that asks one after the other, as a
balancer would. Prices fall all the time, so engines write all the time. One process after another
is killed and started again; then Redis is killed, and only how soon news comes may change.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from random import Random

from tests.support.cutting import Ends, laid
from tests.support.nursery import Nursery, nursery
from tests.support.processes import add_account
from tests.support.redis import RedisServer, find_server

from axisor.client.profile import Profile
from campaigns.kill import FREE, GUARD, POSITIONS
from campaigns.nursery import QuickCore
from campaigns.readers import Reader, through, until_all
from campaigns.replicas import SHORT
from campaigns.report import Figures, Report, percentile, spread
from campaigns.server import postgres
from campaigns.venue import PACE, Venue, venue

TITLE = "streams of two serving replicas and two engines, any of which dies"
KILLS = {Figures.QUICK: 4, Figures.FULL: 200}
READERS = {Figures.QUICK: 20, Figures.FULL: 100}
LISTEN_S = {Figures.QUICK: 4.0, Figures.FULL: 30.0}
ACCOUNTS = 2
NAMES = ("api-1", "api-2", "engine-1", "engine-2")
GO_ON_S = 40.0
"""So long after a kill every reader has had news; how soon it came is told besides."""


class Replicas:
    """The cores, by name, on one database and one Redis."""

    def __init__(self, folder: Path, dsn: str, redis: RedisServer, quick: Nursery) -> None:
        self.redis = redis
        self.cores: dict[str, QuickCore] = {}
        for name in NAMES:
            words = ("--database", dsn, "--redis", redis.url, "--role", name.partition("-")[0])
            core = QuickCore(folder, *words, name=name, variables={**PACE, **SHORT})
            core.nursery = quick
            self.cores[name] = core

    @property
    def first(self) -> QuickCore:
        """Return the replica whose certificate and token the others share."""
        return self.cores[NAMES[0]]

    async def start(self) -> None:
        """Start all, with the same keys, certificate and token."""
        await self.first.start()
        for core in [self.cores[name] for name in NAMES[1:]]:
            core.data.mkdir(mode=0o700)
            for file in ("vault.key", "owner.token"):
                shutil.copy(self.first.data / file, core.data / file)
            shutil.copytree(self.first.data / "tls", core.data / "tls")
            await core.start()

    async def connect(self) -> Ends:
        """Connect to a serving replica that is there. Raises OSError where none is."""
        *others, last = [core for name, core in self.cores.items() if name.startswith("api")]
        for core in others:
            try:
                return await _connect(core)
            except OSError:
                continue  # the next one is asked
        return await _connect(last)

    async def stop(self) -> list[str]:
        """End all in good order; return those that did not."""
        codes = {name: await core.stop() for name, core in self.cores.items()}
        return [f"{name} ended with {code}" for name, code in codes.items() if code != 0]


async def _connect(core: QuickCore) -> Ends:
    host, _, port = core.listen.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def fall_on(venues: list[Venue]) -> None:
    """Let prices fall a little every moment, until cancelled."""
    while True:
        for at in venues:
            await at.fall(Decimal("0.03"))
        await asyncio.sleep(0.25)


async def guard(replicas: Replicas, venues: list[Venue]) -> list[str]:
    """Open positions, add the accounts and guard them; return the accounts."""
    accounts = []
    async with replicas.first.client() as client:
        for at in venues:
            for number in range(POSITIONS):
                await at.sim.open_long(quantity=2_000 + 50 * number, leverage=18)
            account = await add_account(client, at.url)
            made = await client.strategies.create_run(
                account, "margin-guard", config=GUARD, leash=FREE
            )
            await client.strategies.start_run(account, made.run.id)
            accounts.append(account)
            await at.fall(Decimal("1.3"))
    return accounts


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Kill so many processes under load, then Redis, and hold every reader against the journal."""
    report = Report(name="streams", title=TITLE, figures=figures, seed=seed)
    program = find_server()
    if program is None:
        raise FileNotFoundError("redis-server is not here")
    ends = time.monotonic() + budget
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="axisor-streams-")))
        server = await stack.enter_async_context(postgres())
        redis = RedisServer(program, folder)
        await asyncio.to_thread(redis.start)
        stack.callback(redis.stop)
        quick = await stack.enter_async_context(nursery())
        venues = []
        for number in range(ACCOUNTS):
            place = folder / f"venue-{number}"
            place.mkdir()
            venues.append(await stack.enter_async_context(venue(place)))
        replicas = Replicas(folder, server.schema(), redis, quick)
        stack.push_async_callback(replicas.stop)
        await replicas.start()
        accounts = await guard(replicas, venues)
        falling = asyncio.create_task(fall_on(venues))
        try:
            await _story(report, replicas, accounts, Random(seed), ends)
        finally:
            falling.cancel()
            await asyncio.gather(falling, return_exceptions=True)
        report.none("replicas that did not end well", await replicas.stop())
    return report


async def _story(
    report: Report, replicas: Replicas, accounts: list[str], rng: Random, ends: float
) -> None:
    readers = [Reader(f"reader {number}") for number in range(READERS[report.figures])]
    silent: list[str] = []
    waits: dict[str, list[float]] = {name: [] for name in NAMES}
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(laid(replicas.connect))
        assert Profile.from_data_dir(replicas.first.data).token is not None
        tasks = []
        for number, reader in enumerate(readers):
            client = through(replicas.first.data, wire.port, rng.getrandbits(32))
            await stack.enter_async_context(client)
            account = accounts[number % len(accounts)]
            tasks.append(asyncio.create_task(reader.follow(client, account)))
        try:
            silent += await _news(readers)
            order = list(NAMES)
            for number in range(KILLS[report.figures]):
                if time.monotonic() > ends:
                    break
                if number % len(NAMES) == 0:
                    rng.shuffle(order)
                name = order[number % len(NAMES)]
                await replicas.cores[name].kill()
                began = time.monotonic()
                silent += await _news(readers)
                waits[name].append(time.monotonic() - began)
                await replicas.cores[name].start()
            with_redis = await _late(readers, LISTEN_S[report.figures])
            await asyncio.to_thread(replicas.redis.stop)
            without = await _late(readers, LISTEN_S[report.figures])
            silent += await _news(readers)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    heads = await _heads(replicas, accounts)
    broken = [repr(each) for each in ended if not isinstance(each, asyncio.CancelledError)]
    _tell(report, readers, [*silent, *broken], heads)
    report.least("kills", sum(map(len, waits.values())), KILLS[report.figures])
    report.tell("event to reader, p99 (ms)", percentile(with_redis, 99))
    report.tell("event to reader, Redis killed, p99 (ms)", percentile(without, 99))
    report.lines += [
        "Until all readers had news after a kill, in s: "
        + "; ".join(f"{name}: {spread(each)}" for name, each in waits.items())
        + ".",
        f"Event to reader with Redis: {spread(with_redis)} ms; killed: {spread(without)} ms.",
    ]


async def _news(readers: list[Reader]) -> list[str]:
    """Wait until every reader got another event; return those that did not."""
    before = {reader.name: reader.events for reader in readers}
    late = await until_all(lambda r: r.events > before[r.name], readers, within_s=GO_ON_S)
    return [f"{name} got no news" for name in late]


async def _late(readers: list[Reader], seconds: float) -> list[float]:
    """Return how late every event came for so long, in milliseconds."""
    for reader in readers:
        reader.late_ms.clear()
    await asyncio.sleep(seconds)
    return [late for reader in readers for late in reader.late_ms]


async def _heads(replicas: Replicas, accounts: list[str]) -> Counter[str]:
    """Return the end of each journal, verified by a serving replica."""
    found: Counter[str] = Counter()
    async with replicas.first.client() as client:
        for account in accounts:
            checked = await client.events.verify(account)
            assert not checked.problem, checked.problem
            found[account] = checked.events
    return found


def _tell(report: Report, readers: list[Reader], silent: list[str], heads: Counter[str]) -> None:
    report.none("gaps, repeats and snapshots", [w for reader in readers for w in reader.wrong])
    report.none("readers without news after a kill", silent)
    report.least("events read", sum(reader.events for reader in readers), len(readers))
    report.least("cuts that readers noticed", sum(reader.cuts for reader in readers), len(readers))
    ahead = [r.name for r in readers if r.last > max(heads.values(), default=0)]
    report.none("readers ahead of the journals", ahead)
    report.tell("events in the journals, verified", sum(heads.values()))
