"""What the simulated venue writes down: trades, the cross position, orders, transfers and fees.

Field names become the venue's REST names by `rename="camel"`, so these encode as its answers do.
All amounts are sats, all prices dollars per bitcoin; a price of 0 in `stoploss` or `takeprofit`
is none.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from axisor.maths import pl
from axisor.model import (
    CROSS,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    Price,
    Sats,
    Side,
)

NONE = Decimal(0)
"""The venue's way of writing that a stop-loss, take-profit or trailing distance is not set."""

StopMode: TypeAlias = Literal["fixed", "trailing"]


class Trade(Struct, frozen=True, kw_only=True, rename="camel"):
    """An isolated trade: a waiting limit order, a running position, or one that is over.

    Exactly one of `open`, `running`, `closed` and `canceled` is true. `price` is the working entry
    price, which moves when profit is cashed in; `entry_price` and `entry_margin` stay.
    """

    id: str
    type: OrderType
    side: Side
    quantity: int
    margin: Sats
    leverage: Decimal
    price: Price
    liquidation: Price
    maintenance_margin: Sats
    entry_price: Price
    entry_margin: Sats
    created_at: datetime
    opening_fee: Sats = 0
    closing_fee: Sats = 0
    stoploss: Price = NONE
    stoploss_trailing_distance: Decimal = NONE
    takeprofit: Price = NONE
    exit_price: Price | None = None
    pl: Sats = 0
    filled_at: datetime | None = None
    closed_at: datetime | None = None
    open: bool = False
    running: bool = False
    canceled: bool = False
    closed: bool = False
    sum_funding_fees: Sats = 0
    sum_cash_in_pl: Sats = 0
    sum_cash_in_margin: Sats = 0
    client_id: str | None = None

    def marked(self, price: Price) -> Trade:
        """Return the trade with its profit at this closing price, if it is running."""
        if not self.running:
            return self
        return replace(self, pl=pl(self.side, self.quantity, self.price, price))

    def position(self) -> Position:
        """Return the trade as the core's position; `pl` is as marked."""
        return Position(
            id=self.id,
            side=self.side,
            quantity=self.quantity,
            entry=self.price,
            margin=self.margin,
            leverage=self.leverage,
            liquidation=self.liquidation,
            stoploss=self.stoploss or None,
            stoploss_trailing=self.stoploss_trailing_distance or None,
            takeprofit=self.takeprofit or None,
            maintenance_margin=self.maintenance_margin,
            running_margin=self.margin,
            opening_fee=self.opening_fee,
            entry_price=self.entry_price,
            entry_margin=self.entry_margin,
            sum_funding_fees=self.sum_funding_fees,
            sum_cash_in_margin=self.sum_cash_in_margin,
            sum_cash_in_pl=self.sum_cash_in_pl,
            pl=self.pl,
            created_at=self.created_at,
            client_id=self.client_id,
        )

    def order(self) -> Order:
        """Return the trade as the core's order, for a limit trade that waits."""
        return Order(
            id=self.id,
            type=self.type,
            side=self.side,
            quantity=self.quantity,
            price=self.price,
            state=OrderState.OPEN
            if self.open
            else OrderState.CANCELED
            if self.canceled
            else OrderState.FILLED,
            leverage=self.leverage,
            margin=self.margin,
            stoploss=self.stoploss or None,
            takeprofit=self.takeprofit or None,
            fee=self.opening_fee,
            created_at=self.created_at,
            settled_at=self.closed_at if self.canceled else self.filled_at,
            client_id=self.client_id,
        )


class CrossPosition(Struct, frozen=True, kw_only=True, rename="camel"):
    """The one cross position; `quantity` is signed and 0 when flat, `margin` is the cross wallet.

    `total_pl` is realised since the position was opened plus unrealised, `delta_pl` the unrealised
    part, `initial_margin` the margin the present position needs at its leverage.
    """

    id: str
    updated_at: datetime
    quantity: int = 0
    leverage: int = 1
    margin: Sats = 0
    entry_price: Price | None = None
    liquidation: Price | None = None
    initial_margin: Sats = 0
    running_margin: Sats = 0
    maintenance_margin: Sats = 0
    total_pl: Sats = 0
    delta_pl: Sats = 0
    trading_fees: Sats = 0
    funding_fees: Sats = 0

    @property
    def side(self) -> Side:
        """Return the side of the position; a buy when flat."""
        return Side.BUY if self.quantity >= 0 else Side.SELL

    def position(self) -> Position | None:
        """Return it as the core's position with the id `cross`, or None when flat."""
        if self.entry_price is None or self.liquidation is None:
            return None
        return Position(
            id=CROSS,
            side=self.side,
            quantity=abs(self.quantity),
            entry=self.entry_price,
            margin=self.margin,
            leverage=Decimal(self.leverage),
            liquidation=self.liquidation,
            margin_mode=MarginMode.CROSS,
            maintenance_margin=self.maintenance_margin,
            running_margin=self.running_margin,
            opening_fee=0,
            entry_price=self.entry_price,
            sum_funding_fees=self.funding_fees,
            pl=self.delta_pl,
        )


