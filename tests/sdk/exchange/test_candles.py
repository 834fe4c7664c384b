"""Candle files: what is read, what is refused with file and row, and the prints they become."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.errors import CandlesInvalid
from axisor.exchange.candles import columns_of, iterate_candles, prints, read_candles
from axisor.model import Candle

HEAD = "time,open,high,low,close,volume"
ROW = "2018-11-10T00:00:00Z,6418.6,6420.3,6417.5,6417.6,2.2"


def written(folder: Path, *lines: str, zipped: bool = True) -> Path:
    text = "".join(line + "\n" for line in lines).encode()
    path = folder / ("c.csv.gz" if zipped else "c.csv")
    path.write_bytes(gzip.compress(text) if zipped else text)
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_is_read_zipped_or_plain(tmp_path: Path, zipped: bool):
    path = written(tmp_path, HEAD, ROW, "2018-11-10T00:05:00Z,1,2,1,2,0", zipped=zipped)

    columns = read_candles(path)
    first = next(iterate_candles(path))

    assert len(columns) == 2
    assert columns.time[1] - columns.time[0] == 300
    assert (columns.open[0], columns.high[0], columns.low[0]) == (12_837, 12_841, 12_835)
    assert first.time == datetime(2018, 11, 10, tzinfo=UTC)
    assert first.close == D("6417.6")


def test_columns_may_come_in_any_order_and_others_are_ignored(tmp_path: Path):
    path = written(tmp_path, "x,close,low,high,open,volume,time", "?,2,1,3,2,0,2018-11-10T00:00:00")

    (candle,) = iterate_candles(path)

    assert (candle.open, candle.high, candle.low, candle.close) == (D(2), D(3), D(1), D(2))
    assert candle.time == datetime(2018, 11, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "row", "what"),
    [
        ([], 1, "the header lacks time"),
        (["time,open,high,low,close", ROW], 1, "the header lacks volume"),
        ([HEAD], 1, "there is no candle"),
        ([HEAD, "2018-11-10T00:00:00Z,1,2"], 2, "a column is missing"),
        ([HEAD, "yesterday,1,2,1,2,0"], 2, "a value cannot be read"),
        ([HEAD, "2018-11-10T00:00:00Z,one,2,1,2,0"], 2, "a value cannot be read"),
        ([HEAD, "2018-11-10T00:00:00Z,nan,2,1,2,0"], 2, "a value is not a number"),
        ([HEAD, "2018-11-10T00:00:00Z,1,inf,1,2,0"], 2, "a value is not a number"),
        ([HEAD, "2018-11-10T00:00:00Z,0,2,0,2,0"], 2, "a price is out of range"),
        ([HEAD, "2018-11-10T00:00:00Z,1,200000000,1,2,0"], 2, "a price is out of range"),
        ([HEAD, "2018-11-10T00:00:00Z,2,1,3,2,0"], 2, "high is below low"),
        ([HEAD, "2018-11-10T00:00:00Z,4,3,1,2,0"], 2, "open is outside"),
        ([HEAD, "2018-11-10T00:00:00Z,2,3,1,4,0"], 2, "close is outside"),
        ([HEAD, "2018-11-10T00:00:00Z,2,3,1,2,-1"], 2, "volume is negative"),
        ([HEAD, ROW, ROW], 3, "comes twice"),
        ([HEAD, ROW, "2018-11-09T00:00:00Z,2,3,1,2,0"], 3, "comes out of order"),
    ],
)
def test_a_bad_row_is_refused_by_name(tmp_path: Path, lines: list[str], row: int, what: str):
    path = written(tmp_path, *lines)

    with pytest.raises(CandlesInvalid, match=what) as refused:
        read_candles(path)

    assert refused.value.metadata == {"file": str(path), "row": str(row)}
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("content", [b"\x1f\x8b broken", b"\x1f\x8b", b"\xff\xfe\x00"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "c.csv.gz"
    path.write_bytes(content)

    with pytest.raises(CandlesInvalid):
        read_candles(path)


def test_a_cut_file_is_refused(tmp_path: Path):
    whole = written(tmp_path, HEAD, ROW).read_bytes()
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[:-12])

    with pytest.raises(CandlesInvalid):
        read_candles(path)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(CandlesInvalid, match="cannot be read"):
        read_candles(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("opened", "high", "low", "close", "walk"),
    [
        ("100", "103", "99", "101", ["100", "99", "103", "101"]),
        ("100", "101", "97", "98", ["100", "101", "97", "98"]),
        ("100", "102", "98", "100", ["100", "98", "102", "100"]),
        ("100.2", "100.3", "99.9", "100.25", ["100", "100", "100.5", "100.5"]),
    ],
)
def test_a_candle_walks_to_the_nearer_end_first(opened, high, low, close, walk):
    time = datetime(2018, 11, 10, tzinfo=UTC)
    candle = Candle(time, D(opened), D(high), D(low), D(close))

    found = list(prints(columns_of([candle])))

    assert [price for _, price in found] == [D(price) for price in walk]
    assert [int((at - time).total_seconds()) for at, _ in found] == [0, 15, 30, 45]


@given(st.lists(st.integers(2, 10**6), min_size=4, max_size=4))
def test_prints_hold_exactly_the_prices_of_the_candle(halves: list[int]):
    low, *middle, high = sorted(halves)
    opened, close = middle
    time = datetime(2018, 11, 10, tzinfo=UTC)
    candle = Candle(time, D(opened) / 2, D(high) / 2, D(low) / 2, D(close) / 2)

    found = prints(columns_of([candle]))

    assert sorted(found.price) == sorted(halves)
    assert (found.price[0], found.price[3]) == (opened, close)
    assert len(found) == 4
