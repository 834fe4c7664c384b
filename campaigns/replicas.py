"""Three engines on one PostgreSQL: killed, stopped past their lease, cut off, and overtaken.

Each trial has three accounts at three venues, and engines that compete for them. While one fault
after another strikes, prices fall a little every moment, so somebody must act on every account all
the time. In the end the venues' ledgers and the one journal of each account must agree.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from msgspec import Struct, field
from tests.support.nursery import Nursery, nursery
from tests.support.processes import add_account, until

from axisor.errors import AxisorError
from axisor_server.adapters.database import postgres_store
from campaigns.audit import Audit, Books, Effect, audit, books_of, effects_of, superseded
from campaigns.engines import Engine, Loss, leases
from campaigns.kill import FREE, GUARD, POSITIONS, until_settled
from campaigns.report import Figures, Report, percentile, spread
from campaigns.server import Server, postgres
from campaigns.venue import Swarm, Venue, venue

TITLE = "three engines on one PostgreSQL under faults"
FAULTS = {Figures.QUICK: 15, Figures.FULL: 2_000}
PER_TRIAL = {Figures.QUICK: 15, Figures.FULL: 100}
SHORT = {"AXISOR_LEASE__TTL_MS": "1000", "AXISOR_LEASE__RENEW_MS": "300"}
USUAL_EVERY = 5
"""Every so manieth trial of a full run has the usual leases, which recovery times too."""

ENGINES = 3
ACCOUNTS = 3
ENDINGS = 3
"""How often an engine is started once more for what was planned as the last one stopped."""
TAKEOVER_S = 8.0
USUAL_LEASE_S = 5.0
PATIENCE_S = 60.0
"""So long after a fault nobody has acted for an account; how soon somebody did is timed besides."""


class Tally(Struct, kw_only=True):
    """What happened in some trials."""

    faults: Counter[str] = field(default_factory=Counter)
    audit: Audit = field(default_factory=Audit)
    takeover_s: list[float] = []
    takeover_usual_s: list[float] = []
    unserved: list[str] = []
    exits: list[str] = []


class Trial:
    """Engines, accounts, venues, and one fault after another."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        quick: Nursery,
        rng: Random,
        *,
        lease: dict[str, str] = SHORT,
        engines: int = ENGINES,
    ) -> None:
        self.tally = Tally()
        self.rng = rng
        self._server = server
        self.dsn = server.schema()
        self._usual = not lease
        self.engines = [Engine(folder, n, self.dsn, quick, lease) for n in range(engines)]
        self.venues: list[Venue] = []
        self.accounts: list[str] = []
        self._losses: list[Loss] = []
        self._falling: asyncio.Task[None] | None = None
        self._swarm = Swarm(rng)
        self.before_acting: Callable[[], None] = lambda: None

    async def begin(self, venues: list[Venue]) -> None:
        """Open positions, add the accounts by the first engine, then start the others."""
        self.venues = venues
        first = self.engines[0]
        await first.core.start()
        await asyncio.to_thread(self.before_acting)
        async with first.core.client() as client:
            for at in venues:
                for number in range(POSITIONS):
                    await at.sim.open_long(quantity=2_000 + 50 * number, leverage=18)
                account = await add_account(client, at.url)
                made = await client.strategies.create_run(
                    account, "margin-guard", config=GUARD, leash=FREE
                )
                await client.strategies.start_run(account, made.run.id)
                self.accounts.append(account)
                await at.fall(Decimal("1.3"))
        for engine in self.engines[1:]:
            engine.share_key(first)
            await engine.core.start()
        self._falling = asyncio.create_task(self._fall_on())

    async def _fall_on(self) -> None:
        while True:
            for at in self.venues:
                await at.fall(Decimal("0.03"))
            await asyncio.sleep(0.25)

    # ---------------------------------------------------------------- faults

    async def strike(self, kind: str | None = None, *, stung: bool = True) -> None:
        """Let one fault strike, and wait until every account is acted for again."""
        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "kill": self._kill,
            "stand still": self._stand_still,
            "cut connections": self._cut,
            "stop the server": self._stop_server,
        }
        weights = (4, 4, 2, 1)
        name = kind or self.rng.choices(tuple(deeds), weights)[0]
        for at in self.venues if stung else ():
            await self._swarm.sting(at)
        await deeds[name]()
        self.tally.faults[name] += 1
        await asyncio.sleep(self.rng.random() * 0.5)

    async def _victim(self) -> tuple[Engine, list[Loss]]:
        """Return an engine that holds an account, and what its loss means."""
        held = await asyncio.to_thread(leases, self.dsn)
        holders = [e for e in self.engines if e.alive and e.holds(self.accounts, held)]
        engine = self.rng.choice(holders or [e for e in self.engines if e.alive])
        losses = [Loss(a, time.time(), held[a][1]) for a in engine.holds(self.accounts, held)]
        return engine, losses

    async def _kill(self) -> None:
        engine, losses = await self._victim()
        await engine.core.kill()
        await self._overtaken(losses)
        await engine.core.start()

    async def _stand_still(self) -> None:
        engine, losses = await self._victim()
        assert engine.core.process is not None
        engine.core.process.send_signal(signal.SIGSTOP)
        try:
            await self._overtaken(losses)
            await asyncio.sleep(self.rng.random())
        finally:
            engine.core.process.send_signal(signal.SIGCONT)

    async def _cut(self) -> None:
        for _ in range(self.rng.randint(2, 6)):
            await self._server.cut_everybody()
            await asyncio.sleep(self.rng.random() * 0.3)
        await self._everybody_is_served()

    async def _stop_server(self) -> None:
        await self._server.stop_at_once()
        await asyncio.sleep(self.rng.random() * 1.5)
        await self._server.start()
        await self._everybody_is_served()

    async def _overtaken(self, losses: list[Loss]) -> None:
        """Wait until another engine has acted for every account that was lost."""
        for loss in losses:
            try:
                await until(
                    lambda loss=loss: self._acted_after(loss),  # type: ignore[misc]
                    "another engine acts",
                    timeout_s=PATIENCE_S,
                    every_s=0.05,
                )
            except AssertionError as error:
                self.tally.unserved.append(f"{loss.account}: {error}")
            else:
                self._losses.append(loss)

    async def _acted_after(self, loss: Loss) -> bool:
        held = await asyncio.to_thread(leases, self.dsn)
        if held[loss.account][1] <= loss.epoch:
            return False
        at = self.venues[self.accounts.index(loss.account)]
        rows = await at.ledger()
        return any(e.target and seconds_of(e.received) > loss.at + 0.2 for e in effects_of(rows))

    async def _everybody_is_served(self) -> None:
        """Wait until each venue sees another effect: somebody acts for each account."""
        now = time.time()
        for account, at in zip(self.accounts, self.venues, strict=True):

            async def acted(at: Venue = at) -> bool:
                rows = effects_of(await at.ledger())
                return bool(rows) and seconds_of(rows[-1].received) > now

            try:
                await until(acted, "somebody acts", timeout_s=PATIENCE_S, every_s=0.1)
            except AssertionError as error:
                self.tally.unserved.append(f"{account}: {error}")

    # ---------------------------------------------------------------- the end

    async def end(self) -> None:
        """Heal everything, let every action settle, stop, and hold the books against each other."""
        await self.rest()
        for at in self.venues:
            await at.heal()
        for engine in self.engines:
            if not engine.alive:
                await engine.core.start()
        left: set[str] = set()
        for _ in range(ENDINGS):
            for account in self.accounts:
                await self._settled(account)
            await self._stop()
            before, left = left, await self._open()
            if not left or left & before:
                break
            await self.engines[0].core.start()
        await self.check()

    async def _stop(self) -> None:
        for engine in self.engines:
            code = await engine.core.stop() if engine.alive else 0
            if code != 0:
                self.tally.exits.append(f"an engine ended with {code}")

    async def _open(self) -> set[str]:
        """Return what had no end as its engine stopped, which the next engine finds out.

        An account may have acted once more while others were waited for.
        """
        store = postgres_store(self.dsn)
        await store.open()
        try:
            found = [
                await store.read(lambda reader, id=id: reader.open_intents(id))  # type: ignore[misc]
                for id in self.accounts
            ]
        finally:
            await store.close()
        return {each.id for some in found for each in some}

    async def check(self) -> None:
        """Hold the books against each other, as they are."""
        store = postgres_store(self.dsn)
        await store.open()
        try:
            for account, at in zip(self.accounts, self.venues, strict=True):
                books = await books_of(store, account)
                effects = effects_of(await at.ledger())
                found = audit(effects, books)
                found.late += superseded(effects, books)
                self.tally.audit.add(found)
                self._time_takeovers(books, effects)
        finally:
            await store.close()

    async def rest(self) -> None:
        """Let prices stand."""
        if self._falling is not None:
            self._falling.cancel()
            await asyncio.gather(self._falling, return_exceptions=True)
            self._falling = None

    async def _settled(self, account: str) -> None:
        """Wait for the engine that leads an account to have settled it."""

        async def led() -> Engine | None:
            held = await asyncio.to_thread(leases, self.dsn)
            return next((e for e in self.engines if account in e.holds(self.accounts, held)), None)

        engine = await until(led, f"an engine leads {account}", timeout_s=PATIENCE_S)
        async with engine.core.client() as client:
            await until_settled(client, account)

    def _time_takeovers(self, books: Books, effects: list[Effect]) -> None:
        """Take the time from each loss to the first effect under a later epoch."""
        epochs = {
            (r.target, r.amount, r.signed_us // 1_000): r.epoch
            for r in books.intents
            if r.signed_us is not None
        }
        for loss in self._losses:
            if loss.account != books.account:
                continue
            later = [
                seconds_of(effect.received) - loss.at
                for effect in effects
                if epochs.get(effect.key, 0) > loss.epoch
            ]
            if later:
                samples = self.tally.takeover_usual_s if self._usual else self.tally.takeover_s
                samples.append(min(later))

    async def kill_all(self) -> None:
        """Leave nothing behind."""
        await self.rest()
        for engine in self.engines:
            if engine.alive:
                with suppress(AxisorError):
                    await engine.core.kill()


def seconds_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def trial(
    folder: Path,
    server: Server,
    quick: Nursery,
    rng: Random,
    lease: dict[str, str],
    faults: int,
    ends: float,
) -> Tally:
    """Run one trial to its end."""
    folder.mkdir()
    async with AsyncExitStack() as stack:
        venues = []
        for number in range(ACCOUNTS):
            place = folder / f"venue-{number}"
            place.mkdir()
            venues.append(await stack.enter_async_context(venue(place)))
        at = Trial(folder, server, quick, rng, lease=lease)
        stack.push_async_callback(at.kill_all)
        await at.begin(venues)
        for _ in range(faults):
            if time.monotonic() > ends:
                break
            await at.strike()
        await at.end()
        return at.tally


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Let so many faults strike; a part of them with the usual leases."""
    report = Report(name="replicas", title=TITLE, figures=figures, seed=seed)
    started = time.monotonic()
    wanted, size = FAULTS[figures], PER_TRIAL[figures]
    sizes = [(SHORT, size)] * (wanted // size)
    if figures is Figures.FULL:
        sizes = [({} if n % USUAL_EVERY == 0 else lease, k) for n, (lease, k) in enumerate(sizes)]
    total = Tally()
    with tempfile.TemporaryDirectory(prefix="axisor-replicas-") as name:
        async with postgres() as server, nursery() as quick:
            for number, (lease, faults) in enumerate(sizes):
                if time.monotonic() - started > budget:
                    break
                rng = Random(f"{seed}/{number}")
                folder = Path(name) / f"trial-{number}"
                found = await trial(folder, server, quick, rng, lease, faults, started + budget)
                _add(total, found)
    report.seconds = time.monotonic() - started
    _tell(report, total, wanted)
    return report


def _add(total: Tally, other: Tally) -> None:
    total.audit.add(other.audit)
    total.faults.update(other.faults)
    for name in ("takeover_s", "takeover_usual_s", "unserved", "exits"):
        getattr(total, name).extend(getattr(other, name))


def _tell(report: Report, total: Tally, wanted: int) -> None:
    found = total.audit
    report.least("faults", sum(total.faults.values()), wanted)
    report.least("effects at the venues", found.effects, wanted)
    report.none("doubles", found.doubles)
    report.none("misclassified", found.misclassified)
    report.none("never settled", found.unsettled)
    report.none("journals broken", found.broken)
    report.none("calls of a former epoch after a later one's", found.late)
    report.none("accounts nobody acted for", total.unserved)
    report.none("engines that did not end well", total.exits)
    every = [*total.takeover_s, *total.takeover_usual_s]
    report.most("takeover, fault to first effect, p99", percentile(every, 99), TAKEOVER_S)
    report.lines += [
        f"Takeover with leases of 1 s: {spread(total.takeover_s)} s.",
        f"Takeover with the usual leases of 5 s: {spread(total.takeover_usual_s)} s.",
        "Faults: " + ", ".join(f"{n} × {name}" for name, n in sorted(total.faults.items())) + ".",
        "Outcomes: " + ", ".join(f"{n} {k}" for k, n in sorted(found.outcomes.items())) + ".",
        f"{found.events:,} events in {found.planned:,} actions.",
    ]
