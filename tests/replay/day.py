"""A day of 86,400 market seconds, played through the engine on a virtual clock and written down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from axisor.exchange.candles import PRINT_SPACING, columns_of, iterate_candles, prints
from axisor.exchange.scenarios import walk
from axisor_dip_buyer import DipBuyer
from axisor_margin_guard import MarginGuard, preset
from axisor_server.services.replay import MemorySource, chain, export
from tests.replay.again import STRATEGIES
from tests.support.core import Bench
from tests.support.histories import entries

DAY = timedelta(days=1)
SEED = 11
START = datetime(2018, 11, 19, tzinfo=UTC)
"""The worst day of the slide of November 2018; a day without candles begins then too."""

FAULTS = ("lose-response", "", "lose-request", "", "late:20", "slow")


def real_prints(file: Path) -> Iterator[Decimal]:
    """Yield the price every 15 seconds of the day, as candles have it; gaps stand still."""
    day = columns_of(c for c in iterate_candles(file) if START <= c.time < START + DAY)
    at = dict(prints(day))
    price = at[min(at)]
    for place in range(DAY // PRINT_SPACING):
        price = at.get(START + place * PRINT_SPACING, price)
        yield price


def made_prints() -> Iterator[Decimal]:
    """Yield the prices of a seeded walk that wanders as far in a day as a bad one does."""
    made = walk(SEED, start=11_200, steps=24 * 60 * 4, step=9, tick_ms=15_000)
    for quote in made.quotes(START):
        yield quote.last


async def record_day(prices: Iterator[Decimal], path: Path) -> int:
    """Play a day and write its history; returns how many entries it has."""
    bench = Bench(price=str(next(prices)), balance=40_000_000, start=START, strategies=STRATEGIES)
    await bench.add_account()
    for leverage in (10, 25, 50):
        bench.long(quantity=500, leverage=leverage)
    engine = bench.engine()
    await bench.up(engine)
    guard = msgspec.json.encode(preset("normal"))
    await bench.run(engine, MarginGuard.name, guard)
    dips = msgspec.json.encode({"margin": 100_000, "step": 3})
    await bench.run(engine, DipBuyer.name, dips, day_spend=2_000_000)
    await bench.run(engine, "mirror", msgspec.json.encode({"every": 211, "amount": 50}))
    started = bench.clock.now()
    for count, price in enumerate(prices):
        if count % 97 == 0:
            bench.venue.faults = [FAULTS[count // 97 % len(FAULTS)]]
        if count == 3_000:  # in the afternoon the core dies and comes back
            await bench.crash(engine)
            engine = bench.engine()
            await bench.up(engine)
        await bench.move(str(price), PRINT_SPACING.total_seconds() - 0.01)
    assert bench.clock.now() - started >= DAY - timedelta(minutes=1)
    await engine.stop(1)
    source = MemorySource(await entries(bench))
    chain(source)
    return export(source, path, about="a day")


def candles() -> Path | None:
    """Return the file of real minutes where it is here: in a folder named AXISOR_CANDLES, say."""
    root = Path(__file__).resolve().parents[2]
    named = Path(os.environ.get("AXISOR_CANDLES", root / "candles"))
    shared = (parent / "shared" / "data" for parent in root.parents)
    files = (folder / "btcusd-1m-2018-11.csv.gz" for folder in (named, *shared))
    return next((file for file in files if file.is_file()), None)
