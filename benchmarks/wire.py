"""A core from a venue's print to the request that answers it, and what guarding costs the machine.

The venues are in this process, the core is one as an operator starts it. A print takes one position
below its trigger; the core's own journal says when it had decided and when that was durable, and
the venue when the request came. All three by the clock of this machine. At last every position
falls below its trigger at once.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Cell, Part, Plan, percentile
from campaigns.crowd import A_ACCOUNT, ACCOUNTS, Market, markets
from campaigns.latency import Stage, all_guarded, install
from campaigns.load import Load
from msgspec import Struct
from tests.support.processes import Core, until

from axisor.client import Client
from axisor.events import IntentPlanned, IntentSent

SAMPLES, QUICK_SAMPLES = 100, 10
QUICK_ACCOUNTS, QUICK_POSITIONS = 2, 10
REST_S, QUICK_REST_S = 30.0, 2.0
CRASH_S, QUICK_CRASH_S = 60.0, 5.0
KINDS = ("IntentPlanned", "IntentSent")


class Sample(Struct, frozen=True):
    """One rescue: when it was printed, by the wall clock, and milliseconds until it arrived."""

    market: int
    printed: float
    wire_ms: float


class Bench:
    """A core that guards the crowd, and what is measured on it."""

    def __init__(self, core: Core, client: Client, crowd: list[Market], plan: Plan) -> None:
        self._core = core
        self._client = client
        self._crowd = crowd
        self._plan = plan
        self._turn = 0
        self.accounts, self.positions = sizes(plan)
        self.stage = Stage(core, client, crowd)

    async def rescues(self, way: str) -> dict[str, Cell]:
        """Return a row of so many rescues."""
        count = QUICK_SAMPLES if self._plan.quick else SAMPLES * self._plan.runs
        samples = []
        for _ in range(count):
            market = self._turn % len(self._crowd)
            self._turn += 1
            printed = time.time()
            took = await self._crowd[market].rescue()
            samples.append(Sample(market, printed, took * 1_000))
            await asyncio.sleep(0.08)
        decided, durable = await self._journaled(samples)
        wire = [sample.wire_ms for sample in samples]
        return {
            "way": way,
            "rescues": len(samples),
            **_shown("to decided", decided),
            **_shown("to durable", durable),
            **_shown("to the wire", wire),
            "found in the journal": len(decided) == len(durable) == len(samples),
        }

    async def _journaled(self, samples: list[Sample]) -> tuple[list[float], list[float]]:
        """Return milliseconds from each print until its plan was made, and until it was signed.

        A request is signed in the transaction after that which made its plan durable.
        """
        decided, durable = [], []
        for number, account in enumerate(self.stage.accounts):
            mine = [sample for sample in samples if sample.market == number]
            if not mine:
                continue
            events = await self._events(account, mine[0].printed)
            for sample in mine:
                found = _first(events, sample.printed)
                if found is not None:
                    decided.append((found[0] - sample.printed) * 1_000)
                    durable.append((found[1] - sample.printed) * 1_000)
        return decided, durable

    async def _events(self, account: str, since: float) -> list[tuple[float, float]]:
        planned: dict[str, float] = {}
        pairs: list[tuple[float, float]] = []
        token = ""
        while True:
            page = await self._client.events.list(
                account, kinds=KINDS, newest_first=True, page_size=500, page_token=token
            )
            for event in page.items:
                at = _seconds(event.time)
                match event.payload:
                    case IntentSent() as sent:
                        planned[sent.intent] = at
                    case IntentPlanned() as plan if plan.intent in planned:
                        pairs.append((at, planned[plan.intent]))
            token = page.next_page_token
            if not token or _seconds(page.items[-1].time) < since:
                return pairs[::-1]

    async def rest(self) -> dict[str, Cell]:
        """Return a row of what the core uses while nothing happens but reading."""
        assert self._core.process is not None
        pid = self._core.process.pid
        seconds = QUICK_REST_S if self._plan.quick else REST_S
        before = sum(market.requests for market in self._crowd)
        began = Load.now(pid)
        await asyncio.sleep(seconds)
        used = Load.now(pid)
        took = used.at - began.at
        share = (used.theirs - began.theirs) / took
        asked = sum(market.requests for market in self._crowd) - before
        status = Path(f"/proc/{pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return {
            "accounts": self.accounts,
            "positions": self.accounts * self.positions,
            "seconds": round(took),
            "CPU of one core, %": 100 * share,
            "CPU ms an account a second": 1_000 * share / self.accounts,
            "requests an account a minute": 60 * asked / took / self.accounts,
            "resident MiB": int(line.split()[1]) / 1024,
        }

    async def crash(self) -> dict[str, Cell]:
        """Return a row of one fall through every trigger of every account."""
        seconds = QUICK_CRASH_S if self._plan.quick else CRASH_S
        times = await asyncio.gather(*(market.crash(seconds) for market in self._crowd))
        first = min(times, key=lambda each: each[0])
        arrived = sorted(at for each in times for at in each)
        return {
            "positions": self.accounts * self.positions,
            "first request ms": 1_000 * first[0],
            "every account's first ms": 1_000 * max(each[0] for each in times),
            "requests": len(arrived),
            "last request s": arrived[-1],
        }


def sizes(plan: Plan) -> tuple[int, int]:
    """Return how many accounts there are, and how many positions each has."""
    return (QUICK_ACCOUNTS, QUICK_POSITIONS) if plan.quick else (ACCOUNTS, A_ACCOUNT)


def _first(events: list[tuple[float, float]], printed: float) -> tuple[float, float] | None:
    return next((pair for pair in events if pair[0] >= printed), None)


def _seconds(time_: datetime) -> float:
    return time_.timestamp()


def _shown(name: str, samples: list[float]) -> dict[str, Cell]:
    if not samples:
        return {f"{name}, p50 ms": None, f"{name}, p99 ms": None}
    return {
        f"{name}, p50 ms": percentile(samples, 50),
        f"{name}, p99 ms": percentile(samples, 99),
    }


async def measure(plan: Plan) -> list[Part]:
    """Measure at rest, idle, burdened, and a crash, on one core."""
    with tempfile.TemporaryDirectory(prefix="axisor-wire-") as name:
        core = Core(Path(name), variables=install(Path(name)))
        async with markets(*sizes(plan)) as crowd:
            try:
                await core.start()
                async with core.client() as client:
                    bench = Bench(core, client, crowd, plan)
                    await bench.stage.begin()
                    await until(
                        lambda: all_guarded(client, *sizes(plan)), "every account is guarded"
                    )
                    await bench.stage.sample(2 * bench.accounts)
                    cost = await bench.rest()
                    rows = [await bench.rescues("idle")]
                    if not plan.quick:
                        async with bench.stage.burdened():
                            rows.append(await bench.rescues("burdened"))
                    crash = await bench.crash()
            finally:
                await core.stop()
    said = "One core, started once." if not plan.quick else plan.said
    return [
        Part(
            name="wire",
            title="From a print to the request that answers it",
            rows=tuple(rows),
            notes=(
                said,
                "Burdened: 200 subscribers that read nothing, a plugin that computes 20 ms at each"
                " tick, one that asks for 50 orders at each tick.",
            ),
        ),
        Part(
            name="cost",
            title="What guarding costs while nothing happens",
            rows=(cost,),
            notes=(said, "Each account is read as often as usual."),
        ),
        Part(
            name="wire-crash",
            title="A fall through every trigger at once, at the venue's own rate limits",
            rows=(crash,),
            notes=(said, f"Requests that came within {CRASH_S:g} s of the print."),
        ),
    ]


def run(plan: Plan) -> list[Part]:
    """Measure."""
    return asyncio.run(measure(plan))
