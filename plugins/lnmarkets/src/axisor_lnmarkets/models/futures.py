"""Answers about futures: isolated trades, the cross position and its orders, fees and transfers."""

from __future__ import annotations

import enum

from msgspec import UNSET, Struct, UnsetType

from axisor.model import Side
from axisor_lnmarkets.wire import (
    DistanceField,
    LeverageField,
    NameField,
    PriceField,
    PriceOrZero,
    QuantityField,
    SatsField,
    SignedQuantityField,
    SignedSatsField,
    TimeField,
)


def echoes(sent: str | None, told: str | UnsetType | None) -> bool:
    """Return whether an answer carries the client id of its request; absent is none."""
    return told == sent or (sent is None and told is UNSET)


class TradeType(enum.StrEnum):
    """How an isolated trade was asked for."""

    LIMIT = "limit"
    MARKET = "market"


class CrossOrderType(enum.StrEnum):
    """What kind of order filled; a liquidation is one of the venue's own."""

    LIMIT = "limit"
    MARKET = "market"
    LIQUIDATION = "liquidation"


class StopMode(enum.StrEnum):
    """Whether a stop-loss stays where it is put or follows the price."""

    FIXED = "fixed"
    TRAILING = "trailing"


class Trade(Struct, frozen=True, rename="camel"):
    """An isolated trade in any state.

    `price` is the working entry price, which moves when profit is cashed in; `entry_price` does
    not. For `stoploss`, `takeprofit` and `stoploss_trailing_distance` 0 is none. `sum_funding_fees`
    is net, positive when paid. Exactly one of the four flags is set. A `client_id` that is absent
    is not one that is null: nothing can be looked up by it.
    """

    id: NameField
    type: TradeType
    side: Side
    quantity: QuantityField
    margin: SatsField
    leverage: LeverageField
    price: PriceField
    liquidation: PriceField
    stoploss: PriceOrZero
    takeprofit: PriceOrZero
    opening_fee: SatsField
    closing_fee: SatsField
    maintenance_margin: SignedSatsField
    pl: SignedSatsField
    created_at: TimeField
    open: bool
    running: bool
    closed: bool
    canceled: bool
    sum_funding_fees: SignedSatsField
    sum_cash_in_pl: SatsField
    sum_cash_in_margin: SatsField
    stoploss_trailing_distance: DistanceField = DistanceField(0)
    entry_price: PriceField | None = None
    entry_margin: SatsField | None = None
    exit_price: PriceField | None = None
    filled_at: TimeField | None = None
    closed_at: TimeField | None = None
    client_id: str | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.open + self.running + self.closed + self.canceled != 1:
            raise ValueError("Expected exactly one of open, running, closed, canceled to be true")
        if self.running and self.margin == 0:
            raise ValueError("Expected `margin` above 0 of a trade that runs")


class IsolatedFunding(Struct, frozen=True, rename="camel"):
    """A funding fee of an isolated trade; positive is paid."""

    time: TimeField
    settlement_id: NameField
    trade_id: NameField
    fee: SignedSatsField


class CrossOrder(Struct, frozen=True, rename="camel"):
    """A cross order in any state; the price of a market order is where it was done."""

    id: NameField
    type: CrossOrderType
    side: Side
    quantity: QuantityField
    price: PriceField
    trading_fee: SatsField
    created_at: TimeField
    open: bool
    filled: bool
    canceled: bool
    filled_at: TimeField | None = None
    canceled_at: TimeField | None = None
    client_id: str | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.open + self.filled + self.canceled != 1:
            raise ValueError("Expected exactly one of open, filled, canceled to be true")


class CrossPosition(Struct, frozen=True, rename="camel"):
    """The one cross position: `quantity` is signed and 0 when flat, `margin` is the cross wallet.

    What `initial_margin`, `total_pl` and `delta_pl` count is not documented by the venue.
    """

    id: NameField
    quantity: SignedQuantityField
    leverage: QuantityField
    margin: SatsField
    running_margin: SatsField
    maintenance_margin: SatsField
    total_pl: SignedSatsField
    delta_pl: SignedSatsField
    trading_fees: SignedSatsField
    funding_fees: SignedSatsField
    updated_at: TimeField
    initial_margin: SatsField = 0
    entry_price: PriceField | None = None
    liquidation: PriceField | None = None

    def __post_init__(self) -> None:
        if self.quantity != 0 and self.entry_price is None:
            raise ValueError("Expected `entryPrice` of a position that is not flat")
        if self.quantity != 0 and self.liquidation is None:
            raise ValueError("Expected `liquidation` of a position that is not flat")


class CrossTransfer(Struct, frozen=True):
    """A row of the cross wallet's ledger; positive is a deposit."""

    id: NameField
    amount: SignedSatsField
    time: TimeField


class CrossFunding(Struct, frozen=True, rename="camel"):
    """A funding fee of the cross position; positive is paid."""

    time: TimeField
    settlement_id: NameField
    fee: SignedSatsField
