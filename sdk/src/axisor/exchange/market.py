"""The simulated market: its quote, its funding times, and every account that lives in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from axisor.exchange.account import Account
from axisor.exchange.books import Books
from axisor.exchange.happenings import Happening
from axisor.exchange.ids import SeededIds
from axisor.exchange.quote import Quote
from axisor.exchange.records import Settlement
from axisor.exchange.rules import Rules, bad
from axisor.model import Sats

FUNDING_EVERY = timedelta(hours=8)
"""Funding is settled at 00:00, 08:00 and 16:00 UTC of market time."""


def next_funding(after: datetime) -> datetime:
    """Return the first funding time strictly after a moment (aware, UTC)."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (after - midnight) // FUNDING_EVERY
    return midnight + (passed + 1) * FUNDING_EVERY


class Event(Struct, frozen=True):
    """A happening and the account it belongs to."""

    account: str
    happening: Happening


class _Written(Struct):
    seed: int
    count: int
    quote: Quote
    settlements: list[Settlement]
    accounts: list[Books]


class Market:
    """The market and its accounts, moved by quotes; `rate` gives funding by settlement time."""

    def __init__(
        self, quote: Quote, ids: SeededIds, rate: Callable[[datetime], Decimal] | Decimal
    ) -> None:
        self._quote = quote
        self._ids = ids
        self._rate = rate
        self._next = next_funding(quote.time)
        self._accounts: dict[str, Account] = {}
        self.settlements: list[Settlement] = []

    @property
    def quote(self) -> Quote:
        """Return the present quote; its time is the market's."""
        return self._quote

    @property
    def ids(self) -> SeededIds:
        """Return the ids that everything in this market shares."""
        return self._ids

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts, in the order they were opened."""
        return tuple(self._accounts.values())

    @property
    def funding_time(self) -> datetime:
        """Return the time of the next funding settlement."""
        return self._next

    @property
    def funding_rate(self) -> Decimal:
        """Return the rate of the next funding settlement, a fraction for eight hours."""
        return self._rate_at(self._next)

    def open_account(self, id: str, balance: Sats = 0, rules: Rules | None = None) -> Account:
        """Open an account with this balance, now."""
        if id in self._accounts:
            raise bad(f"Account {id} exists already")
        account = Account.new(id, self._quote.time, self._ids, balance=balance, rules=rules)
        self._accounts[id] = account
        return account

    def account(self, id: str) -> Account | None:
        """Return an account, or None."""
        return self._accounts.get(id)

    def advance(self, quote: Quote) -> tuple[Event, ...]:
        """Move to a later quote and return what it brought about, in the order it happened.

        Funding times passed on the way are settled at the former quote, then every account sees
        the new one; a settlement that falls on the new quote's own time comes last. Time never
        goes back: an earlier quote raises ValueError.
        """
        if quote.time < self._quote.time:
            raise ValueError("the market's time does not go back")
        events: list[Event] = []
        while self._next < quote.time:
            events += self._settle(self._quote)
        self._quote = quote
        for account in self._accounts.values():
            events += (Event(account.id, h) for h in account.on_quote(quote))
        if self._next == quote.time:
            events += self._settle(quote)
        return tuple(events)

    def _rate_at(self, time: datetime) -> Decimal:
        return self._rate if isinstance(self._rate, Decimal) else self._rate(time)

    def _settle(self, quote: Quote) -> list[Event]:
        price = quote.last if quote.index is None else quote.index
        settlement = Settlement(self._ids(), self._next, self._rate_at(self._next), price)
        self.settlements.append(settlement)
        self._next += FUNDING_EVERY
        return [
            Event(account.id, happening)
            for account in self._accounts.values()
            for happening in account.on_funding(settlement, quote)
        ]

    def snapshot(self) -> bytes:
        """Return the whole market as JSON."""
        books = [account.books for account in self._accounts.values()]
        return msgspec.json.encode(
            _Written(self._ids.seed, self._ids.count, self._quote, self.settlements, books)
        )

    @classmethod
    def restore(cls, snapshot: bytes, rate: Callable[[datetime], Decimal] | Decimal) -> Market:
        """Return the market of a snapshot, to go on as the former one would have."""
        written = msgspec.json.decode(snapshot, type=_Written)
        ids = SeededIds(written.seed, written.count)
        market = cls(written.quote, ids, rate)
        market.settlements = written.settlements
        for books in written.accounts:
            market._accounts[books.id] = Account(books, ids)
        return market
