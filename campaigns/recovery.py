"""How soon a core guards again, and that nothing answered is ever lost.

A core that was killed, an engine whose leader died, a venue that was away: each is timed to the
first right action, at the venue's own rate limits. And a core is killed the moment it has answered.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from tests.support.nursery import nursery
from tests.support.processes import Core, add_account, until

from axisor.intents import AddMargin
from axisor_server.adapters.database import sqlite_store
from campaigns.audit import audit, books_of, effects_of
from campaigns.kill import FREE, until_guarding
from campaigns.nursery import QuickCore
from campaigns.replicas import Trial
from campaigns.report import Figures, Report, percentile, spread
from campaigns.server import postgres
from campaigns.venue import PACE, UNBOUND, Venue, venue

TITLE = "restart, failover, a venue that comes back, and no answer lost"
RESTARTS = {Figures.QUICK: 3, Figures.FULL: 30}
FAILOVERS = {Figures.QUICK: 2, Figures.FULL: 20}
OUTAGES_S = {Figures.QUICK: (15.0,), Figures.FULL: (30.0, 60.0, 60.0, 600.0)}
ANSWERS = {Figures.QUICK: 5, Figures.FULL: 50}

RESTART_S, FAILOVER_S, BACK_S = 5.0, 8.0, 2.0
GUARD = '{"trigger": "4", "target": "4.5", "cooldown_s": 0, "funding_ahead_min": 0}'
LIMITED = ("--rate-limit", "on")
BACK_DATED = {**UNBOUND, "AXISOR_VENUE__BACK_DATE_MS": "25000"}
PATIENCE_S = 60.0
POSITIONS = 3


async def guarded(core: Core, at: Venue) -> str:
    """Start a core and let it guard a few positions; return the account."""
    for number in range(POSITIONS):
        await at.sim.open_long(quantity=2_000 + 50 * number, leverage=18)
    await core.start()
    async with core.client() as client:
        account = await add_account(client, at.url)
        made = await client.strategies.create_run(account, "margin-guard", config=GUARD, leash=FREE)
        await client.strategies.start_run(account, made.run.id)
        await until_guarding(client)
    return account


async def next_effect(at: Venue, before: int) -> float:
    """Wait for another effect and return when it came, by the wall clock."""

    async def came() -> str | None:
        effects = effects_of(await at.ledger())
        return effects[before].received if len(effects) > before else None

    received = await until(came, "the venue sees a rescue", timeout_s=PATIENCE_S, every_s=0.02)
    return datetime.fromisoformat(received).timestamp()


async def restarts(folder: Path, count: int) -> list[float]:
    """Kill a core and start it from nothing; return the seconds until it guards, each time."""
    found = []
    core = Core(folder, variables=BACK_DATED)
    async with venue(folder, *LIMITED) as at:
        try:
            await guarded(core, at)
            for _ in range(count):
                await core.kill()
                started = time.monotonic()
                await core.start()
                async with core.client() as client:
                    await until_guarding(client)
                found.append(time.monotonic() - started)
        finally:
            await core.stop()
    return found


async def outages(folder: Path, lengths: tuple[float, ...]) -> list[float]:
    """Let the venue stand still, and a position be in danger when it is back; time the rescue."""
    found = []
    core = Core(folder, variables=BACK_DATED)
    async with venue(folder, *LIMITED) as at:
        try:
            await guarded(core, at)
            await at.fall(Decimal("0.9"))
            for seconds in lengths:
                await asyncio.sleep(3)
                before = len(effects_of(await at.ledger()))
                at.sim.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(seconds)
                back = time.time()
                at.sim.process.send_signal(signal.SIGCONT)
                await at.fall(Decimal("0.8"))
                found.append(await next_effect(at, before) - back)
        finally:
            await core.stop()
    return found


async def failovers(folder: Path, count: int, seed: int) -> list[float]:
    """Kill the engine that leads, with the usual leases; time the other's first action."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres())
        quick = await stack.enter_async_context(nursery())
        at_venue = await stack.enter_async_context(venue(folder))
        at = Trial(folder, server, quick, Random(seed), lease={}, engines=2)
        stack.push_async_callback(at.kill_all)
        await at.begin([at_venue])
        for _ in range(count):
            await at.strike("kill", stung=False)
        await at.end()
        return at.tally.takeover_usual_s


async def answers(folder: Path, count: int) -> list[str]:
    """Kill a core as soon as it has answered; return what its journal does not hold."""
    lost: list[str] = []
    async with venue(folder) as at, nursery() as quick:
        core = QuickCore(folder, variables=PACE)
        core.nursery = quick
        position = await at.sim.open_long(leverage=18)
        await core.start()
        async with core.client() as client:
            account = await add_account(client, at.url)
        try:
            for number in range(count):
                request_id = str(uuid.UUID(int=number + 1, version=4))
                async with core.client() as client:
                    told = await client.margin.add_margin(
                        account, position, 1_000 + number, request_id=request_id
                    )
                    await core.kill()
                await core.start()
                async with core.client() as client:
                    again = await client.margin.add_margin(
                        account, position, 1_000 + number, request_id=request_id
                    )
                if (told.state, told.settlement) != (again.state, again.settlement):
                    lost.append(f"request {number} was {told.state}, then {again.state}")
        finally:
            await core.stop()
        store = sqlite_store(core.data)
        await store.open()
        try:
            books = await books_of(store, account)
        finally:
            await store.close()
        found = audit(effects_of(await at.ledger()), books)
    wanted = [record for record in books.intents if record.kind == AddMargin.__name__]
    if len(wanted) != count or found.confirmed != count:
        lost.append(f"{count} were answered, {found.confirmed} are confirmed")
    return [*lost, *found.doubles, *found.misclassified, *found.broken]


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Time each kind of recovery in turn; the budget is met by the counts."""
    report = Report(name="recovery", title=TITLE, figures=figures, seed=seed)
    with tempfile.TemporaryDirectory(prefix="axisor-recovery-") as name:
        places = {each: Path(name) / each for each in ("restart", "outage", "failover", "answer")}
        for place in places.values():
            place.mkdir()
        async with asyncio.timeout(budget):
            restarted = await restarts(places["restart"], RESTARTS[figures])
            back = await outages(places["outage"], OUTAGES_S[figures])
            over = await failovers(places["failover"], FAILOVERS[figures], seed)
            lost = await answers(places["answer"], ANSWERS[figures])
    report.most("killed to guarding, slowest", max(restarted, default=None), RESTART_S)
    report.most("leader killed to another's action, p99", percentile(over, 99), FAILOVER_S)
    report.most("venue back to first rescue, slowest", max(back, default=None), BACK_S)
    report.none("answers lost", lost)
    report.tell("cores killed as they answered", ANSWERS[figures])
    report.lines += [
        f"Restart: {spread(restarted)} s.",
        f"Failover: {spread(over)} s.",
        f"Venue back: {spread(back)} s, after {', '.join(f'{s:g}' for s in OUTAGES_S[figures])} s.",
    ]
    return report
