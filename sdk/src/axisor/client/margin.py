"""Calls about positions and the margin that keeps them alive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from axisor.client.calls import Caller, Page, new_request_id
from axisor.client.results import result
from axisor.model import MarginMode, Price, Sats
from axisor.v1 import margin_pb2 as pb
from axisor.v1.margin_pb2_grpc import MarginServiceStub
from axisor.watch import WatchItem
from axisor.wire.guard import whatif_from_wire
from axisor.wire.model import report_from_wire
from axisor.wire.names import account_name, position_name, run_name
from axisor.wire.records import ActionResult, PositionReport, WhatIf
from axisor.wire.scalars import decimal_to_wire, enum_to_wire, percent_to_wire, time_to_wire


class Margin:
    """The methods of MarginService.

    Those that move sats take `validate_only` (check and preview, send nothing), `not_after` (refuse
    the request after this moment) and `request_id`. Beside what is named they raise Halted,
    ActionPending, ReviewRefused, ShadowOnly, and the errors of the venue.
    """

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = MarginServiceStub(caller.channel)

    async def list_positions(
        self,
        account: str,
        *,
        margin_mode: MarginMode | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[PositionReport]:
        """Return open positions, nearest to liquidation first. Raises AccountNotFound."""
        request = pb.ListPositionsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            margin_mode=enum_to_wire(margin_mode),
        )
        answer = await self._call.unary(self._stub.ListPositions, request)
        return Page(tuple(map(report_from_wire, answer.positions)), answer.next_page_token)

    async def get_position(self, account: str, position: str) -> PositionReport:
        """Return one open position. Raises PositionNotFound."""
        request = pb.GetPositionRequest(name=position_name(account, position))
        return report_from_wire((await self._call.unary(self._stub.GetPosition, request)).position)

    async def add_margin(
        self,
        account: str,
        position: str,
        sats: Sats,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Move sats from the balance into an isolated position. Raises InsufficientBalance."""
        request = pb.AddMarginRequest(
            name=position_name(account, position),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            amount_sats=sats,
        )
        return result(await self._call.unary(self._stub.AddMargin, request))

    async def cash_in(
        self,
        account: str,
        position: str,
        sats: Sats,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Move sats from an isolated position to the balance. Raises StalePrice."""
        request = pb.CashInRequest(
            name=position_name(account, position),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            amount_sats=sats,
        )
        return result(await self._call.unary(self._stub.CashIn, request))

    async def close_position(
        self,
        account: str,
        position: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Close a whole position at the market. Raises PositionNotFound."""
        request = pb.ClosePositionRequest(
            name=position_name(account, position),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
        )
        return result(await self._call.unary(self._stub.ClosePosition, request))

    async def close_part(
        self,
        account: str,
        quantity: int,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Make the cross position smaller by `quantity` dollars. Raises QuantityOutOfRange."""
        request = pb.ClosePartRequest(
            name=position_name(account, "cross"),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            quantity_usd=quantity,
        )
        return result(await self._call.unary(self._stub.ClosePart, request))

    async def set_stop_loss(
        self,
        account: str,
        position: str,
        price: Price | None,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Set the venue's stop-loss, None removes it. Raises PriceOffStep, NotSupported."""
        request = pb.SetStopLossRequest(
            name=position_name(account, position),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
        )
        if price is None:
            request.remove = True
        else:
            request.price_usd = decimal_to_wire(price, "price_usd")
        return result(await self._call.unary(self._stub.SetStopLoss, request))

    async def set_take_profit(
        self,
        account: str,
        position: str,
        price: Price | None,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Set the venue's take-profit, None removes it. Raises PriceOffStep, NotSupported."""
        request = pb.SetTakeProfitRequest(
            name=position_name(account, position),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
        )
        if price is None:
            request.remove = True
        else:
            request.price_usd = decimal_to_wire(price, "price_usd")
        return result(await self._call.unary(self._stub.SetTakeProfit, request))

    async def deposit_cross(
        self,
        account: str,
        sats: Sats,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Move sats from the balance into the cross wallet. Raises InsufficientBalance."""
        request = pb.DepositCrossRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            amount_sats=sats,
        )
        return result(await self._call.unary(self._stub.DepositCross, request))

    async def withdraw_cross(
        self,
        account: str,
        sats: Sats,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Move free sats from the cross wallet to the balance. Raises InsufficientBalance."""
        request = pb.WithdrawCrossRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            amount_sats=sats,
        )
        return result(await self._call.unary(self._stub.WithdrawCross, request))

    async def set_cross_leverage(
        self,
        account: str,
        leverage: int,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> ActionResult:
        """Set the leverage of the cross position, 1 to 100. Raises LeverageOutOfRange."""
        request = pb.SetCrossLeverageRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=_stamp(not_after),
            validate_only=validate_only,
            leverage=leverage,
        )
        return result(await self._call.unary(self._stub.SetCrossLeverage, request))

    async def what_if(
        self,
        account: str,
        *,
        price: Price | None = None,
        move: Decimal | None = None,
        position: str = "",
        add_sats: Sats = 0,
        run: str = "",
    ) -> WhatIf:
        """Compute another price, or a `move` of this fraction, with more margin in a position.

        Neither price nor move leaves the price where it is. Raises PositionNotFound, FieldInvalid.
        """
        request = pb.WhatIfRequest(
            parent=account_name(account),
            run=run_name(account, run),
            position=position_name(account, position),
            add_sats=add_sats,
        )
        if price is not None:
            request.price_usd = decimal_to_wire(price, "price_usd")
        elif move is not None:
            request.move_percent = percent_to_wire(move, "move_percent")
        return whatif_from_wire(await self._call.unary(self._stub.WhatIf, request))

    def watch(self, account: str, *, after: int | None = None) -> AsyncGenerator[WatchItem, None]:
        """Follow positions, balance, funding and coverage; see `axisor.watch.watch`."""
        parent = account_name(account)
        return self._call.watch(
            lambda after: self._stub.WatchMargin(
                pb.WatchMarginRequest(parent=parent, after_sequence=after),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )


def _stamp(moment: datetime | None) -> Timestamp | None:
    return time_to_wire(moment, "not_after_time")
