"""Everything an account owns, in one value that can be written down and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct, field

from axisor.exchange.happenings import Happening
from axisor.exchange.records import (
    Address,
    CrossOrder,
    CrossPosition,
    FundingFee,
    LedgerRow,
    LightningDeposit,
    LightningWithdrawal,
    Notification,
    OnChainDeposit,
    OnChainWithdrawal,
    Swap,
    Trade,
    Transfer,
)
from axisor.exchange.rules import TIER_VOLUMES, Rules, too_little
from axisor.maths import FEE_RATES
from axisor.model import Price, Sats

_MONTH = timedelta(days=30)
_NO_FEE = Decimal(0)


class Sums(Struct):
    """What entered and left the account in its life, so that every sat can be accounted for.

    `funding` and `fees` are positive when paid, `swapped` the sats given for synthetic dollars.
    """

    deposited: Sats = 0
    withdrawn: Sats = 0
    fees: Sats = 0
    realised: Sats = 0
    funding: Sats = 0
    swapped: Sats = 0


class Books(Struct, kw_only=True):
    """The whole state of one account.

    `trades` holds waiting and running isolated trades in the order they were placed, `best` the
    best price a trailing stop has seen, `above` whether a waiting order's price was below the
    market when it was placed, so that the market meets it from above.
    """

    id: str
    rules: Rules
    balance: Sats
    cross: CrossPosition
    usd: Decimal = Decimal(0)
    trades: dict[str, Trade] = field(default_factory=dict)
    past: list[Trade] = field(default_factory=list)
    best: dict[str, Price] = field(default_factory=dict)
    above: dict[str, bool] = field(default_factory=dict)
    cross_orders: dict[str, CrossOrder] = field(default_factory=dict)
    cross_past: list[CrossOrder] = field(default_factory=list)
    cross_realised: Sats = 0
    transfers: list[Transfer] = field(default_factory=list)
    funding_fees: list[FundingFee] = field(default_factory=list)
    swaps: list[Swap] = field(default_factory=list)
    lightning_deposits: dict[str, LightningDeposit] = field(default_factory=dict)
    onchain_deposits: dict[str, OnChainDeposit] = field(default_factory=dict)
    lightning_withdrawals: dict[str, LightningWithdrawal] = field(default_factory=dict)
    onchain_withdrawals: dict[str, OnChainWithdrawal] = field(default_factory=dict)
    addresses: list[Address] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    volume: list[tuple[datetime, int]] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)


class Desk:
    """What the parts of an account share: books, ids and the happenings of the present call."""

    def __init__(self, books: Books, ids: Callable[[], str]) -> None:
        self.books = books
        self.ids = ids
        self.happened: list[Happening] = []
        self.stale = True

    def begin(self) -> None:
        """Start a call that may change the books."""
        self.happened = []

    def say(self, happening: Happening) -> None:
        """Report a happening; what was known about bounds no longer holds."""
        self.happened.append(happening)
        self.stale = True

    def notify(self, now: datetime, event: str, message: str, **data: object) -> None:
        """Leave a notification for the account's user."""
        fields = {key: str(value) for key, value in data.items()}
        self.books.notifications.append(Notification(self.ids(), now, event, fields, message))

    def must_have(self, amount: Sats) -> None:
        """Refuse what the balance does not cover."""
        if amount > self.books.balance:
            raise too_little(amount, self.books.balance)

    def volume_30d(self, now: datetime) -> int:
        """Return the dollars traded in the thirty days before `now`."""
        return sum(usd for time, usd in self.books.volume if time > now - _MONTH)

    def traded(self, now: datetime, quantity: int) -> None:
        """Count dollars traded towards the fee tier, and forget those older than thirty days."""
        volume = self.books.volume
        volume.append((now, quantity))
        old = next(i for i, (time, _) in enumerate(volume) if time > now - _MONTH)
        del volume[:old]

    def fee_tier(self, now: datetime) -> int:
        """Return the fee tier that holds now, 0 the dearest."""
        tier = self.books.rules.fee_tier
        if isinstance(tier, int):
            return tier
        traded = self.volume_30d(now)
        return max(i for i, floor in enumerate(TIER_VOLUMES) if traded >= floor)

    def fee_rate(self, now: datetime) -> Decimal:
        """Return the trading fee that holds now, as a fraction."""
        return _NO_FEE if self.books.rules.fee_tier is None else FEE_RATES[self.fee_tier(now)]

    def exposure(self) -> int:
        """Return the dollars of all trades, waiting and running, and of the cross position."""
        return sum(t.quantity for t in self.books.trades.values()) + abs(self.books.cross.quantity)

    def record(
        self,
        now: datetime,
        request: str,
        target: str,
        *,
        before: tuple[Sats, Sats],
        margin: Sats = 0,
        fields: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Write an accepted request into the ledger; `before` is margin and balance before it."""
        self.stale = True
        books = self.books
        row = LedgerRow(
            sequence=len(books.ledger) + 1,
            time=now,
            request=request,
            fields={key: str(value) for key, value in fields.items()},
            target=target,
            margin_delta=margin - before[0],
            balance_delta=books.balance - before[1],
            margin=margin,
            balance=books.balance,
        )
        books.ledger.append(row)
