"""One look at the simulated market: the last price and what can be executed, by size."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.model import Bucket, Price, Side, Tick


class Quote(Struct, frozen=True):
    """The market at a moment of market time (aware, UTC).

    `bid` and `ask` are those of the smallest size; `buckets`, smallest first, may be empty, and
    then they hold for every size. A price that is None cannot be executed.
    """

    time: datetime
    last: Price
    bid: Price | None
    ask: Price | None
    buckets: tuple[Bucket, ...] = ()
    index: Price | None = None

    @classmethod
    def at(cls, price: Price, time: datetime) -> Quote:
        """Return a quote without spread."""
        return cls(time, price, price, price)

    def bid_for(self, quantity: int) -> Price | None:
        """Return the bid for a size in dollars; beyond the last bucket it is the last bucket's."""
        bucket = self._bucket(quantity)
        return self.bid if bucket is None else bucket.bid

    def ask_for(self, quantity: int) -> Price | None:
        """Return the ask for a size in dollars; beyond the last bucket it is the last bucket's."""
        bucket = self._bucket(quantity)
        return self.ask if bucket is None else bucket.ask

    def _bucket(self, quantity: int) -> Bucket | None:
        if not self.buckets:
            return None
        return next((b for b in self.buckets if quantity <= b.max_size), self.buckets[-1])

    def opening(self, side: Side, quantity: int) -> Price | None:
        """Return what a market order of this side gets: the ask for a buy, the bid for a sell."""
        return self.ask_for(quantity) if side is Side.BUY else self.bid_for(quantity)

    def closing(self, side: Side, quantity: int) -> Price:
        """Return the price a position of this side is closed at; `last` where none is shown."""
        price = self.opening(side.opposite, quantity)
        return self.last if price is None else price

    @property
    def low(self) -> Price:
        """Return the lowest price of the quote, the least any long could be judged by."""
        prices = [self.last, self.bid, *(b.bid for b in self.buckets)]
        return min(p for p in prices if p is not None)

    @property
    def high(self) -> Price:
        """Return the highest price of the quote, the most any short could be judged by."""
        prices = [self.last, self.ask, *(b.ask for b in self.buckets)]
        return max(p for p in prices if p is not None)

    def tick(self, received: datetime, source: str = "stream") -> Tick:
        """Return the quote as the core's tick."""
        return Tick(
            time=self.time,
            received=received,
            last=self.last,
            bid=self.bid,
            ask=self.ask,
            index=self.index,
            source=source,
            buckets=self.buckets,
        )
