"""One account's way along a path: exchange and strategy at every print that can matter to either.

Order at one print: liquidation (touching counts) and fills, then funding, then the strategy; what
it asks for takes effect at once, or at the first print after the latency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from axisor.backtest.path import Path, high_bound, low_bound, to_ms
from axisor.backtest.pilot import Pilot
from axisor.exchange import FUNDING_EVERY, Account, Happening, Quote, Settlement, next_funding
from axisor.model import Tick


class Costs(Struct, frozen=True, kw_only=True):
    """What trading costs: a fee tier (None for no fees) and the funding rate of eight hours."""

    fee_tier: int | None = 0
    funding_rate: Decimal = Decimal("0.0001")
    latency: timedelta = timedelta(0)


class Watcher(Protocol):
    """Who looks on. Between two calls of `seen` nothing of the account changes."""

    @property
    def over(self) -> bool:
        """Return whether nothing more needs to be seen."""
        ...

    def passed(self, start: int, end: int) -> None:
        """Learn that the prints from `start` to before `end` were skipped."""
        ...

    def reached(self, index: int) -> None:
        """Learn that a print has come, before it does anything."""
        ...

    def met(self, index: int, happened: Sequence[Happening]) -> None:
        """Learn what a print, a funding or the strategy brought about."""
        ...

    def seen(self, index: int, *, acted: bool) -> None:
        """Learn that the exchange (`acted`: the strategy too) is done with a print."""
        ...


class Walk:
    """Walks an account from a print to the end of the path, or until its watcher has enough."""

    def __init__(
        self,
        path: Path,
        account: Account,
        costs: Costs,
        watcher: Watcher,
        pilot: Pilot | None,
        start: int,
    ) -> None:
        self._path, self._account, self._costs = path, account, costs
        self._watcher, self._pilot, self._start = watcher, pilot, start
        self._fund_next(next_funding(path.time(start)))

    def run(self) -> None:
        """Walk."""
        path, index = self._path, self._start
        self._visit(index, opening=True, between=False)
        while not self._watcher.over:
            low, high = self._bounds()
            found = path.next(index + 1, low=low, high=high, stop=self._next_stop(index + 1))
            self._watcher.passed(index + 1, found)
            if found >= len(path):
                return
            index = found
            self._watcher.reached(index)
            between = low < path.halves[index] < high
            self._visit(index, opening=False, between=between)

    def _bounds(self) -> tuple[int, int]:
        low, high = self._account.bounds()
        if self._pilot is not None:
            below, above = self._pilot.bounds()
            low = low if below is None else max(low, below)
            high = high if above is None else min(high, above)
        return low_bound(low), high_bound(high)

    def _next_stop(self, start: int) -> int:
        """Return the next print that must be visited for the sake of time."""
        pilot, stop = self._pilot, self._funding_stop
        if pilot is not None:
            if pilot.every_print:
                return min(start, len(self._path))
            times = pilot.times()
            if times:
                stop = min(stop, self._path.at_or_after(to_ms(min(times))))
        return max(start, stop)

    def _visit(self, index: int, *, opening: bool, between: bool) -> None:
        """Let exchange and strategy see a print; `between`: its price reaches no bound.

        A strategy that rests is not shown a print that was stopped at for funding alone.
        """
        now, watcher = self._path.time(index), self._watcher
        quote = Quote.at(self._path.price(index), now)
        if not opening:
            if self._pilot is not None and not between:
                self._pilot.rouse(self._tick(quote))
            self._fund(quote, index, missed=True)
            if not watcher.over:
                self._tell(index, self._account.on_quote(quote))
            self._fund(quote, index, missed=False)
        if watcher.over:
            return
        watcher.seen(index, acted=False)
        if self._pilot is not None and not (between and self._pilot.rests):
            self._pilot.at_print(self._tick(quote), opening=opening)
            watcher.met(index, self._pilot.take_happened())
        watcher.seen(index, acted=True)

    def _fund(self, quote: Quote, index: int, *, missed: bool) -> None:
        """Settle what fell due before a print (`missed`: none was at that time), or at it.

        What missed a print is fixed at the one before it.
        """
        now = quote.time
        while not self._watcher.over:
            due = self._funding_due
            if due > now or (missed and due == now):
                return
            self._fund_next(due + FUNDING_EVERY)
            if self._costs.funding_rate:
                fixed = quote if due == now else Quote.at(self._path.price(index - 1), due)
                self._settle(fixed, index)

    def _fund_next(self, due: datetime) -> None:
        self._funding_due, self._funding_stop = due, self._path.at_or_after(to_ms(due))

    def _settle(self, quote: Quote, index: int) -> None:
        due, rate = quote.time, self._costs.funding_rate
        settlement = Settlement(f"f{to_ms(due)}", due, rate, quote.last)
        self._tell(index, self._account.on_funding(settlement, quote))

    def _tell(self, index: int, happened: Sequence[Happening]) -> None:
        self._watcher.met(index, happened)
        if self._pilot is not None:
            self._pilot.hear(happened)

    def _tick(self, quote: Quote) -> Tick:
        return Tick(
            time=quote.time,
            received=quote.time,
            last=quote.last,
            bid=quote.bid,
            ask=quote.ask,
            index=quote.last,
            funding_rate=self._costs.funding_rate,
            funding_time=self._funding_due,
            source="candles",
        )
