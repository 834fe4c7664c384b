"""Back-test candles a second: the guard called when its wake says so, beside a call on each print.

Ten positions, each on an account of its own, opened at the first print: full accounting of fees,
funding and liquidation. Files are decoded before the clock starts. Both ways must write the same
requests into the same ledgers.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path as FilePath

import msgspec
from benchmarks import rivals
from benchmarks.measure import Cell, Part, Plan, median, spread
from msgspec import Struct

from axisor.backtest import Path, Session, Setup, Slot
from axisor.exchange import seeded_ids
from axisor.exchange.candles import prints, read_candles
from axisor.intents import Intent
from axisor.model import Side, Tick
from axisor.strategy import View
from axisor_margin_guard import GuardConfig, MarginGuard

DATA = FilePath("shared/data")
MONTH = "btcusd-1m-2019-06.csv.gz"
YEAR = "btcusd-1m-2019-full.csv.gz"
LEVERAGES = (5, 8, 12, 18, 25)
QUANTITY = 1_000
PAIR_CANDLES = 400
"""How many candles both ways are given; a call on each print of the whole file takes minutes."""

QUICK_CANDLES = 120

PAIR_FROM = 6_300
"""Where those begin: the stretch of the file in which the price moves most."""


class EveryPrint(MarginGuard):
    """The same guard, asked at each print."""

    def on_tick(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Judge every position, as on a wake."""
        return self.on_wake(tick, view)


class Tested(Struct, frozen=True):
    """One back-test: seconds it took and those of the processor, actions carried out, positions
    alive, the hash of ledgers.
    """

    seconds: float
    busy: float
    actions: int
    alive: int
    digest: str


def find(name: str) -> FilePath | None:
    """Return a candle file of the data folder, in the working directory or above it."""
    here = FilePath.cwd()
    places = [folder / DATA / name for folder in (here, *here.parents)]
    return next((place for place in places if place.exists()), None)


def slots() -> list[Slot]:
    """Return the ten positions: a long and a short of each leverage, at the first print."""
    return [
        Slot(f"{side.value}-{leverage}x", side, Decimal(leverage), 0)
        for side in Side
        for leverage in LEVERAGES
    ]


def back_test(path: Path, strategy: type[MarginGuard]) -> Tested:
    """Walk every position over a path."""
    config = GuardConfig()
    setup = Setup(quantity=QUANTITY, strategy=strategy, config=config, trigger=Decimal("0.02"))
    digest = hashlib.sha256()
    actions = alive = 0
    gc.collect()
    started, worked = time.perf_counter(), time.process_time()
    sessions = []
    for number, slot in enumerate(slots()):
        session = Session(path, slot, setup, seeded_ids(number), guarded=True)
        sessions.append((session, session.run()))
    seconds, busy = time.perf_counter() - started, time.process_time() - worked
    for session, ended in sessions:
        digest.update(msgspec.json.encode((session.ledger, ended), order="deterministic"))
        actions += ended.actions
        alive += ended.liquidated_at is None
    return Tested(seconds, busy, actions, alive, digest.hexdigest())


def load(file: FilePath, first: int = 0, count: int | None = None) -> Path:
    """Return the prints of a candle file, or of `count` of its candles from `first`."""
    path = Path.of(prints(read_candles(file)))
    last = None if count is None else 4 * (first + count)
    return Path(path.times[4 * first : last].tolist(), path.halves[4 * first : last].tolist())


def whole(path: Path, name: str, plan: Plan) -> tuple[dict[str, Cell], rivals.Pace]:
    """Return the row of a whole file, by wakes, and the pace."""
    tests = [back_test(path, MarginGuard) for _ in range(plan.rounds)][plan.warm :]
    candles = len(path) // 4
    rates = [candles / test.seconds for test in tests]
    pace = rivals.Pace(median(rates), median([candles / test.busy for test in tests]))
    row: dict[str, Cell] = {
        "file": name,
        "candles": candles,
        "candles/s": round(pace.clock),
        "spread": spread(rates, 0),
        "by processor time": round(pace.busy),
        "actions": tests[0].actions,
        "alive of 10": tests[0].alive,
        "actions hash": tests[0].digest[:16],
    }
    return row, pace


def pair(file: FilePath, plan: Plan) -> dict[str, Cell]:
    """Return the row of both ways over a stretch of a file, in turn."""
    candles = QUICK_CANDLES if plan.quick else PAIR_CANDLES
    path = load(file, PAIR_FROM, candles)
    tests = [
        (back_test(path, MarginGuard), back_test(path, EveryPrint)) for _ in range(plan.rounds)
    ]
    kept = tests[plan.warm :]
    ratios = [naive.seconds / ours.seconds for ours, naive in kept]
    return {
        "file": file.name,
        "first candle": PAIR_FROM,
        "candles": candles,
        "by wakes, candles/s": round(median([candles / ours.seconds for ours, _ in kept])),
        "each print, candles/s": round(median([candles / naive.seconds for _, naive in kept])),
        "ratio": median(ratios),
        "spread": spread(ratios),
        "actions": kept[0][0].actions,
        "equal actions": len({test.digest for both in tests for test in both}) == 1,
        "actions hash": kept[0][0].digest[:16],
    }


def run(plan: Plan) -> list[Part]:
    """Measure the month, both ways on a stretch of it, and where asked the whole year."""
    title = "Back-test: the guard over one-minute candles, ten positions"
    month, year = find(MONTH), find(YEAR)
    if month is None:
        why = f"there is no {DATA / MONTH} here or above."
        return [Part(name="backtest", title=title, skipped=why)]
    file = year if plan.full and year is not None else month
    path = load(month)
    row, pace = whole(path, month.name, plan)
    rows = [row]
    notes = [plan.said, "Four prints a candle; decoding is not counted."]
    if file is not month:
        path = load(file)
        row, pace = whole(path, file.name, plan)
        rows.append(row)
    elif plan.full:
        notes.append(f"The year is skipped: there is no {DATA / YEAR} here or above.")
    both = Part(
        name="backtest-pair",
        title="Back-test: called by wakes beside called at each print",
        rows=(pair(month, plan),),
        notes=(plan.said,),
    )
    parts = [Part(name="backtest", title=title, rows=tuple(rows), notes=tuple(notes)), both]
    if plan.peers:
        parts.append(rivals.run(path, file.name, pace, plan))
    return parts
