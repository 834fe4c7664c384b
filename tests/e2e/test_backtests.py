"""The guard over real crashes, by its command, and recomputed by a plain loop that shares no code.

The candle files are large and lie beside the repository; where they are not, these tests skip.
`AXISOR_CANDLES` names their folder.
"""

from __future__ import annotations

import csv
import functools
import gzip
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.support.processes import Done, axisor

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    Path(os.environ.get("AXISOR_CANDLES", ROOT / "candles")),
    *(parent / "shared" / "data" for parent in ROOT.parents),
]
SATS = 100_000_000
QUANTITY = 1_000
BUDGET = 30_000_000
EIGHT_HOURS = 8 * 3_600
FIELDS = {
    *("id", "side", "leverage", "guarded", "opened_at", "liquidated_at"),
    *("actions", "added_sats", "min_distance_pct", "gap"),
}

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("backtests")]


def candles(name: str) -> Path:
    """Return a file of candles, or skip saying that it is not here."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    pytest.skip(f"the candles {name} are not here: put them into a folder, name it AXISOR_CANDLES")


async def backtest(file: Path, every: str, *more: str, leverages: str = "5,10,25,50") -> Done:
    """Run a back-test of twins and return what the command wrote."""
    grid = f"sides=long,short leverages={leverages} every={every} quantity={QUANTITY}"
    words = ("--candles", str(file), "--grid", grid, "--budget", str(BUDGET), "--reserve", "0")
    done = await axisor("backtest", *words, *more, "-o", "json", timeout_s=250)
    assert done.code == 0, done.err
    return done


@pytest.mark.parametrize("name", ["btcusd-1m-2018-11.csv.gz", "btcusd-1m-2019-06.csv.gz"])
async def test_no_guarded_position_dies_but_by_a_gap_or_at_the_cap(name: str) -> None:
    file = candles(name)

    report = (await backtest(file, "6h")).json

    rows, summary = report["positions"], report["summary"]
    kept = [row for row in rows if row["guarded"]]
    bare = [row for row in rows if not row["guarded"]]
    dead = [row for row in kept if row["liquidated_at"]]
    assert all(row.keys() >= FIELDS for row in rows)
    assert [row["id"] for row in dead if not (row["gap"] or row["capped"])] == []
    assert summary["guarded"]["count"] == len(kept) == len(bare) == summary["unguarded"]["count"]
    assert summary["guarded"]["liquidated"] == len(dead)
    assert summary["guarded"]["gaps"] == sum(row["gap"] for row in kept)
    assert summary["unguarded"]["liquidated"] == sum(bool(row["liquidated_at"]) for row in bare)
    assert summary["unguarded"]["liquidated"] > len(kept) // 5, "the crash kills who is unguarded"
    assert summary["spent_sats"] == sum(row["added_sats"] for row in kept)
    assert summary["net_sats"] == sum(r["equity_sats"] for r in kept) - sum(
        r["equity_sats"] for r in bare
    )
    saved = [
        alone["margin_sats"]
        for guarded, alone in zip(kept, bare, strict=True)
        if alone["liquidated_at"] and not guarded["liquidated_at"]
    ]
    assert summary["saved_sats"] == sum(saved)
    assert summary["candles"] == sum(1 for _ in _rows(file))
    for row in bare[::23]:
        assert _told(row) == _recompute(file, row, funding=Fraction(1, 10_000), guarded=False)


async def test_a_back_test_says_the_same_twice_and_agrees_with_a_plain_loop() -> None:
    file = candles("btcusd-1m-2019-06.csv.gz")
    words = ("4d", "--funding-rate", "0", "--fee-tier", "off")

    first, second = [(await backtest(file, *words, leverages="10,50")).json for _ in range(2)]

    assert first["positions"] == second["positions"]
    assert {**first["summary"], "seconds": 0} == {**second["summary"], "seconds": 0}
    assert any(row["actions"] for row in first["positions"])
    for row in first["positions"]:
        assert _told(row) == _recompute(file, row, funding=Fraction(0), guarded=row["guarded"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = ("liquidated_at", "min_distance_pct", "actions", "added_sats")
    return {name: row[name] for name in names}


# ---------------------------------------------------------------- the plain loop


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt") as text:
        yield from csv.DictReader(text)


@functools.cache
def _prints(file: Path) -> list[tuple[int, int]]:
    """Return (seconds since 1970, price in half dollars) of four prints a candle."""
    found = []
    for row in _rows(file):
        start = int(datetime.fromisoformat(row["time"]).timestamp())
        opened, high, low, close = (
            int(Fraction(row[name]) * 2 + Fraction(1, 2))
            for name in ("open", "high", "low", "close")
        )
        middle = (low, high) if opened - low <= high - opened else (high, low)
        found += [(start + 15 * n, p) for n, p in enumerate((opened, *middle, close))]
    return found


def _liquidation(sign: int, entry: Fraction, margin: int) -> int:
    """Return the liquidation price in half dollars: the nearest, a quarter up."""
    inverse = 1 / entry + sign * Fraction(margin, SATS * QUANTITY)
    return 2 * SATS if inverse <= 0 else int(2 / inverse + Fraction(1, 2))


def _recompute(
    file: Path, row: dict[str, Any], *, funding: Fraction, guarded: bool
) -> dict[str, Any]:
    """Walk every print from where a position was opened, as the venue's rules have it."""
    opened = int(datetime.fromisoformat(row["opened_at"]).timestamp())
    walk = [each for each in _prints(file) if each[0] >= opened]
    sign = 1 if row["side"] == "long" else -1
    entry = Fraction(walk[0][1], 2)
    margin = -int(-(QUANTITY * SATS) // (entry * int(row["leverage"])))
    limit = _liquidation(sign, entry, margin)
    due = opened - opened % EIGHT_HOURS + EIGHT_HOURS
    least, before, actions, added = Fraction(1), walk[0][1], 0, 0
    died: int | None = None

    def pay(price: int) -> None:
        nonlocal margin, limit, due
        fee = sign * int(Fraction(2 * QUANTITY * SATS, price) * funding + Fraction(1, 2))
        margin -= max(0, fee)
        limit = _liquidation(sign, entry, margin)
        due += EIGHT_HOURS

    for index, (time, price) in enumerate(walk):
        while due < time:
            pay(before)
        least = min(least, Fraction(sign * (price - limit), price))
        if index and sign * (price - limit) <= 0:
            died = time
            break
        if due == time:
            pay(price)
            least = min(least, Fraction(sign * (price - limit), price))
        if guarded and Fraction(sign * (price - limit), price) < Fraction(2, 100):
            more = _missing(sign, entry, margin, price)
            margin, actions, added = margin + more, actions + 1, added + more
            limit = _liquidation(sign, entry, margin)
        before = price
    floored = least * 1_000_000 // 1
    return {
        "liquidated_at": None if died is None else _iso(died),
        "min_distance_pct": f"{'-' if floored < 0 else ''}{abs(floored) // 10_000}"
        f".{abs(floored) % 10_000:04}",
        "actions": actions,
        "added_sats": added,
    }


def _missing(sign: int, entry: Fraction, margin: int, price: int) -> int:
    """Return the fewest sats that bring liquidation 5 % away, found by halving."""
    wanted = price * (1 - sign * Fraction(5, 100))
    low, high = 0, BUDGET
    while low < high:
        middle = (low + high) // 2
        if sign * (_liquidation(sign, entry, margin + middle) - wanted) <= 0:
            high = middle
        else:
            low = middle + 1
    return low


def _iso(seconds: int) -> str:
    moment = datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")
