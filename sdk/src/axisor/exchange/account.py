"""One account at the simulated venue: its parts, its reaction to a print, and its written form.

Requests go to the parts: `account.isolated`, `account.cross`, `account.wallet`. Each takes the
market time `now` and, where a price matters, the present quote, returns the record it made and
either takes effect whole or raises `Rejected` with nothing changed. `account.happened` tells what
the last one did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from axisor.exchange.books import Books, Desk
from axisor.exchange.cross import Cross
from axisor.exchange.happenings import Happening
from axisor.exchange.isolated import Isolated
from axisor.exchange.quote import Quote
from axisor.exchange.records import CrossPosition, LedgerRow, Settlement
from axisor.exchange.rules import Rules
from axisor.exchange.wallet import Wallet
from axisor.model import AccountState, Balance, CrossWallet, Price, Sats

NOTHING_BELOW = Decimal(0)
"""Low bound where no fall of the price does anything; prices are above it."""

NOTHING_ABOVE = Decimal("Infinity")
"""High bound where no rise of the price does anything."""


class Account:
    """One account's ledger: isolated trades, the cross position, the wallet and their history."""

    def __init__(self, books: Books, ids: Callable[[], str]) -> None:
        self._desk = Desk(books, ids)
        self.isolated = Isolated(self._desk)
        self.cross = Cross(self._desk)
        self.wallet = Wallet(self._desk)
        self._low: Price = NOTHING_BELOW
        self._high: Price = NOTHING_ABOVE

    @classmethod
    def new(
        cls,
        id: str,
        now: datetime,
        ids: Callable[[], str],
        *,
        balance: Sats = 0,
        rules: Rules | None = None,
    ) -> Account:
        """Open an account with this balance of play sats at the market time `now`."""
        books = Books(
            id=id,
            rules=rules or Rules(),
            balance=balance,
            cross=CrossPosition(id=ids(), updated_at=now),
        )
        books.sums.deposited = balance
        return cls(books, ids)

    @property
    def id(self) -> str:
        """Return the account's id."""
        return self._desk.books.id

    @property
    def books(self) -> Books:
        """Return the whole state; it is for reading."""
        return self._desk.books

    @property
    def ledger(self) -> tuple[LedgerRow, ...]:
        """Return every accepted request with its effect, oldest first."""
        return tuple(self._desk.books.ledger)

    @property
    def happened(self) -> tuple[Happening, ...]:
        """Return what the last request, or the last print that did something, brought about."""
        return tuple(self._desk.happened)

    def fee_tier(self, now: datetime) -> int:
        """Return the fee tier at this time, 0 the dearest."""
        return self._desk.fee_tier(now)

    def on_quote(self, quote: Quote) -> tuple[Happening, ...]:
        """Apply one print: liquidations, limit fills, take-profits, then fixed and trailing stops.

        A price that touches counts as reached. Prints strictly inside `bounds()` do nothing.
        """
        if self._desk.stale:
            self.bounds()
        if self._desk.books.rules.liquidate_on == "executable":
            if self._low < quote.low and quote.high < self._high:
                return ()
        elif self._low < quote.last < self._high:
            return ()
        return self.react(quote)

    def react(self, quote: Quote) -> tuple[Happening, ...]:
        """Apply one print as `on_quote` does, without asking first whether it can matter."""
        self._desk.begin()
        self.isolated.liquidate(quote)
        self.cross.liquidate(quote)
        self.isolated.fill(quote)
        self.cross.fill(quote)
        self.isolated.take_profit(quote)
        self.isolated.stop(quote)
        return tuple(self._desk.happened)

    def on_funding(self, settlement: Settlement, quote: Quote) -> tuple[Happening, ...]:
        """Settle one funding payment of every running position, at the settlement's time.

        The quote is for the forced close of a position that can no longer bear its leverage.
        """
        self._desk.begin()
        if self._desk.books.rules.funding:
            self.isolated.fund(settlement, quote)
            self.cross.fund(settlement, quote)
        return tuple(self._desk.happened)

    def bounds(self) -> tuple[Price, Price]:
        """Return (low, high): a print whose prices lie strictly between them changes nothing.

        With `liquidate_on` "last" only the last price counts, else the quote's lowest and highest.
        They hold until the next request, funding or print that does something.
        """
        if self._desk.stale:
            self._low, self._high = NOTHING_BELOW, NOTHING_ABOVE
            for low, high in (*self.isolated.bounds(), *self.cross.bounds()):
                self._low, self._high = max(self._low, low), min(self._high, high)
            self._desk.stale = False
        return self._low, self._high

    def state(self, now: datetime, quote: Quote | None = None) -> AccountState:
        """Return the account as the core reads a venue's, with profit marked at the quote."""
        books = self._desk.books
        running = [t.position() for t in self.isolated.running(quote)]
        cross = self.cross.position(quote)
        whole = cross.position()
        waiting = [t.order() for t in self.isolated.open()]
        return AccountState(
            balance=Balance(books.balance, books.usd, self.fee_tier(now)),
            positions=(*running, *(() if whole is None else (whole,))),
            orders=(*waiting, *(o.order() for o in books.cross_orders.values())),
            cross=CrossWallet(cross.margin, cross.leverage),
            read_at=now,
        )

    def snapshot(self) -> bytes:
        """Return the whole state as JSON, from which `restore` makes an equal account."""
        return msgspec.json.encode(self._desk.books)

    @classmethod
    def restore(cls, snapshot: bytes, ids: Callable[[], str]) -> Account:
        """Return the account of a snapshot; `ids` must go on where the former ones stopped."""
        return cls(msgspec.json.decode(snapshot, type=Books), ids)

    def digest(self) -> str:
        """Return the SHA-256 of the snapshot in hex; equal states have equal digests."""
        return hashlib.sha256(self.snapshot()).hexdigest()
