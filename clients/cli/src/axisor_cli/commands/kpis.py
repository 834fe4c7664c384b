"""How an account has fared, as a person reads it; by the same figures as back-tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from axisor_cli.session import Options

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.performance import AccountPerformance
    from axisor.wire.records import Account


def row(found: AccountPerformance) -> dict[str, Any]:
    """Return the figures as a person reads them."""
    metrics = found.metrics
    return {
        "start_at": found.start,
        "end_at": found.end,
        "start_equity_sats": found.equity,
        "net_pl_sats": metrics.net_pl_sats,
        "unrealised_pl_sats": found.unrealised,
        "fees_sats": found.fees,
        "funding_sats": found.funding,
        "max_drawdown_sats": metrics.max_drawdown_sats,
        "max_drawdown_pct": None if metrics.max_drawdown is None else metrics.max_drawdown * 100,
        "sharpe": metrics.sharpe,
        "sortino": metrics.sortino,
        "closed": metrics.closed,
        "win_rate_pct": None if metrics.win_rate is None else metrics.win_rate * 100,
        "profit_factor": metrics.profit_factor,
        "liquidations": metrics.liquidations,
        "actions": found.actions,
        "added_sats": found.added,
        "sequence": found.sequence,
    }


def show(options: Options, start: datetime | None, end: datetime | None) -> None:
    """Write how the account fared over a time; bounds are UTC."""

    async def use(client: Client, account: Account) -> AccountPerformance:
        return await client.performance.get(account.id, start=_utc(start), end=_utc(end))

    options.printer().record(row(options.run_on(use)))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
