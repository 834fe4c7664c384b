"""What the engine reports of its own accord or in answer to a request, as frozen events.

Each carries the record as it stands afterwards, which holds all that the venue's private stream
topics tell. Payments between balance and positions are in the records.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from axisor.exchange.records import (
    CrossOrder,
    CrossPosition,
    FundingFee,
    LightningDeposit,
    LightningWithdrawal,
    OnChainDeposit,
    OnChainWithdrawal,
    Trade,
)
from axisor.model import Sats

ClosedBy: TypeAlias = Literal["close", "stoploss", "takeprofit", "liquidation", "funding"]
"""What closed a trade; `funding` is a forced close after a payment lifted leverage too far."""

CrossCause: TypeAlias = Literal[
    "new", "limit", "cancel", "leverage", "deposit", "withdraw", "liquidation", "funding"
]
"""Why the cross position changed, in the words of the stream's `cross/position` topic."""


class Opened(Struct, frozen=True, tag=True):
    """A limit trade was accepted and waits."""

    time: datetime
    trade: Trade


class Filled(Struct, frozen=True, tag=True):
    """A trade is running: a market trade at once, a limit trade when its price was met."""

    time: datetime
    trade: Trade


class Closed(Struct, frozen=True, tag=True):
    """A running trade is over; `payout` is what came back to the balance."""

    time: datetime
    trade: Trade
    by: ClosedBy
    payout: Sats


class Canceled(Struct, frozen=True, tag=True):
    """A waiting limit trade was canceled and its margin and reserve given back."""

    time: datetime
    trade: Trade


class Changed(Struct, frozen=True, tag=True):
    """Margin, stop-loss, take-profit or entry of a trade changed by request."""

    time: datetime
    trade: Trade
    by: Literal["add_margin", "cash_in", "stoploss", "takeprofit"]


class Trailed(Struct, frozen=True, tag=True):
    """A trailing stop-loss moved in the position's favour."""

    time: datetime
    trade: Trade


class Funded(Struct, frozen=True, tag=True):
    """A trade paid or received funding."""

    time: datetime
    trade: Trade
    fee: FundingFee


class CrossOpened(Struct, frozen=True, tag=True):
    """A cross limit order was accepted and waits."""

    time: datetime
    order: CrossOrder


class CrossFilled(Struct, frozen=True, tag=True):
    """A cross order was filled; `realised` is the profit paid into the cross wallet."""

    time: datetime
    order: CrossOrder
    position: CrossPosition
    realised: Sats


class CrossCanceled(Struct, frozen=True, tag=True):
    """A cross order was canceled, by request or because the wallet could not bear its fill."""

    time: datetime
    order: CrossOrder


class CrossChanged(Struct, frozen=True, tag=True):
    """The cross wallet or its leverage changed by request."""

    time: datetime
    position: CrossPosition
    by: CrossCause


class CrossFunded(Struct, frozen=True, tag=True):
    """The cross position paid or received funding."""

    time: datetime
    position: CrossPosition
    fee: FundingFee


class CrossLiquidated(Struct, frozen=True, tag=True):
    """The cross position was liquidated; `order` is the venue's own, `realised` the loss."""

    time: datetime
    order: CrossOrder
    position: CrossPosition
    realised: Sats


class Deposited(Struct, frozen=True, tag=True):
    """Sats from outside: announced, confirmed or credited; `balance` is the one afterwards."""

    time: datetime
    deposit: LightningDeposit | OnChainDeposit
    balance: Sats
    network: Literal["lightning", "bitcoin"]


class Withdrawn(Struct, frozen=True, tag=True):
    """Sats to the outside: asked for, sent or given back; `balance` is the one afterwards."""

    time: datetime
    withdrawal: LightningWithdrawal | OnChainWithdrawal
    balance: Sats
    network: Literal["lightning", "bitcoin"]


Happening: TypeAlias = (
    Opened
    | Filled
    | Closed
    | Canceled
    | Changed
    | Trailed
    | Funded
    | CrossOpened
    | CrossFilled
    | CrossCanceled
    | CrossChanged
    | CrossFunded
    | CrossLiquidated
    | Deposited
    | Withdrawn
)
"""Everything that can happen to an account."""
