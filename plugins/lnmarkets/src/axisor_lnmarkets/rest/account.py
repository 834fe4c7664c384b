"""The calls of the REST interface about an account, its deposits and its withdrawals."""

from __future__ import annotations

from typing import Any

from axisor.model import Sats
from axisor.ports import Lane
from axisor_lnmarkets.models.account import (
    Account,
    Address,
    AddressFormat,
    DepositStatus,
    LightningDeposit,
    LightningDepositRequest,
    LightningPayment,
    LightningStatus,
    LightningWithdrawal,
    Notification,
    OnChainDeposit,
    OnChainPayment,
    OnChainStatus,
    OnChainWithdrawal,
)
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.rest.paging import FIRST, Page, PageQuery, read_page
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.wire import encode_body

_Nothing: Any = dict[str, Any] | None
"""The venue answers null or an empty object; nothing reads it, hence Any."""


class AccountCalls:
    """An account's own calls. Every method raises VenueError; those that post may raise
    OutcomeUnknown and are never repeated. `signed_at_ms` is venue time; None is the present.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def account(self, *, lane: Lane = Lane.READ) -> Account:
        """Return the account with its balance."""
        return await self._transport.get(Account, "/v3/account", lane=lane)

    async def address(self) -> Address:
        """Return the bitcoin address to deposit to that is not used yet."""
        return await self._transport.get(Address, "/v3/account/address/bitcoin")

    async def new_address(
        self, format_: AddressFormat | None = None, *, signed_at_ms: int | None = None
    ) -> Address:
        """Make a new bitcoin address to deposit to."""
        body = b"" if format_ is None else encode_body({"format": format_.value})
        request = Request(method="POST", path="/v3/account/address/bitcoin", body=body)
        return await self._transport.change(
            Address, request, signed_at_ms=signed_at_ms, lane=Lane.COMMAND
        )

    async def deposit_lightning(
        self,
        amount: Sats,
        *,
        comment: str | None = None,
        description_hash: str | None = None,
        signed_at_ms: int | None = None,
    ) -> LightningDepositRequest:
        """Make an invoice that deposits `amount` when it is paid."""
        body = encode_body(
            {"amount": amount, "comment": comment, "descriptionHash": description_hash}
        )
        request = Request(method="POST", path="/v3/account/deposit/lightning", body=body)
        return await self._transport.change(
            LightningDepositRequest, request, signed_at_ms=signed_at_ms, lane=Lane.COMMAND
        )

    async def withdraw_lightning(
        self, invoice: str, *, signed_at_ms: int | None = None
    ) -> LightningPayment:
        """Pay an invoice out of the balance."""
        body = encode_body({"invoice": invoice})
        request = Request(method="POST", path="/v3/account/withdraw/lightning", body=body)
        return await self._transport.change(
            LightningPayment, request, signed_at_ms=signed_at_ms, lane=Lane.COMMAND
        )

    async def withdraw_on_chain(
        self, address: str, amount: Sats, *, signed_at_ms: int | None = None
    ) -> OnChainPayment:
        """Ask for `amount` to be sent to a bitcoin address."""
        body = encode_body({"address": address, "amount": amount})
        request = Request(method="POST", path="/v3/account/withdraw/on-chain", body=body)
        return await self._transport.change(
            OnChainPayment,
            request,
            signed_at_ms=signed_at_ms,
            lane=Lane.COMMAND,
            about=lambda payment: payment.amount == amount and payment.address == address,
        )

    async def deposits_lightning(
        self, page: PageQuery = FIRST, *, settled: bool | None = None
    ) -> Page[LightningDeposit]:
        """Return Lightning deposits, newest first."""
        return await read_page(
            self._transport,
            LightningDeposit,
            "/v3/account/deposits/lightning",
            [*page.fields(), ("settled", settled)],
        )

    async def deposits_on_chain(
        self, page: PageQuery = FIRST, *, status: DepositStatus | None = None
    ) -> Page[OnChainDeposit]:
        """Return on-chain deposits, newest first."""
        return await read_page(
            self._transport,
            OnChainDeposit,
            "/v3/account/deposits/on-chain",
            [*page.fields(), ("status", None if status is None else status.value)],
        )

    async def withdrawals_lightning(
        self, page: PageQuery = FIRST, *, status: LightningStatus | None = None
    ) -> Page[LightningWithdrawal]:
        """Return Lightning withdrawals, newest first."""
        return await read_page(
            self._transport,
            LightningWithdrawal,
            "/v3/account/withdrawals/lightning",
            [*page.fields(), ("status", None if status is None else status.value)],
        )

    async def withdrawals_on_chain(
        self, page: PageQuery = FIRST, *, status: OnChainStatus | None = None
    ) -> Page[OnChainWithdrawal]:
        """Return on-chain withdrawals, newest first."""
        return await read_page(
            self._transport,
            OnChainWithdrawal,
            "/v3/account/withdrawals/on-chain",
            [*page.fields(), ("status", None if status is None else status.value)],
        )

    async def notifications(
        self, page: PageQuery = FIRST, *, read: bool | None = None
    ) -> Page[Notification]:
        """Return notifications, newest first; without `read` the venue returns the unread ones."""
        return await read_page(
            self._transport,
            Notification,
            "/v3/account/notifications",
            [*page.fields(), ("read", read)],
        )

    async def read_notifications(self, *, signed_at_ms: int | None = None) -> None:
        """Mark every notification as read."""
        request = Request(method="PUT", path="/v3/account/notifications")
        await self._transport.change(
            _Nothing, request, signed_at_ms=signed_at_ms, lane=Lane.COMMAND
        )
