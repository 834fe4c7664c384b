"""Builds candles of every range the venue offers out of the prints of the simulated market."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from axisor.model import Candle
from axisor_lnmarkets.sim.prices import Print

RANGES: dict[str, int | str] = {
    "1m": 1,
    "3m": 3,
    "5m": 5,
    "10m": 10,
    "15m": 15,
    "30m": 30,
    "45m": 45,
    "1h": 60,
    "2h": 120,
    "3h": 180,
    "4h": 240,
    "1d": 1440,
    "1w": 10_080,
    "1month": "1",
    "3months": "3",
}
"""Range → minutes; the two calendar ranges have their months as a text."""

_KEPT = 600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


def start_of(range_: str, time: datetime) -> datetime:
    """Return when the candle of a range that holds `time` starts; weeks start on Monday, UTC."""
    length = RANGES[range_]
    if isinstance(length, str):
        months = int(length)
        month = (time.month - 1) // months * months + 1
        return datetime(time.year, month, 1, tzinfo=UTC)
    origin = _FIRST_MONDAY if range_ == "1w" else _EPOCH
    return origin + (time - origin) // timedelta(minutes=length) * timedelta(minutes=length)


class CandleTape:
    """The minutes seen so far, oldest first; a minute without a print has no candle."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=_KEPT)

    def add(self, new: Print) -> None:
        """Count a print into its minute. Prints come in order of time."""
        time = start_of("1m", new.time)
        if self._minutes and self._minutes[-1].time == time:
            self._minutes[-1] = _with(self._minutes[-1], new)
        else:
            self._minutes.append(
                Candle(time, new.price, new.price, new.price, new.price, new.volume)
            )

    def all(self, range_: str) -> Iterator[Candle]:
        """Yield the candles of a range, oldest first; the last one may be unfinished."""
        if range_ == "1m":
            yield from self._minutes
            return
        yield from _joined(range_, self._minutes)

    def latest(self, range_: str) -> Candle:
        """Return the candle of a range that is being built. There must have been a print."""
        begin = start_of(range_, self._minutes[-1].time)
        recent: list[Candle] = []
        for minute in reversed(self._minutes):
            if minute.time < begin:
                break
            recent.append(minute)
        return next(_joined(range_, reversed(recent)))

    def price_at(self, time: datetime) -> Decimal | None:
        """Return the close of the last minute that ended by then, or None where none did."""
        for minute in reversed(self._minutes):
            if minute.time + timedelta(minutes=1) <= time:
                return minute.close
        return None


def _with(candle: Candle, new: Print) -> Candle:
    return Candle(
        candle.time,
        candle.open,
        max(candle.high, new.price),
        min(candle.low, new.price),
        new.price,
        candle.volume + new.volume,
    )


def _joined(range_: str, minutes: Iterable[Candle]) -> Iterator[Candle]:
    whole: Candle | None = None
    for minute in minutes:
        begin = start_of(range_, minute.time)
        if whole is not None and whole.time == begin:
            whole = Candle(
                begin,
                whole.open,
                max(whole.high, minute.high),
                min(whole.low, minute.low),
                minute.close,
                whole.volume + minute.volume,
            )
            continue
        if whole is not None:
            yield whole
        whole = Candle(begin, minute.open, minute.high, minute.low, minute.close, minute.volume)
    if whole is not None:
        yield whole
