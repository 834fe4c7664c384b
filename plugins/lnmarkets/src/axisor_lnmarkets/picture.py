"""Puts together one picture of the market from what the stream's topics and REST bring, by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from axisor.model import Bucket, Price, Tick
from axisor_lnmarkets.convert import buckets_of, smallest_ask, smallest_bid
from axisor_lnmarkets.models.general import Ticker
from axisor_lnmarkets.models.stream import (
    BUCKETS,
    FUNDING,
    INDEX,
    LAST_PRICE,
    TICKER,
    BucketsPush,
    FundingNow,
    FundingPush,
    IndexPush,
    LastPricePush,
    TickerPush,
)
from axisor_lnmarkets.stream import Push
from axisor_lnmarkets.wire import shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


class Picture:
    """The newest of each figure; what is older, or known already, changes nothing."""

    def __init__(self) -> None:
        self._stamps: dict[str, datetime] = {}
        self._last: Price | None = None
        self._index: Price | None = None
        self._buckets: tuple[Bucket, ...] | None = None
        self._rate: Decimal | None = None
        self._funding_time: datetime | None = None

    def apply(self, push: Push) -> bool:
        """Take in a push and return whether it brought news. Raises VenueAnswerInvalid."""
        if push.topic == TICKER:
            return self._apply_ticker(shape(TickerPush, push.data, what=push.topic))
        if push.topic == LAST_PRICE:
            last = shape(LastPricePush, push.data, what=push.topic)
            return self._set_last(_time(last.time), last.last_price.exact)
        if push.topic == INDEX:
            index = shape(IndexPush, push.data, what=push.topic)
            return self._set_index(_time(index.time), index.index.exact)
        if push.topic == BUCKETS:
            found = shape(BucketsPush, push.data, what=push.topic)
            return self._set_buckets(_time(found.time), buckets_of(found.buckets))
        if push.topic == FUNDING:
            self._set_funding(shape(FundingPush, push.data, what=push.topic).current)
        return False

    def apply_rest(self, ticker: Ticker) -> bool:
        """Take in a REST ticker and return whether it brought news. Raises VenueAnswerInvalid."""
        self._rate = ticker.funding_rate.exact
        self._funding_time = ticker.funding_time
        news = self._set_last(ticker.time, ticker.last_price.exact)
        news |= self._set_index(ticker.time, ticker.index.exact)
        news |= self._set_buckets(ticker.time, buckets_of(ticker.prices))
        return news

    def tick(self, *, received: datetime, source: str) -> Tick | None:
        """Return the picture as a tick, or None until both last and executable prices are known."""
        if self._last is None or self._buckets is None:
            return None
        return Tick(
            time=max(self._stamps.values()),
            received=received,
            last=self._last,
            bid=smallest_bid(self._buckets),
            ask=smallest_ask(self._buckets),
            index=self._index,
            funding_rate=self._rate,
            funding_time=self._funding_time,
            source=source,
            buckets=self._buckets,
        )

    def buckets_behind(self) -> timedelta:
        """Return how much older the executable prices are than the newest figure."""
        if "buckets" not in self._stamps:
            return timedelta(0)
        return max(self._stamps.values()) - self._stamps["buckets"]

    def _apply_ticker(self, push: TickerPush) -> bool:
        time = _time(push.time)
        news = False
        if push.last_price is not None:
            news |= self._set_last(time, push.last_price.exact)
        if push.index is not None:
            news |= self._set_index(time, push.index.exact)
        if push.funding is not None:
            self._set_funding(push.funding)
        return news

    def _set_last(self, time: datetime, last: Price) -> bool:
        if not self._is_news("last", time, same=last == self._last):
            return False
        self._last = last
        return True

    def _set_index(self, time: datetime, index: Price) -> bool:
        if not self._is_news("index", time, same=index == self._index):
            return False
        self._index = index
        return True

    def _set_buckets(self, time: datetime, buckets: tuple[Bucket, ...]) -> bool:
        if not self._is_news("buckets", time, same=buckets == self._buckets):
            return False
        self._buckets = buckets
        return True

    def _set_funding(self, funding: FundingNow) -> None:
        if funding.rate is not None:
            self._rate = funding.rate.exact
        if funding.time is not None:
            self._funding_time = _time(funding.time)

    def _is_news(self, figure: str, time: datetime, *, same: bool) -> bool:
        """Return whether a figure of this time replaces the one known, and remember its time."""
        known = self._stamps.get(figure)
        if known is not None and (time < known or (time == known and same)):
            return False
        self._stamps[figure] = time
        return True
