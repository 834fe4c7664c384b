"""Engines stopped with a request in hand until another has their accounts, and then resumed.

Stopped before its last look at the lease, an engine must not send. Stopped after it, nothing of its
own can keep the request here, and the venue must refuse it: a signature is dead by the time its
lease is over. The venue tells which requests came, the journal under which epoch each was made.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct, field
from tests.support.nursery import Nursery, nursery
from tests.support.processes import until

from axisor_server.adapters.database import postgres_store
from campaigns.audit import Audit, Books, books_of
from campaigns.engines import Loss, leases
from campaigns.replicas import ACCOUNTS, Trial, seconds_of
from campaigns.report import Figures, Report
from campaigns.server import Server, postgres
from campaigns.standstill import PLACE
from campaigns.venue import venue

TITLE = "engines stopped with a request in hand, past their lease"
STOPS = {Figures.QUICK: 2, Figures.FULL: 20}
"""How often an engine is stopped, at each of both moments."""

PER_TRIAL = 5
UNBOUNDED = {
    "AXISOR_DOUBT__ATTEMPTS_PER_EPISODE": "100",
    "AXISOR_DOUBT__ATTEMPTS_PER_POSITION": "1000",
}
"""Each stop is an attempt without effect, and one position may be hit by all of them."""

PATIENCE_S = 60.0

MOMENTS = ("before", "after")
CHANGES = "campaigns.standstill"


class Late(Struct, kw_only=True):
    """Requests that came under an epoch when a later one had begun, and what came of them."""

    stops: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    came: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in MOMENTS})
    applied: list[str] = []

    def add(self, other: Late) -> None:
        """Take the figures of another trial in."""
        for moment in MOMENTS:
            self.stops[moment] += other.stops[moment]
            self.came[moment] += other.came[moment]
        self.applied += other.applied


class Ended(Struct, frozen=True):
    """An epoch that was over when an engine was resumed, and where that had been stopped."""

    account: str
    epoch: int
    at: float
    moment: str


class Stopping(Trial):
    """A trial in which engines stop themselves."""

    def __init__(self, folder: Path, server: Server, quick: Nursery, rng: Random) -> None:
        super().__init__(folder, server, quick, rng, lease={})
        self._place = folder / "stop"
        self.late = Late()
        self.ended: list[Ended] = []
        for engine in self.engines:
            engine.core.variables |= {PLACE: str(self._place), **UNBOUNDED}

    def _file(self, name: str) -> Path:
        return self._place.with_name(f"stop.{name}")

    async def stop_one(self, moment: str) -> None:
        """Have the next engine that sends stop, and resume it once another has its accounts."""
        self._file(moment).touch()

        async def stopped() -> str:
            found = self._file("stopped")
            return found.read_text(encoding="ascii") if found.exists() else ""

        pid = int(await until(stopped, "an engine stops itself", timeout_s=PATIENCE_S))
        self._file("stopped").unlink()
        engine = next(e for e in self.engines if e.pid == pid)
        held = await asyncio.to_thread(leases, self.dsn)
        own = [Loss(a, time.time(), held[a][1]) for a in engine.holds(self.accounts, held)]
        await until(lambda: self._taken(own), "another engine has them", timeout_s=PATIENCE_S)
        await asyncio.sleep(self.rng.random())
        now = time.time()
        self.ended += [Ended(loss.account, loss.epoch, now, moment) for loss in own]
        assert engine.core.process is not None
        engine.core.process.send_signal(signal.SIGCONT)
        self.late.stops[moment] += 1
        await asyncio.sleep(1.0)

    async def _taken(self, own: list[Loss]) -> bool:
        held = await asyncio.to_thread(leases, self.dsn)
        return all(held[loss.account][1] > loss.epoch for loss in own)

    async def check(self) -> None:
        """Hold the books against each other, and count what came too late."""
        await super().check()
        store = postgres_store(self.dsn)
        await store.open()
        try:
            for account, at in zip(self.accounts, self.venues, strict=True):
                books = await books_of(store, account)
                self._count(books, await at.arrivals(), await at.ledger())
        finally:
            await store.close()

    def _count(
        self, books: Books, arrivals: list[dict[str, Any]], ledger: list[dict[str, Any]]
    ) -> None:
        made = {r.signed_us // 1_000: r for r in books.intents if r.signed_us is not None}
        done = {row["stamp"]: seconds_of(row["received"]) for row in ledger}
        for arrival in arrivals:
            record, came = made.get(arrival["stamp"]), seconds_of(arrival["time"])
            if record is None:
                continue
            over = [
                end
                for end in self.ended
                if end.account == books.account and record.epoch <= end.epoch and end.at < came
            ]
            if over:
                told = f"{record.id} of epoch {record.epoch}, {came - over[0].at:.3f} s late"
                self.late.came[over[0].moment].append(told)
                if done.get(arrival["stamp"], 0.0) > over[0].at:
                    self.late.applied.append(told)


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Stop engines at both moments, by turns, in several trials."""
    report = Report(name="late", title=TITLE, figures=figures, seed=seed)
    ends = time.monotonic() + budget
    stops, found = STOPS[figures], Late()
    total = Audit()
    with tempfile.TemporaryDirectory(prefix="axisor-late-") as name:
        async with postgres() as server, nursery(CHANGES) as quick:
            for number in range(-(-stops // PER_TRIAL)):
                if time.monotonic() > ends:
                    break
                folder, rng = Path(name) / f"trial-{number}", Random(f"{seed}/{number}")
                at = await trial(folder, server, quick, rng, min(stops, PER_TRIAL), ends)
                found.add(at.late)
                total.add(at.tally.audit)
    _tell(report, found, total, stops)
    return report


async def trial(
    folder: Path, server: Server, quick: Nursery, rng: Random, stops: int, ends: float
) -> Stopping:
    """Stop engines so many times at each moment, then hold the books against each other."""
    folder.mkdir()
    async with AsyncExitStack() as stack:
        venues = []
        for number in range(ACCOUNTS):
            place = folder / f"venue-{number}"
            place.mkdir()
            venues.append(await stack.enter_async_context(venue(place)))
        at = Stopping(folder, server, quick, rng)
        stack.push_async_callback(at.kill_all)
        await at.begin(venues)
        for moment in MOMENTS * stops:
            if time.monotonic() > ends:
                break
            await at.stop_one(moment)
        await at.end()
        return at


def _tell(report: Report, late: Late, found: Audit, wanted: int) -> None:
    report.least(
        "stops before the last look, resumed after the lease", late.stops["before"], wanted
    )
    report.least("stops after the last look, resumed after the lease", late.stops["after"], wanted)
    report.none("calls under a former epoch, of engines stopped before", late.came["before"])
    report.tell("calls under a former epoch, of engines stopped after", len(late.came["after"]))
    report.none("calls under a former epoch that the venue carried out", late.applied)
    report.none("doubles", found.doubles)
    report.none("misclassified", found.misclassified)
    report.none("never settled", found.unsettled)
    report.none("effects of a former epoch after a later one's", found.late)
