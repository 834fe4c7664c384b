"""MarginService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from axisor.errors import PositionNotFound
from axisor.intents import (
    Action,
    AddMargin,
    CashIn,
    ClosePosition,
    DepositCross,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import CROSS, MarginMode
from axisor.v1 import margin_pb2 as pb
from axisor.wire.model import report_to_wire
from axisor.wire.names import account_id, position_id, run_id
from axisor.wire.scalars import (
    decimal_from_wire,
    decimal_to_wire,
    enum_asked_or_none,
    percent_from_wire,
)
from axisor_server.rpc.answers import acted
from axisor_server.rpc.calls import Call
from axisor_server.rpc.imagined import imagined_to_wire
from axisor_server.rpc.reports import percent, position_of, positions_of
from axisor_server.rpc.watches import MARGIN, Watches
from axisor_server.services import paging
from axisor_server.services.accounts import Accounts
from axisor_server.services.acting import Acting
from axisor_server.services.guarding import Guards
from axisor_server.services.snapshots import Snapshots

R = TypeVar("R")


class MarginServicer:
    """Shows positions and moves their margin."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        acting: Acting,
        guards: Guards,
        snapshots: Snapshots,
        watches: Watches,
    ) -> None:
        self._accounts = accounts
        self._acting = acting
        self._guards = guards
        self._snapshots = snapshots
        self._watches = watches

    async def ListPositions(
        self, request: pb.ListPositionsRequest, call: Call
    ) -> pb.ListPositionsResponse:
        """Answer with a page of positions, nearest to liquidation first."""
        account = account_id(request.parent, "parent")
        mode = enum_asked_or_none(MarginMode, request.margin_mode, "margin_mode")
        of = f"positions/{account}/{mode or ''}"
        paging.place(of, request.page_token)
        await self._accounts.get(account)
        page, token = paging.cut(
            self._snapshots.positions(account, mode),
            of=of,
            size=request.page_size,
            after=request.page_token,
        )
        covers = self._snapshots.coverages(account)
        reports = positions_of(account, page, self._snapshots.view(account), covers)
        return pb.ListPositionsResponse(
            positions=[report_to_wire(report) for report in reports], next_page_token=token
        )

    async def GetPosition(
        self, request: pb.GetPositionRequest, call: Call
    ) -> pb.GetPositionResponse:
        """Answer with one position."""
        account, id = position_id(request.name)
        await self._accounts.get(account)
        view = self._snapshots.view(account)
        position = view.position(id)
        if position is None:
            raise PositionNotFound(f"The account has no open position `{id}`.", position=id)
        covers = {cover.position: cover for cover in self._snapshots.coverages(account)}
        report = position_of(account, position, view, covers.get(id))
        return pb.GetPositionResponse(position=report_to_wire(report))

    async def AddMargin(self, request: pb.AddMarginRequest, call: Call) -> pb.AddMarginResponse:
        """Move sats from the balance into a position."""
        account, id = position_id(request.name)
        action = AddMargin(position=id, amount=request.amount_sats)
        return await self._act(pb.AddMarginResponse, account, id, action, call)

    async def CashIn(self, request: pb.CashInRequest, call: Call) -> pb.CashInResponse:
        """Move sats from a position to the balance."""
        account, id = position_id(request.name)
        action = CashIn(position=id, amount=request.amount_sats)
        return await self._act(pb.CashInResponse, account, id, action, call)

    async def ClosePosition(
        self, request: pb.ClosePositionRequest, call: Call
    ) -> pb.ClosePositionResponse:
        """Close a whole position."""
        account, id = position_id(request.name)
        return await self._act(
            pb.ClosePositionResponse, account, id, ClosePosition(position=id), call
        )

    async def SetStopLoss(
        self, request: pb.SetStopLossRequest, call: Call
    ) -> pb.SetStopLossResponse:
        """Set or remove a position's stop-loss."""
        account, id = position_id(request.name)
        price = None if request.remove else decimal_from_wire(request.price_usd, "price_usd")
        action = SetStop(position=id, price=price)
        return await self._act(pb.SetStopLossResponse, account, id, action, call)

    async def SetTakeProfit(
        self, request: pb.SetTakeProfitRequest, call: Call
    ) -> pb.SetTakeProfitResponse:
        """Set or remove a position's take-profit."""
        account, id = position_id(request.name)
        price = None if request.remove else decimal_from_wire(request.price_usd, "price_usd")
        action = SetTakeProfit(position=id, price=price)
        return await self._act(pb.SetTakeProfitResponse, account, id, action, call)

    async def DepositCross(
        self, request: pb.DepositCrossRequest, call: Call
    ) -> pb.DepositCrossResponse:
        """Move sats into the cross wallet."""
        account = account_id(request.parent, "parent")
        action = DepositCross(amount=request.amount_sats)
        return await self._act(pb.DepositCrossResponse, account, CROSS, action, call)

    async def WithdrawCross(
        self, request: pb.WithdrawCrossRequest, call: Call
    ) -> pb.WithdrawCrossResponse:
        """Move sats out of the cross wallet."""
        account = account_id(request.parent, "parent")
        action = WithdrawCross(amount=request.amount_sats)
        return await self._act(pb.WithdrawCrossResponse, account, CROSS, action, call)

    async def SetCrossLeverage(
        self, request: pb.SetCrossLeverageRequest, call: Call
    ) -> pb.SetCrossLeverageResponse:
        """Set the leverage of the cross position."""
        account = account_id(request.parent, "parent")
        action = SetCrossLeverage(leverage=request.leverage)
        return await self._act(pb.SetCrossLeverageResponse, account, CROSS, action, call)

    async def ClosePart(self, request: pb.ClosePartRequest, call: Call) -> pb.ClosePartResponse:
        """Close a part of the cross position."""
        account, id = position_id(request.name)
        result = await self._acting.close_part(account, request.quantity_usd, call.request())
        fields = acted(account, id, result, self._snapshots.view(account))
        return pb.ClosePartResponse(**fields)

    async def WhatIf(self, request: pb.WhatIfRequest, call: Call) -> pb.WhatIfResponse:
        """Answer what another price or more margin would mean."""
        account = account_id(request.parent, "parent")
        price = decimal_from_wire(request.price_usd, "price_usd") if request.price_usd else None
        found = await self._guards.whatif(
            account,
            run=run_id(request.run, "run")[1] if request.run else "",
            price=price,
            move=percent_from_wire(request.move_percent, "move_percent"),
            position=position_id(request.position, "position")[1] if request.position else "",
            added=request.add_sats,
        )
        rows = found.rows
        return pb.WhatIfResponse(
            price_usd=decimal_to_wire(found.price, "price_usd"),
            move_percent=decimal_to_wire(percent(found.move), "move_percent"),
            positions=[imagined_to_wire(account, row, found) for row in rows],
            unguarded_loss_sats=sum(row.after.margin for row in rows if not row.survives),
            walked_loss_sats=sum(
                row.after.margin + row.spend for row in rows if not row.survives_walk
            ),
            jumped_loss_sats=sum(row.after.margin for row in rows if not row.survives_jump),
            walked_spend_sats=sum(row.spend for row in rows),
            missing_sats=sum(row.missing for row in rows),
        )

    def WatchMargin(self, request: pb.WatchMarginRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream what changes about positions."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        return self._watches.watch(account_id(request.parent, "parent"), after, MARGIN)

    async def _act(
        self, answer: type[R], account: str, position: str, action: Action, call: Call
    ) -> R:
        result = await self._acting.act(account, action, call.request())
        fields: dict[str, Any] = acted(account, position, result, self._snapshots.view(account))
        return answer(**fields)
