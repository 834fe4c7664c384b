"""Answers about an account: its balance, deposits, withdrawals, notifications and swaps."""

from __future__ import annotations

import enum
from typing import Any

from msgspec import Struct

from axisor_lnmarkets.wire import AmountField, NameField, SatsField, TierField, TimeField


class Account(Struct, frozen=True, rename="camel"):
    """The account; `balance` is free sats, `synthetic_usd_balance` dollars, tier 0 the dearest."""

    id: NameField
    username: str
    balance: SatsField
    synthetic_usd_balance: AmountField
    fee_tier: TierField
    email: str | None = None
    linking_public_key: str | None = None


class AddressFormat(enum.StrEnum):
    """Kinds of bitcoin address."""

    P2TR = "p2tr"
    P2WPKH = "p2wpkh"


class Address(Struct, frozen=True, rename="camel"):
    """A bitcoin address to deposit to."""

    address: NameField
    created_at: TimeField | None = None


class LightningDepositRequest(Struct, frozen=True, rename="camel"):
    """An invoice that, when paid, becomes a deposit."""

    deposit_id: NameField
    payment_request: str


class LightningPayment(Struct, frozen=True, rename="camel"):
    """A withdrawal over Lightning that was accepted; it may still fail."""

    id: NameField
    amount: SatsField
    max_fees: SatsField
    payment_hash: str


class OnChainStatus(enum.StrEnum):
    """Where an on-chain withdrawal is."""

    CANCELED = "canceled"
    PENDING = "pending"
    PROCESSED = "processed"
    PROCESSING = "processing"
    REJECTED = "rejected"


class OnChainPayment(Struct, frozen=True, rename="camel"):
    """An on-chain withdrawal that was asked for."""

    id: NameField
    amount: SatsField
    address: str
    created_at: TimeField
    status: OnChainStatus


class LightningDeposit(Struct, frozen=True, rename="camel"):
    """A Lightning deposit; `settled_at` is None until it is paid."""

    id: NameField
    created_at: TimeField
    amount: SatsField
    payment_hash: str
    settled_at: TimeField | None = None
    comment: str | None = None


class DepositStatus(enum.StrEnum):
    """Where an on-chain deposit is."""

    MEMPOOL = "MEMPOOL"
    CONFIRMED = "CONFIRMED"
    IRREVERSIBLE = "IRREVERSIBLE"
    UNDER_REVIEW = "under_review"
    NOT_CREDITED = "not_credited"
    ON_HOLD = "on_hold"


class OnChainDeposit(Struct, frozen=True, rename="camel"):
    """An on-chain deposit."""

    id: NameField
    created_at: TimeField
    amount: SatsField
    tx_id: str
    status: DepositStatus
    confirmations: SatsField
    block_height: SatsField | None = None


class LightningStatus(enum.StrEnum):
    """Where a Lightning withdrawal is."""

    FAILED = "failed"
    PROCESSED = "processed"
    PROCESSING = "processing"


class LightningWithdrawal(Struct, frozen=True, rename="camel"):
    """A withdrawal over Lightning."""

    id: NameField
    created_at: TimeField
    amount: SatsField
    fee: SatsField
    payment_hash: str
    status: LightningStatus
    destination: str | None = None


class OnChainWithdrawal(Struct, frozen=True, rename="camel"):
    """A withdrawal on chain; `fee` and `tx_id` are None until it is sent."""

    id: NameField
    created_at: TimeField
    address: str
    amount: SatsField
    status: OnChainStatus
    fee: SatsField | None = None
    tx_id: str | None = None


class Notification(Struct, frozen=True, rename="camel"):
    """A message to the owner. Its published descriptions differ, so most fields may lack."""

    id: NameField
    created_at: TimeField
    message: str | None = None
    read: bool | None = None
    type: str | None = None
    event: str | None = None
    data: Any = None  # whatever the event carries; nothing here reads it


class Asset(enum.StrEnum):
    """What can be swapped: bitcoin in sats, synthetic dollars."""

    BTC = "BTC"
    USD = "USD"


class Swap(Struct, frozen=True, rename="camel"):
    """A swap. The venue's pages disagree on cents or dollars for USD; dollars are assumed."""

    id: NameField
    in_amount: AmountField
    in_asset: Asset
    out_amount: AmountField
    out_asset: Asset
    created_at: TimeField | None = None
