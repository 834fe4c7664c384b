"""The balance's dealings with the world: deposits, withdrawals, addresses, swaps, notifications.

Nothing here is real money: invoices and addresses have the venue's outer form only, and are paid or
sent when the simulator says so.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Literal

from msgspec.structs import replace

from axisor.exchange.books import Desk
from axisor.exchange.happenings import Deposited, Withdrawn
from axisor.exchange.quote import Quote
from axisor.exchange.records import (
    Address,
    LightningDeposit,
    LightningWithdrawal,
    OnChainDeposit,
    OnChainDepositStatus,
    OnChainWithdrawal,
    OnChainWithdrawalStatus,
    Swap,
)
from axisor.exchange.rules import bad, executable, missing, must_be_positive
from axisor.model import SATS_PER_BITCOIN, Sats

_INVOICE = re.compile(r"ln(?:bcrt|bc|tbs|tb)([1-9]\d{0,15})([munp])1[a-z0-9]{6,2000}", re.ASCII)
_ADDRESS = re.compile(r"(?:bc|tb|bcrt)1[ac-hj-np-z02-9]{11,87}|[123mn][1-9A-HJ-NP-Za-km-z]{25,34}")
_PARTS = {"m": 10**3, "u": 10**6, "n": 10**9, "p": 10**12}
_CENT = Decimal("0.01")
_MAX_UNUSED_ADDRESSES = 20
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CREDITED = ("CONFIRMED", "IRREVERSIBLE")
_OVER = ("processed", "canceled", "rejected")


def invoice_amount(invoice: str) -> Sats:
    """Return the sats a BOLT11 invoice asks for, from its human-readable part; refuse others."""
    found = _INVOICE.fullmatch(invoice.lower())
    if found is None:
        raise bad("Send a correct BOLT 11 invoice")
    sats = Fraction(int(found[1]) * SATS_PER_BITCOIN, _PARTS[found[2]])
    if sats.denominator != 1:
        raise bad("Send a correct BOLT 11 invoice")
    return int(sats)


class Wallet:
    """The main balance of an account, in sats and synthetic dollars."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---------------------------------------------------------------- Lightning

    def create_deposit(
        self, now: datetime, amount: Sats, comment: str | None = None
    ) -> LightningDeposit:
        """Make an invoice over this amount; nothing is credited until it is settled."""
        must_be_positive(amount)
        desk = self._desk
        desk.begin()
        id = desk.ids()
        digest = hashlib.sha256(id.encode()).digest()
        deposit = LightningDeposit(
            id=id,
            created_at=now,
            amount=amount,
            payment_hash=digest.hex(),
            payment_request=f"lntbs{amount * 10}n1p{_letters(digest)}",
            comment=comment,
        )
        desk.books.lightning_deposits[id] = deposit
        self._record(now, "lightning_deposit", id, desk.books.balance, amount=amount)
        return deposit

    def settle_deposit(self, now: datetime, id: str) -> LightningDeposit:
        """Pay the invoice of a deposit: its amount is credited, once."""
        books = self._desk.books
        deposit = books.lightning_deposits.get(id)
        if deposit is None:
            raise missing("Deposit")
        if deposit.settled_at is not None:
            raise bad("The deposit is settled already")
        self._desk.begin()
        settled = replace(deposit, settled_at=now)
        books.lightning_deposits[id] = settled
        self._credit(deposit.amount)
        self._desk.say(Deposited(now, settled, books.balance, "lightning"))
        self._desk.notify(now, "deposit", "A deposit has arrived", id=id, amount=deposit.amount)
        return settled

    def withdraw_lightning(self, now: datetime, invoice: str) -> LightningWithdrawal:
        """Pay an invoice; amount and highest fee (1 %, rounded up) leave the balance at once."""
        amount = invoice_amount(invoice)
        must_be_positive(amount)
        max_fees = -(-amount // 100)
        desk = self._desk
        desk.must_have(amount + max_fees)
        desk.begin()
        before = desk.books.balance
        withdrawal = LightningWithdrawal(
            id=desk.ids(),
            created_at=now,
            amount=amount,
            max_fees=max_fees,
            payment_hash=hashlib.sha256(invoice.encode()).hexdigest(),
        )
        self._debit(amount + max_fees)
        desk.books.lightning_withdrawals[withdrawal.id] = withdrawal
        desk.say(Withdrawn(now, withdrawal, desk.books.balance, "lightning"))
        self._record(now, "lightning_withdrawal", withdrawal.id, before, amount=amount)
        return withdrawal

    def settle_withdrawal(
        self, now: datetime, id: str, *, paid: bool, fee: Sats = 0
    ) -> LightningWithdrawal:
        """End a Lightning withdrawal: paid at this fee, or failed; what was not used returns."""
        books = self._desk.books
        withdrawal = books.lightning_withdrawals.get(id)
        if withdrawal is None:
            raise missing("Withdrawal")
        if withdrawal.status != "processing":
            raise bad("The withdrawal is settled already")
        if not 0 <= fee <= withdrawal.max_fees:
            raise bad("The fee is out of range")
        self._desk.begin()
        cost = fee if paid else 0
        held = withdrawal.amount + withdrawal.max_fees
        settled = replace(withdrawal, status="processed" if paid else "failed", fee=cost)
        self._debit(-(held - (withdrawal.amount + cost if paid else 0)))
        books.lightning_withdrawals[id] = settled
        self._desk.say(Withdrawn(now, settled, books.balance, "lightning"))
        return settled

    # ---------------------------------------------------------------- on-chain

    def address(self, now: datetime) -> Address:
        """Return the current deposit address; the first one is made when it is asked for."""
        addresses = self._desk.books.addresses
        return addresses[-1] if addresses else self.new_address(now)

    def new_address(self, now: datetime, format: Literal["p2tr", "p2wpkh"] = "p2wpkh") -> Address:
        """Make a deposit address."""
        books = self._desk.books
        if len(books.addresses) >= _MAX_UNUSED_ADDRESSES:
            raise bad("You have too many unused addresses")
        self._desk.begin()
        digest = hashlib.sha256(self._desk.ids().encode()).digest()
        text = "tb1p" + _letters(digest) if format == "p2tr" else "tb1q" + _letters(digest)[:38]
        address = Address(text, now, format)
        books.addresses.append(address)
        self._record(now, "new_address", text, books.balance, format=format)
        return address

    def receive(self, now: datetime, amount: Sats, tx_id: str) -> OnChainDeposit:
        """See a payment to one of the account's addresses in the mempool; nothing is credited."""
        must_be_positive(amount)
        self._desk.begin()
        deposit = OnChainDeposit(self._desk.ids(), now, amount, tx_id)
        self._desk.books.onchain_deposits[deposit.id] = deposit
        self._desk.say(Deposited(now, deposit, self._desk.books.balance, "bitcoin"))
        return deposit

    def advance_deposit(
        self,
        now: datetime,
        id: str,
        status: OnChainDepositStatus,
        *,
        confirmations: int = 0,
        block_height: int | None = None,
    ) -> OnChainDeposit:
        """Move an on-chain deposit on; it is credited once, when first confirmed."""
        books = self._desk.books
        deposit = books.onchain_deposits.get(id)
        if deposit is None:
            raise missing("Deposit")
        self._desk.begin()
        credit = status in _CREDITED and not deposit.credited
        moved = replace(
            deposit,
            status=status,
            confirmations=confirmations,
            block_height=block_height,
            credited=deposit.credited or credit,
        )
        if credit:
            self._credit(deposit.amount)
        books.onchain_deposits[id] = moved
        self._desk.say(Deposited(now, moved, books.balance, "bitcoin"))
        return moved

    def withdraw_on_chain(self, now: datetime, address: str, amount: Sats) -> OnChainWithdrawal:
        """Ask for a payment to an address; the amount leaves the balance at once."""
        if _ADDRESS.fullmatch(address) is None:
            raise bad("Invalid address")
        must_be_positive(amount)
        desk = self._desk
        desk.must_have(amount)
        desk.begin()
        before = desk.books.balance
        withdrawal = OnChainWithdrawal(desk.ids(), now, now, address, amount)
        self._debit(amount)
        desk.books.onchain_withdrawals[withdrawal.id] = withdrawal
        desk.say(Withdrawn(now, withdrawal, desk.books.balance, "bitcoin"))
        self._record(now, "onchain_withdrawal", withdrawal.id, before, amount=amount)
        return withdrawal

    def advance_withdrawal(
        self,
        now: datetime,
        id: str,
        status: OnChainWithdrawalStatus,
        *,
        tx_id: str | None = None,
        fee: Sats | None = None,
    ) -> OnChainWithdrawal:
        """Move an on-chain withdrawal on; canceled or rejected gives the amount back.

        The fee is part of the amount, as the venue pays the network out of it.
        """
        books = self._desk.books
        withdrawal = books.onchain_withdrawals.get(id)
        if withdrawal is None:
            raise missing("Withdrawal")
        if withdrawal.status in _OVER:
            raise bad("The withdrawal is over")
        self._desk.begin()
        moved = replace(withdrawal, status=status, tx_id=tx_id, fee=fee, updated_at=now)
        if status in ("canceled", "rejected"):
            self._debit(-withdrawal.amount)
        books.onchain_withdrawals[id] = moved
        self._desk.say(Withdrawn(now, moved, books.balance, "bitcoin"))
        return moved

    # ---------------------------------------------------------------- dollars and notices

    def swap(
        self, now: datetime, quote: Quote, in_amount: Decimal, in_asset: Literal["BTC", "USD"]
    ) -> Swap:
        """Change sats into dollars at the bid, or dollars into sats at the ask, rounded down."""
        if not in_amount.is_finite() or in_amount <= 0:
            raise bad("Amount must be above 0")
        books = self._desk.books
        before = books.balance
        if in_asset == "BTC":
            sats, dollars = _sold(self._desk, quote, in_amount)
        else:
            sats, dollars = _bought(self._desk, quote, in_amount)
        if not sats or not dollars:
            raise bad("Amount is too small")
        self._desk.begin()
        books.balance -= sats
        books.usd += dollars
        books.sums.swapped += sats
        out, other = (dollars, "USD") if in_asset == "BTC" else (Decimal(-sats), "BTC")
        swap = Swap(
            id=self._desk.ids(),
            created_at=now,
            in_amount=in_amount,
            in_asset=in_asset,
            out_amount=out,
            out_asset="USD" if other == "USD" else "BTC",
        )
        books.swaps.append(swap)
        self._record(now, "swap", swap.id, before, in_amount=in_amount, in_asset=in_asset)
        return swap

    def mark_read(self, now: datetime) -> None:
        """Mark every notification as read."""
        books = self._desk.books
        self._desk.begin()
        books.notifications = [replace(n, read=True) for n in books.notifications]
        self._record(now, "mark_read", "notifications", books.balance)

    # ---------------------------------------------------------------- parts

    def _record(
        self, now: datetime, request: str, target: str, before: Sats, **fields: object
    ) -> None:
        self._desk.record(now, request, target, before=(0, before), fields=fields)

    def _credit(self, amount: Sats) -> None:
        self._desk.books.balance += amount
        self._desk.books.sums.deposited += amount

    def _debit(self, amount: Sats) -> None:
        self._desk.books.balance -= amount
        self._desk.books.sums.withdrawn += amount


def _letters(digest: bytes) -> str:
    """Write a digest in the letters that addresses and invoices use; it has no checksum."""
    return "".join(_LETTERS[b % 32] for b in digest + digest[:26])


def _sold(desk: Desk, quote: Quote, amount: Decimal) -> tuple[Sats, Decimal]:
    if amount % 1:
        raise bad("Bitcoin is swapped in whole sats")
    sats = int(amount)
    desk.must_have(sats)
    n, d = executable(quote.bid).as_integer_ratio()
    cents = sats * n * 100 // (d * SATS_PER_BITCOIN)
    return sats, Decimal(cents) * _CENT


def _bought(desk: Desk, quote: Quote, amount: Decimal) -> tuple[Sats, Decimal]:
    if amount != amount.quantize(_CENT, ROUND_FLOOR):
        raise bad("Dollars are swapped with at most two decimals")
    if amount > desk.books.usd:
        raise bad(f"Balance too low: {desk.books.usd} dollars are free")
    sats = Fraction(amount) / Fraction(executable(quote.ask)) * SATS_PER_BITCOIN
    return -(sats.numerator // sats.denominator), -amount
