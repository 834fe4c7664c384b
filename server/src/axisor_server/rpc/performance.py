"""PerformanceService."""

from __future__ import annotations

from axisor.v1 import performance_pb2 as pb
from axisor.wire.names import account_id, account_name
from axisor.wire.scalars import figure_to_wire, percent_to_wire, time_or_none, time_to_wire
from axisor_server.rpc.calls import Call
from axisor_server.services.performing import Performance, Performances


class PerformanceServicer:
    """Judges accounts."""

    def __init__(self, performances: Performances) -> None:
        self._performances = performances

    async def GetPerformance(
        self, request: pb.GetPerformanceRequest, call: Call
    ) -> pb.GetPerformanceResponse:
        """Answer how an account fared."""
        account = account_id(request.parent, "parent")
        found = await self._performances.judge(
            account, time_or_none(request, "start_time"), time_or_none(request, "end_time")
        )
        return pb.GetPerformanceResponse(performance=_to_wire(account, found))


def _to_wire(account: str, found: Performance) -> pb.Performance:
    figures, metrics = found.figures, found.figures.metrics
    return pb.Performance(
        name=f"{account_name(account)}/performance",
        start_time=time_to_wire(figures.start, "start_time"),
        end_time=time_to_wire(figures.end, "end_time"),
        sequence=found.sequence,
        start_equity_sats=figures.equity,
        net_pl_sats=metrics.net_pl_sats,
        unrealised_pl_sats=found.unrealised,
        fees_sats=figures.fees,
        funding_sats=figures.funding,
        max_drawdown_sats=metrics.max_drawdown_sats,
        max_drawdown_percent=percent_to_wire(metrics.max_drawdown, "max_drawdown_percent"),
        sharpe_ratio=figure_to_wire(metrics.sharpe, "sharpe_ratio"),
        sortino_ratio=figure_to_wire(metrics.sortino, "sortino_ratio"),
        closed_count=metrics.closed,
        win_rate_percent=percent_to_wire(metrics.win_rate, "win_rate_percent"),
        profit_factor=figure_to_wire(metrics.profit_factor, "profit_factor"),
        liquidation_count=metrics.liquidations,
        action_count=figures.actions,
        added_sats=figures.added,
    )
