"""A market for tests: fixed time, no spread, one account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from axisor.exchange import Account, Event, Market, NewTrade, Quote, Rules, Trade, seeded_ids
from axisor.model import OrderType, Price, Side

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
BUY, SELL = Side.BUY, Side.SELL
MARKET, LIMIT = OrderType.MARKET, OrderType.LIMIT


class Venue:
    """A market with one account, driven by plain prices a second apart."""

    def __init__(
        self,
        price: int | str = 100_000,
        *,
        balance: int = 1_000_000,
        rules: Rules | None = None,
        rate: str = "0.0001",
        start: datetime = NOON,
    ) -> None:
        quote = Quote.at(Decimal(price), start)
        self.market = Market(quote, seeded_ids(1), Decimal(rate))
        self.account: Account = self.market.open_account("a", balance, rules)

    @property
    def quote(self) -> Quote:
        return self.market.quote

    @property
    def now(self) -> datetime:
        return self.market.quote.time

    @property
    def balance(self) -> int:
        return self.account.books.balance

    def move(self, *prices: int | str | Price, after: timedelta = timedelta(seconds=1)):
        """Print each price in turn and return what all of them brought about."""
        events: list[Event] = []
        for price in prices:
            events += self.market.advance(Quote.at(Decimal(price), self.now + after))
        return [event.happening for event in events]

    def until(self, time: datetime, price: int | str):
        """Print a price at a time."""
        events = self.market.advance(Quote.at(Decimal(price), time))
        return [event.happening for event in events]

    def open(
        self, side: Side = BUY, quantity: int | None = 1000, leverage: int = 10, **more
    ) -> Trade:
        """Open a market trade."""
        order = NewTrade(type=MARKET, side=side, quantity=quantity, leverage=leverage, **more)
        return self.account.isolated.new_trade(self.now, self.quote, order)

    def limit(
        self, price: int | str, side: Side = BUY, quantity: int = 1000, leverage: int = 10, **more
    ) -> Trade:
        """Place a limit trade."""
        order = NewTrade(
            type=LIMIT,
            side=side,
            quantity=quantity,
            leverage=leverage,
            price=Decimal(price),
            **more,
        )
        return self.account.isolated.new_trade(self.now, self.quote, order)

    def running(self, id: str) -> Trade:
        """Return a running trade."""
        return self.account.isolated.get(id)
