"""Calls about how accounts have fared."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from axisor.client.calls import Caller
from axisor.metrics import Metrics
from axisor.model import Sats
from axisor.v1 import performance_pb2 as pb
from axisor.v1.performance_pb2_grpc import PerformanceServiceStub
from axisor.wire.names import account_name
from axisor.wire.scalars import decimal_or_none, percent_from_wire, time_or_none, time_to_wire


class AccountPerformance(Struct, frozen=True, kw_only=True):
    """How an account fared from `start` to `end`, by its journal up to `sequence`.

    `metrics` are those of booked equity: time at risk and protection are not known of the past.
    `unrealised` is the profit of open positions at their last reading.
    """

    start: datetime | None
    end: datetime | None
    sequence: int
    equity: Sats
    unrealised: Sats
    fees: Sats
    funding: Sats
    actions: int
    added: Sats
    metrics: Metrics


class Performance:
    """The methods of PerformanceService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = PerformanceServiceStub(caller.channel)

    async def get(
        self, account: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> AccountPerformance:
        """Return how an account fared over a time. Raises AccountNotFound."""
        request = pb.GetPerformanceRequest(
            parent=account_name(account),
            start_time=time_to_wire(start, "start_time"),
            end_time=time_to_wire(end, "end_time"),
        )
        answer = await self._call.unary(self._stub.GetPerformance, request)
        return _from_wire(answer.performance)


def _from_wire(message: pb.Performance) -> AccountPerformance:
    return AccountPerformance(
        start=time_or_none(message, "start_time"),
        end=time_or_none(message, "end_time"),
        sequence=message.sequence,
        equity=message.start_equity_sats,
        unrealised=message.unrealised_pl_sats,
        fees=message.fees_sats,
        funding=message.funding_sats,
        actions=message.action_count,
        added=message.added_sats,
        metrics=Metrics(
            net_pl_sats=message.net_pl_sats,
            max_drawdown_sats=message.max_drawdown_sats,
            max_drawdown=percent_from_wire(message.max_drawdown_percent, "max_drawdown_percent"),
            sharpe=_ratio(message.sharpe_ratio, "sharpe_ratio"),
            sortino=_ratio(message.sortino_ratio, "sortino_ratio"),
            closed=message.closed_count,
            win_rate=percent_from_wire(message.win_rate_percent, "win_rate_percent"),
            profit_factor=_ratio(message.profit_factor, "profit_factor"),
            time_at_risk=None,
            liquidations=message.liquidation_count,
        ),
    )


def _ratio(text: str, field: str) -> Decimal | None:
    return decimal_or_none(text, field, signed=True)
