"""REST's endpoints for the account: balance, addresses, deposits, withdrawals, notices, swaps."""

from __future__ import annotations

import re

from axisor.exchange.records import LightningWithdrawal, Notification
from axisor_lnmarkets.sim.errors import bad_request
from axisor_lnmarkets.sim.requests import Endpoint, Request
from axisor_lnmarkets.sim.views import picked, view
from axisor_lnmarkets.sim.wire import Json, iso, number

READ = "account:read"
DEPOSITS = "account:deposits:read"
DEPOSIT = "account:deposits:write"
WITHDRAWALS = "account:withdrawals:read"
WITHDRAW = "account:withdrawals:write"
SWAPS = "synthetic-usd:read"
SWAP = "synthetic-usd:write"

_HASH = re.compile(r"[a-f0-9]{64}")
_DEPOSIT_STATES = (
    "MEMPOOL",
    "CONFIRMED",
    "IRREVERSIBLE",
    "under_review",
    "not_credited",
    "on_hold",
)
_LIGHTNING_STATES = ("failed", "processed", "processing")
_ON_CHAIN_STATES = ("canceled", "pending", "processed", "processing", "rejected")


def _account(request: Request) -> Json:
    account = request.account
    return {
        "id": account.id,
        "username": request.world.settings.username,
        "email": None,
        "balance": account.books.balance,
        "syntheticUsdBalance": number(account.books.usd),
        "feeTier": account.fee_tier(request.now),
        "linkingPublicKey": None,
    }


def _address(request: Request) -> Json:
    return picked(request.account.wallet.address(request.now), "address")


def _new_address(request: Request) -> Json:
    format_ = request.body.one_of("format", ("p2tr", "p2wpkh"), "p2wpkh")
    made = request.account.wallet.new_address(
        request.now, "p2tr" if format_ == "p2tr" else "p2wpkh"
    )
    return picked(made, "address", "createdAt")


def _deposit_lightning(request: Request) -> Json:
    body = request.body
    amount = body.integer("amount", least=1)
    digest = body.text_or_none("descriptionHash")
    if digest is not None and _HASH.fullmatch(digest) is None:
        raise bad_request("descriptionHash must be 64 hexadecimal digits")
    made = request.account.wallet.create_deposit(request.now, amount, body.text_or_none("comment"))
    return {"depositId": made.id, "paymentRequest": made.payment_request}


def _withdraw_lightning(request: Request) -> Json:
    invoice = request.body.text("invoice", most=5000)
    made = request.account.wallet.withdraw_lightning(request.now, invoice)
    return {
        "id": made.id,
        "amount": made.amount,
        "maxFees": made.max_fees,
        "paymentHash": made.payment_hash,
    }


def _withdraw_on_chain(request: Request) -> Json:
    address, amount = request.body.text("address"), request.body.integer("amount", least=1)
    made = request.account.wallet.withdraw_on_chain(request.now, address, amount)
    shown = view(made)
    shown["uid"] = request.account.id
    shown["updatedAt"] = iso(made.updated_at)
    return shown


def _lightning_deposits(request: Request) -> Json:
    settled = request.fields.flag_or_none("settled")
    rows = [
        row
        for row in request.account.books.lightning_deposits.values()
        if settled is None or settled == (row.settled_at is not None)
    ]
    return request.paged(rows, lambda row: row.created_at, view)


def _on_chain_deposits(request: Request) -> Json:
    status = request.fields.one_of_or_none("status", _DEPOSIT_STATES)
    rows = request.account.books.onchain_deposits.values()
    return request.paged(
        [row for row in rows if status in (None, row.status)], lambda row: row.created_at, view
    )


def _lightning_withdrawals(request: Request) -> Json:
    status = request.fields.one_of_or_none("status", _LIGHTNING_STATES)
    rows: list[LightningWithdrawal] = [
        row
        for row in request.account.books.lightning_withdrawals.values()
        if status in (None, row.status)
    ]
    return request.paged(rows, lambda row: row.created_at, view)


def _on_chain_withdrawals(request: Request) -> Json:
    status = request.fields.one_of_or_none("status", _ON_CHAIN_STATES)
    rows = request.account.books.onchain_withdrawals.values()
    return request.paged(
        [row for row in rows if status in (None, row.status)], lambda row: row.created_at, view
    )


def _notifications(request: Request) -> Json:
    read = request.fields.flag_or_none("read")
    rows: list[Notification] = [
        row for row in request.account.books.notifications if row.read == (read is True)
    ]
    return request.paged(rows, lambda row: row.created_at, view)


def _mark_read(request: Request) -> Json:
    request.account.wallet.mark_read(request.now)
    return {}


def _swaps(request: Request) -> Json:
    return request.paged(request.account.books.swaps, lambda row: row.created_at, view)


def _swap(request: Request) -> Json:
    body = request.body
    given = body.one_of("inAsset", ("BTC", "USD"))
    wanted = body.one_of("outAsset", ("BTC", "USD"))
    if given == wanted:
        raise bad_request("inAsset and outAsset must differ")
    made = request.account.wallet.swap(
        request.now, request.quote, body.number("inAmount"), "BTC" if given == "BTC" else "USD"
    )
    return picked(made, "id", "inAmount", "inAsset", "outAmount", "outAsset")


ENDPOINTS = (
    Endpoint("GET", "/account", "account", READ, _account),
    Endpoint("GET", "/account/address/bitcoin", "address", DEPOSITS, _address),
    Endpoint("POST", "/account/address/bitcoin", "new-address", DEPOSIT, _new_address, True),
    Endpoint(
        "POST", "/account/deposit/lightning", "deposit-lightning", DEPOSIT, _deposit_lightning, True
    ),
    Endpoint(
        "POST",
        "/account/withdraw/lightning",
        "withdraw-lightning",
        WITHDRAW,
        _withdraw_lightning,
        True,
    ),
    Endpoint(
        "POST",
        "/account/withdraw/on-chain",
        "withdraw-on-chain",
        WITHDRAW,
        _withdraw_on_chain,
        True,
    ),
    Endpoint(
        "GET", "/account/deposits/lightning", "deposits-lightning", DEPOSITS, _lightning_deposits
    ),
    Endpoint(
        "GET", "/account/deposits/on-chain", "deposits-on-chain", DEPOSITS, _on_chain_deposits
    ),
    Endpoint(
        "GET",
        "/account/withdrawals/lightning",
        "withdrawals-lightning",
        WITHDRAWALS,
        _lightning_withdrawals,
    ),
    Endpoint(
        "GET",
        "/account/withdrawals/on-chain",
        "withdrawals-on-chain",
        WITHDRAWALS,
        _on_chain_withdrawals,
    ),
    Endpoint("GET", "/account/notifications", "notifications", READ, _notifications),
    Endpoint("PUT", "/account/notifications", "read-notifications", READ, _mark_read, True),
    Endpoint("GET", "/synthetic-usd/swaps", "swaps", SWAPS, _swaps),
    Endpoint("POST", "/synthetic-usd/swap", "swap", SWAP, _swap, True),
)