class CrossOrder(Struct, frozen=True, kw_only=True, rename="camel"):
    """A cross order. A liquidation is written as a filled order of type `liquidation`."""

    id: str
    type: Literal["market", "limit", "liquidation"]
    side: Side
    quantity: int
    price: Price
    created_at: datetime
    trading_fee: Sats = 0
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    open: bool = False
    filled: bool = False
    canceled: bool = False
    client_id: str | None = None

    def order(self) -> Order:
        """Return it as the core's order."""
        return Order(
            id=self.id,
            type=OrderType.LIMIT if self.type == "limit" else OrderType.MARKET,
            side=self.side,
            quantity=self.quantity,
            price=self.price,
            state=OrderState.OPEN
            if self.open
            else OrderState.CANCELED
            if self.canceled
            else OrderState.FILLED,
            margin_mode=MarginMode.CROSS,
            fee=self.trading_fee,
            created_at=self.created_at,
            settled_at=self.canceled_at or self.filled_at,
            client_id=self.client_id,
        )


class Transfer(Struct, frozen=True, rename="camel"):
    """A move between balance and cross wallet; positive is a deposit into the wallet."""

    id: str
    amount: Sats
    time: datetime


class FundingFee(Struct, frozen=True, rename="camel"):
    """One funding payment, positive when paid; `trade_id` is None for the cross position."""

    time: datetime
    settlement_id: str
    trade_id: str | None
    fee: Sats


class Settlement(Struct, frozen=True, rename="camel"):
    """One funding settlement of the market: its rate per eight hours and its fixing price."""

    id: str
    time: datetime
    funding_rate: Decimal
    fixing_price: Price


class Swap(Struct, frozen=True, rename="camel"):
    """A change between sats and synthetic dollars; dollar amounts have two decimals."""

    id: str
    created_at: datetime
    in_amount: Decimal
    in_asset: Literal["BTC", "USD"]
    out_amount: Decimal
    out_asset: Literal["BTC", "USD"]


class LightningDeposit(Struct, frozen=True, rename="camel"):
    """A Lightning invoice of the account; it is paid when `settled_at` is set."""

    id: str
    created_at: datetime
    amount: Sats
    payment_hash: str
    payment_request: str
    settled_at: datetime | None = None
    comment: str | None = None


OnChainDepositStatus: TypeAlias = Literal[
    "MEMPOOL", "CONFIRMED", "IRREVERSIBLE", "under_review", "not_credited", "on_hold"
]


class OnChainDeposit(Struct, frozen=True, rename="camel"):
    """A payment to one of the account's addresses; credited once it is `CONFIRMED`."""

    id: str
    created_at: datetime
    amount: Sats
    tx_id: str
    status: OnChainDepositStatus = "MEMPOOL"
    confirmations: int = 0
    block_height: int | None = None
    credited: bool = False


class LightningWithdrawal(Struct, frozen=True, rename="camel"):
    """A payment of an invoice; `max_fees` is held back until settled, `fee` is the true one."""

    id: str
    created_at: datetime
    amount: Sats
    max_fees: Sats
    payment_hash: str
    fee: Sats = 0
    status: Literal["processing", "processed", "failed"] = "processing"
    destination: str | None = None


OnChainWithdrawalStatus: TypeAlias = Literal[
    "pending", "processing", "processed", "canceled", "rejected"
]


class OnChainWithdrawal(Struct, frozen=True, rename="camel"):
    """A payment to an address, released by hand."""

    id: str
    created_at: datetime
    updated_at: datetime
    address: str
    amount: Sats
    fee: Sats | None = None
    status: OnChainWithdrawalStatus = "pending"
    tx_id: str | None = None


class Address(Struct, frozen=True, rename="camel"):
    """A bitcoin deposit address of the account."""

    address: str
    created_at: datetime
    format: Literal["p2tr", "p2wpkh"] = "p2wpkh"


class Notification(Struct, frozen=True, rename="camel"):
    """Something the venue tells its user; both SDKs' fields are here."""

    id: str
    created_at: datetime
    event: str
    data: dict[str, str]
    message: str
    read: bool = False
    type: str = "futures"


class LedgerRow(Struct, frozen=True, kw_only=True):
    """One accepted request: what was asked, what it moved, and what stood afterwards.

    `target` is the trade, order or record it made or touched (`cross` for the cross wallet),
    `margin` the margin of that target after it, 0 where it has none.
    """

    sequence: int
    time: datetime
    request: str
    fields: dict[str, str]
    target: str
    margin_delta: Sats
    balance_delta: Sats
    margin: Sats
    balance: Sats
