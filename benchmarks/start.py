"""How soon a core serves, what it weighs at rest, and how long two commands of people take.

The core has a thousand positions under guard at ten venues in this process, and a million events in
its journals, which were written while it was away. So it runs once until it has nothing left to do
with them: folds, checkpoints, what is told. Then it is started from nothing each time, as an
operator starts it; the time ends with the line that says where it serves.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Part, Plan, Row, median, spread
from benchmarks.wire import sizes
from campaigns.crowd import Market, markets
from campaigns.kill import FREE
from tests.support.processes import Core, Done, add_account, axisor, until

from axisor.client import Client
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.adapters.database import sqlite_store
from axisor_server.domain.journal import Head, extend, from_us, head_of
from axisor_server.ports import Store, Transaction

EVENTS, QUICK_EVENTS = 1_000_000, 2_000
AT_ONCE = 2_000
A_READ = 5_000
REST_S, QUICK_REST_S = 3.0, 0.5
IDLE = 0.1
"""So much of a processor a core uses at most in a second when it has caught up."""

SETTLED_S, QUICK_SETTLED_S = 15, 1
"""For so many seconds on end; folds are looked after every ten."""

MOST_S = 600.0
BODY = "margin added, because the price crossed the trigger of the guard " * 2
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Starts are those of an installed program, whose modules have been compiled before."""


class Started(Core):
    """A core whose start is timed."""

    took_s = 0.0

    async def start(self, *, failpoint: str = "") -> None:
        """Start it, and note how long it took until it said where it serves."""
        began = time.perf_counter()
        await super().start(failpoint=failpoint)
        self.took_s = time.perf_counter() - began

    async def settle(self, seconds: int) -> None:
        """Wait until it has had next to nothing to do for so long."""
        quiet, before = 0, self._computed_s()
        async with asyncio.timeout(MOST_S):
            while quiet < seconds:
                await asyncio.sleep(1)
                now = self._computed_s()
                quiet = quiet + 1 if now - before <= IDLE else 0
                before = now

    def _computed_s(self) -> float:
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_mib(self) -> float:
        """Return the memory it has now."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


async def guard(client: Client, crowd: list[Market]) -> list[str]:
    """Add each market's account and guard it; return the accounts."""
    found = []
    for market in crowd:
        account = await add_account(client, market.url)
        made = await client.strategies.create_run(account, "margin-guard", leash=FREE)
        await client.strategies.start_run(account, made.run.id)
        found.append(account)
    await until(lambda: _guarded(client, len(crowd)), "every account is guarded")
    return found


async def _guarded(client: Client, number: int) -> bool:
    accounts = (await client.system.status()).accounts
    return len(accounts) == number and all(each.running_count for each in accounts)


async def fill(store: Store, accounts: list[str], events: int) -> float:
    """Add so many events to the journals, an equal share each; return events a second."""
    began = time.perf_counter()
    payload = NoticeGiven(severity=Severity.ACT, code="bench", text=BODY)
    for account in accounts:
        stream, left = f"accounts/{account}", events // len(accounts)
        while left:
            count = min(left, AT_ONCE)
            await store.write(lambda tx, s=stream, n=count: _append(tx, s, payload, n))  # type: ignore[misc]
            left -= count
    return events / (time.perf_counter() - began)


def _append(transaction: Transaction, stream: str, payload: NoticeGiven, count: int) -> Head:
    head = transaction.head(stream)
    now = from_us(1_767_600_000_000_000)
    new = extend(head, stream=stream, mode=Mode.SIM, time=now, payloads=[payload] * count)
    transaction.append(head, new, epoch=None)
    return head_of(new, head)


async def read_back(store: Store, accounts: list[str]) -> tuple[int, float]:
    """Read the journals from end to end; return how many events, and how many a second."""
    began, count = time.perf_counter(), 0
    for account in accounts:
        stream, after = f"accounts/{account}", 0
        while entries := await store.read(
            lambda view, s=stream, a=after: view.entries(s, after=a, limit=A_READ)  # type: ignore[misc]
        ):
            count += len(entries)
            after = entries[-1].sequence
    return count, count / (time.perf_counter() - began)


async def _timed(*words: str) -> tuple[float, Done]:
    began = time.perf_counter()
    done = await axisor(*words)
    assert done.code == 0, done.err
    return (time.perf_counter() - began) * 1_000, done


async def measure(plan: Plan) -> tuple[Row, Row]:
    """Return the row of starts and that of reading back."""
    events = QUICK_EVENTS if plan.quick else EVENTS
    with tempfile.TemporaryDirectory(prefix="axisor-start-") as name:
        async with markets(*sizes(plan)) as crowd:
            core = Started(Path(name), variables=COMPILED)
            try:
                await core.start()
                async with core.client() as client:
                    accounts = await guard(client, crowd)
                await core.stop()
                read = await _journals(core.data, accounts, events, plan)
                await core.start()
                await core.settle(QUICK_SETTLED_S if plan.quick else SETTLED_S)
                await core.stop()
                return await _starts(core, plan), read
            finally:
                await core.stop()


async def _journals(data: Path, accounts: list[str], events: int, plan: Plan) -> Row:
    store = sqlite_store(data)
    await store.open()
    try:
        filled = await fill(store, accounts, events)
        found = [await read_back(store, accounts) for _ in range(plan.rounds)]
    finally:
        await store.close()
    speeds = [speed for _, speed in found[plan.warm :]]
    return {
        "events": found[0][0],
        "written, events/s": round(filled),
        "read back, events/s": round(median(speeds)),
        "spread": spread(speeds, 0),
    }


async def _starts(core: Started, plan: Plan) -> Row:
    serving: list[float] = []
    resident: list[float] = []
    status: list[float] = []
    version: list[float] = []
    for _ in range(plan.rounds):
        await core.start()
        serving.append(core.took_s)
        await asyncio.sleep(QUICK_REST_S if plan.quick else REST_S)
        resident.append(core.resident_mib)
        status.append((await _timed("--data-dir", str(core.data), "status"))[0])
        version.append((await _timed("version"))[0])
        await core.stop()
    warm = plan.warm
    return {
        "serving s": median(serving[warm:]),
        "spread": spread(serving[warm:], 2),
        "resident at rest MiB": median(resident[warm:]),
        "axisor status ms": median(status[warm:]),
        "axisor version ms": median(version[warm:]),
    }


def run(plan: Plan) -> list[Part]:
    """Measure starts, and reading back."""
    os.environ.update(COMPILED)
    accounts, positions = sizes(plan)
    starts, read = asyncio.run(measure(plan))
    note = "One start each after a warm-up; commands are whole processes."
    return [
        Part(
            name="start",
            title="Start to serving, accounts under guard",
            rows=({"positions": accounts * positions, "events": read["events"], **starts},),
            notes=(plan.said, note),
        ),
        Part(
            name="read-back",
            title="Journals read from end to end, SQLite",
            rows=(read,),
            notes=(plan.said, f"{A_READ:,} events a reading, rows of {len(BODY)} characters."),
        ),
    ]
