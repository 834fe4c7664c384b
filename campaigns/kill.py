"""Cores killed by SIGKILL at any instant, with a rescue always on its way, on SQLite.

Each trial is a venue in a process of its own, a dozen positions a little above their trigger, and a
core that lives for a fraction of a second at a time. Between lives the price falls a little, so the
guard has to act at once whenever it lives. When a trial ends the venue answers well again, and
then its ledger, the core's journal and what a client was told must agree.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from random import Random

from msgspec import Struct, field
from tests.support.nursery import Nursery, nursery
from tests.support.processes import add_account, until

from axisor.client import Client
from axisor.errors import AxisorError
from axisor.model import Leash
from axisor.v1.types_pb2 import FEED_QUALITY_FRESH
from axisor.wire.records import SeenEvent
from axisor_server.adapters.database import sqlite_store
from axisor_server.engine.failpoints import NAMES
from campaigns.audit import Audit, audit, books_of, effects_of, kept, superseded
from campaigns.nursery import QuickCore
from campaigns.report import Figures, Report, percentile, spread
from campaigns.venue import PACE, Swarm, Venue, venue

TITLE = "SIGKILL of real cores on SQLite, a rescue always on its way"
KILLS = {Figures.QUICK: 100, Figures.FULL: 5_000}
PER_TRIAL = {Figures.QUICK: 50, Figures.FULL: 100}
LANES = 2
WHOLE_EVERY = {Figures.QUICK: 12, Figures.FULL: 10}
"""Every so manieth start is `axisor up` from nothing; the others are forked after the import."""

POSITIONS = 12
GUARD = '{"trigger": "4", "target": "4.1", "cooldown_s": 0, "funding_ahead_min": 0}'
FREE = Leash(intents_per_minute=None)
FENCE_S = 60.0
LONGEST_LIFE_S = 0.5
REBOOT_S = 3.0


class Tally(Struct, kw_only=True):
    """What happened in some trials."""

    kills: int = 0
    whole: int = 0
    caught: int = 0
    """Kills at which an action was planned, sent or unknown."""
    by: Counter[str] = field(default_factory=Counter)
    audit: Audit = field(default_factory=Audit)
    damaged: list[str] = []
    serving_s: list[float] = []
    guarding_s: list[float] = []
    guarding_whole_s: list[float] = []
    faults: Counter[str] = field(default_factory=Counter)


class Trial:
    """One venue, one data directory, and a core that is killed in it again and again."""

    def __init__(self, folder: Path, at: Venue, rng: Random, quick: Nursery, whole_every: int):
        self.core = QuickCore(folder, variables=PACE)
        self.core.nursery = quick
        self.tally = Tally()
        self._venue = at
        self._rng = rng
        self._swarm = Swarm(rng)
        self._quick = quick
        self._whole_every = whole_every
        self._account = ""
        self._seen: dict[int, bytes] = {}

    async def begin(self) -> None:
        """Open the positions, start the core and let a guard watch over them."""
        for number in range(POSITIONS):
            await self._venue.sim.open_long(quantity=2_000 + 50 * number, leverage=18)
        await self.core.start()
        async with self.core.client() as client:
            self._account = await add_account(client, self._venue.url)
            made = await client.strategies.create_run(
                self._account, "margin-guard", config=GUARD, leash=FREE
            )
            await client.strategies.start_run(self._account, made.run.id)
        await self.core.kill()
        # From here on each small fall takes every position below its trigger again.
        await self._venue.fall(Decimal("1.3"))
        for kind in self._swarm.kinds():
            self.tally.faults[kind] += 1

    async def life(self) -> None:
        """Let the core live once, to be killed at some instant of it."""
        rng, tally = self._rng, self.tally
        whole = rng.randrange(self._whole_every) == 0
        self.core.nursery = None if whole else self._quick
        early = rng.random() < 0.5
        await self._swarm.sting(self._venue)
        if early:
            await self._fall()
        if rng.random() < 0.35:
            await self._until_failpoint(rng.choice(NAMES), early)
        elif rng.random() < 0.2:
            await self._during_start()
        else:
            await self._at_any_instant(early, whole)
        tally.kills += 1
        tally.whole += whole
        tally.caught += self._anything_open()

    async def _fall(self) -> None:
        await self._venue.fall(Decimal(self._rng.randint(6, 14)) / 100)

    async def _at_any_instant(self, early: bool, whole: bool) -> None:
        started = time.monotonic()
        await self.core.start()
        self.tally.serving_s.append(time.monotonic() - started)
        async with self._listening(started, whole):
            if not early:
                await asyncio.sleep(self._rng.random() * LONGEST_LIFE_S / 2)
                await self._fall()
            await asyncio.sleep(self._rng.random() * LONGEST_LIFE_S)
            await self.core.kill()
        self.tally.by["any instant"] += 1

    async def _during_start(self) -> None:
        before = self.core.process
        starting = asyncio.create_task(self.core.start())
        await asyncio.wait({starting}, timeout=self._rng.random() * 0.3)
        # Only what there is can be killed: a start that is cancelled earlier would live on.
        while self.core.process is before and not starting.done():
            await asyncio.sleep(0.001)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        await self.core.kill()
        self.tally.by["while it starts"] += 1

    async def _until_failpoint(self, name: str, early: bool) -> None:
        """Let the core kill itself at a point of its next action; or kill it, if there is none."""
        try:
            await self.core.start(failpoint=f"{name}:kill")
        except AssertionError:
            assert self.core.process is not None
            if await self.core.process.wait() != -signal.SIGKILL:
                raise
        else:
            if not early:
                await self._fall()
            assert self.core.process is not None
            try:
                async with asyncio.timeout(2 * LONGEST_LIFE_S):
                    await self.core.process.wait()
            except TimeoutError:
                name = "any instant"
                await self.core.kill()
        self.tally.by[name] += 1

    @asynccontextmanager
    async def _listening(self, started: float, whole: bool) -> AsyncIterator[None]:
        """Watch the journal as a client does; in some lives wait first until it guards again."""
        async with self.core.client() as client:
            if self._rng.random() < 0.4:
                await until_guarding(client)
                samples = self.tally.guarding_whole_s if whole else self.tally.guarding_s
                samples.append(time.monotonic() - started)
            listening = asyncio.create_task(self._listen(client))
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, client: Client) -> None:
        after = max(self._seen, default=0)
        async for item in client.events.watch(self._account, after=after):
            if isinstance(item, SeenEvent):
                self._seen[item.sequence] = item.hash

    def _anything_open(self) -> bool:
        uri = f"{(self.core.data / 'axisor.db').as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=5)
        try:
            text = "SELECT count(*) FROM intents WHERE state IN ('planned', 'sent', 'unknown')"
            return bool(connection.execute(text).fetchone()[0])
        finally:
            connection.close()

    async def end(self) -> None:
        """Heal the venue, let everything settle, and hold the books against each other."""
        await self._venue.heal()
        self.core.nursery = self._quick
        await self.core.start()
        async with self.core.client() as client:
            await until_settled(client, self._account)
        await self.core.stop()
        self.tally.damaged += damage(self.core.data / "axisor.db")
        store = sqlite_store(self.core.data)
        await store.open()
        try:
            books = await books_of(store, self._account)
        finally:
            await store.close()
        effects = effects_of(await self._venue.ledger())
        found = audit(effects, books)
        found.lost += kept(books.entries, self._seen)
        found.late += superseded(effects, books)
        self.tally.audit.add(found)


async def until_guarding(client: Client) -> None:
    """Wait until the account was read, its price is fresh and its run is at work."""

    async def guarding() -> bool:
        try:
            (account,) = (await client.system.status()).accounts
        except AxisorError:
            return False
        fresh = account.feed_quality == FEED_QUALITY_FRESH
        return bool(fresh and account.running_count and account.HasField("reconcile_age"))

    await until(guarding, "it guards again", every_s=0.01)


async def until_settled(client: Client, account: str) -> None:
    """Wait until the account was read anew and no action is without its end."""

    async def settled() -> bool:
        found = {each.account: each for each in (await client.system.status()).accounts}
        status = found[f"accounts/{account}"]
        return bool(status.running_count) and status.open_intent_count == 0

    await until(settled, "every action has found its end", timeout_s=FENCE_S)

    async def read() -> bool:
        try:
            await client.accounts.reconcile(account)
        except AxisorError:
            return False  # the account has just gone to another engine, or is being taken over
        return True

    await until(read, "the account is read anew", timeout_s=FENCE_S)
    await until(settled, "every action has found its end", timeout_s=FENCE_S)


def damage(path: Path) -> list[str]:
    """Return what SQLite's own check finds wrong with a database."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("PRAGMA integrity_check").fetchall()
    finally:
        connection.close()
    return [text for (text,) in rows if text != "ok"]


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Kill so many cores, in a few trials side by side."""
    report = Report(name="kill", title=TITLE, figures=figures, seed=seed)
    started = time.monotonic()
    ends = started + budget
    wanted, size = KILLS[figures], PER_TRIAL[figures]
    trials = iter(range(-(-wanted // size)))
    total = Tally()

    async def lane(folder: Path, quick: Nursery) -> None:
        for number in trials:
            if time.monotonic() > ends:
                return
            place = folder / f"trial-{number}"
            place.mkdir()
            rng = Random(f"{seed}/{number}")
            async with venue(place) as at:
                trial = Trial(place, at, rng, quick, WHOLE_EVERY[figures])
                try:
                    await trial.begin()
                    for _ in range(min(size, wanted - number * size)):
                        if time.monotonic() > ends:
                            break
                        await trial.life()
                    await trial.end()
                finally:
                    if trial.core.process is not None and trial.core.process.returncode is None:
                        await trial.core.kill()
            _add(total, trial.tally)

    with tempfile.TemporaryDirectory(prefix="axisor-kill-") as name:
        async with nursery() as quick, asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane(Path(name), quick))
    report.seconds = time.monotonic() - started
    _tell(report, total, wanted)
    return report


def _add(total: Tally, other: Tally) -> None:
    total.audit.add(other.audit)
    for name in ("by", "faults"):
        getattr(total, name).update(getattr(other, name))
    for name in ("kills", "whole", "caught"):
        setattr(total, name, getattr(total, name) + getattr(other, name))
    for name in ("damaged", "serving_s", "guarding_s", "guarding_whole_s"):
        getattr(total, name).extend(getattr(other, name))


def _tell(report: Report, total: Tally, wanted: int) -> None:
    found = total.audit
    report.least("kills", total.kills, wanted)
    report.tell("of cores started from nothing", total.whole)
    report.tell("kills with an action open", total.caught)
    report.least("effects at the venue", found.effects, wanted // 2)
    report.none("doubles", found.doubles)
    report.none("misclassified", found.misclassified)
    report.none("confirmed and lost", found.lost)
    report.none("never settled", found.unsettled)
    report.none("journals broken", found.broken)
    report.none("databases damaged", total.damaged)
    report.none("calls of a former epoch after a later one's", found.late)
    every = [*total.guarding_s, *total.guarding_whole_s]
    report.most("reboot to guarding, p99", percentile(every, 99), REBOOT_S)
    report.lines += [
        f"Reboot to guarding, forked: {spread(total.guarding_s)} s.",
        f"Reboot to guarding, `axisor up` from nothing: {spread(total.guarding_whole_s)} s.",
        f"Reboot to serving: {spread(total.serving_s)} s.",
        "Killed: " + ", ".join(f"{n} × {name}" for name, n in sorted(total.by.items())) + ".",
        "Faults in trials: " + ", ".join(f"{k} {n}" for k, n in sorted(total.faults.items())) + ".",
        "Outcomes: " + ", ".join(f"{n} {k}" for k, n in sorted(found.outcomes.items())) + ".",
        f"{found.events:,} events in {found.planned:,} actions.",
    ]
