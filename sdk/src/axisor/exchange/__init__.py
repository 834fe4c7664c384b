"""The venue as a pure engine: matching, margin, fees, funding, liquidation; no IO, no clock."""

from axisor.exchange.account import Account
from axisor.exchange.books import Books, Desk, Sums
from axisor.exchange.happenings import (
    Canceled,
    Changed,
    Closed,
    ClosedBy,
    CrossCanceled,
    CrossChanged,
    CrossFilled,
    CrossFunded,
    CrossLiquidated,
    CrossOpened,
    Deposited,
    Filled,
    Funded,
    Happening,
    Opened,
    Trailed,
    Withdrawn,
)
from axisor.exchange.ids import SeededIds, seeded_ids
from axisor.exchange.market import FUNDING_EVERY, Event, Market, next_funding
from axisor.exchange.quote import Quote
from axisor.exchange.records import (
    CrossOrder,
    CrossPosition,
    FundingFee,
    LedgerRow,
    Settlement,
    Trade,
)
from axisor.exchange.requests import NewTrade
from axisor.exchange.rules import Rejected, Rules

__all__ = [
    "Account",
    "Books",
    "Canceled",
    "Changed",
    "Closed",
    "ClosedBy",
    "CrossCanceled",
    "CrossChanged",
    "CrossFilled",
    "CrossFunded",
    "CrossLiquidated",
    "CrossOpened",
    "CrossOrder",
    "CrossPosition",
    "Deposited",
    "Desk",
    "Event",
    "FUNDING_EVERY",
    "Filled",
    "Funded",
    "FundingFee",
    "Happening",
    "LedgerRow",
    "Market",
    "NewTrade",
    "Opened",
    "Quote",
    "Rejected",
    "Rules",
    "SeededIds",
    "Settlement",
    "Sums",
    "Trade",
    "Trailed",
    "Withdrawn",
    "next_funding",
    "seeded_ids",
]
