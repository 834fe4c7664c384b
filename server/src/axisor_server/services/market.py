"""The market of an account's venue: the latest tick, ticks as they come, candles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from axisor.errors import FieldInvalid, NotSupported, VenueNotFound
from axisor.model import Candle, FeedQuality, Tick
from axisor.ports import MarketFeed, Venue
from axisor_server.domain.records import AccountRecord
from axisor_server.engine.facade import Engine
from axisor_server.ports import Clock
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts

MINUTE = timedelta(minutes=1)
RANGE = "1m"


class Price(Struct, frozen=True, kw_only=True):
    """A tick, how old it is, and how far to trust it; no tick before the first."""

    tick: Tick | None
    quality: FeedQuality
    age_ms: int | None


class Market:
    """Shows prices; everything it reads is public."""

    def __init__(
        self, *, engine: Engine, accounts: Accounts, venues: Mapping[str, Venue], clock: Clock
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._venues = venues
        self._clock = clock
        self._feeds: dict[tuple[str, str, str], MarketFeed] = {}

    async def ticker(self, account: str) -> Price:
        """Return the latest tick, without asking the venue."""
        record = await self._accounts.get(account)
        return self.price(record, self._latest(record))

    def price(self, record: AccountRecord, tick: Tick | None) -> Price:
        """Return a tick with its age and the quality of its feed."""
        quality = FeedQuality.NONE
        for feed in self._engine.status().feeds:
            if (feed.venue, feed.network, feed.url) == (record.venue, record.network, record.url):
                quality = feed.quality
        age_ms = None
        if tick is not None:
            age_ms = max(0, round((self._clock.now() - tick.received) / timedelta(milliseconds=1)))
        return Price(tick=tick, quality=quality, age_ms=age_ms)

    async def watch(self, account: str) -> tuple[AccountRecord, AsyncIterator[Tick]]:
        """Return an account and the ticks of its market, the latest only."""
        record = await self._accounts.get(account)
        ticks = self._engine.watch_ticks(venue=record.venue, network=record.network, url=record.url)
        return record, ticks

    async def candles(
        self,
        account: str,
        *,
        range_: str,
        start: datetime | None,
        end: datetime | None,
        size: int,
        page_token: str,
    ) -> tuple[Sequence[Candle], str]:
        """Return one-minute candles, oldest first, and the next page's token.

        Raises NotSupported for another range, FieldInvalid for times in the wrong order.
        """
        wanted = paging.size_of(size)
        last = end or self._clock.now()
        first = start or last - wanted * MINUTE
        if first >= last:
            raise FieldInvalid("start_time must be before end_time.", field="start_time")
        of = f"candles/{account}/{range_}/{first.isoformat() if start else ''}"
        place = paging.place(of, page_token)
        record = await self._accounts.get(account)
        if range_ != RANGE:
            raise NotSupported(
                f"{record.venue} is read in candles of {RANGE} only.",
                venue=record.venue,
                feature=f"candles of {range_}",
            )
        if place is not None:
            first = datetime.fromtimestamp(place, tz=last.tzinfo)
        found = await self._feed(record).candles(first, last, limit=wanted)
        page = [candle for candle in found if first <= candle.time < last][:wanted]
        full = len(page) == wanted and page[-1].time + MINUTE < last
        following = int((page[-1].time + MINUTE).timestamp()) if full else 0
        return page, paging.token(of, following) if full else ""

    async def settlements(self, account: str) -> None:
        """Refuse: venues do not offer the market's settled fundings. Raises NotSupported."""
        record = await self._accounts.get(account)
        raise NotSupported(
            "Fundings of the market are not offered; what a position paid is in its events.",
            venue=record.venue,
            feature="funding settlements",
        )

    async def aclose(self) -> None:
        """Close what was opened for candles."""
        for feed in self._feeds.values():
            await feed.aclose()
        self._feeds.clear()

    def _latest(self, record: AccountRecord) -> Tick | None:
        return self._engine.latest_tick(venue=record.venue, network=record.network, url=record.url)

    def _feed(self, record: AccountRecord) -> MarketFeed:
        key = (record.venue, record.network, record.url)
        if key not in self._feeds:
            if record.venue not in self._venues:
                raise VenueNotFound(venue=record.venue)
            self._feeds[key] = self._venues[record.venue].market(
                network=record.network, url=record.url or None, clock=self._clock
            )
        return self._feeds[key]
