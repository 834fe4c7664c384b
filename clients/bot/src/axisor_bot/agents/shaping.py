"""Writes what the core answers as plain records for agents: every figure's unit is in its name.

Sats are whole numbers, prices and percentages are decimal texts, so that none is ever rounded.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from axisor.client.guard import Explanation, Plan
from axisor.client.performance import AccountPerformance
from axisor.events import HaltLevel
from axisor.model import Order, Side
from axisor.wire.confirmations import Confirmation
from axisor.wire.records import (
    Figures,
    PositionReport,
    Preview,
    Snapshot,
    TickReport,
    WhatIf,
)
from axisor_bot.screens import AT_WORK, guard_of

Record = dict[str, Any]


def text(number: Decimal | None) -> str | None:
    """Return a number exactly, without an exponent."""
    return None if number is None else f"{number:f}"


def moment(time: datetime | None) -> str | None:
    """Return a time in RFC 3339."""
    return None if time is None else time.isoformat()


def percent(fraction: Decimal | None) -> str | None:
    """Return a fraction in percent."""
    return None if fraction is None else text(fraction * 100)


def account(seen: Snapshot, tick: TickReport | None) -> Record:
    """Return how an account is."""
    guard = guard_of(seen.runs)
    halted = seen.platform_halt if seen.platform_halt is not HaltLevel.NONE else seen.halt
    return {
        "account": seen.account.label,
        "mode": seen.account.mode.value,
        "sequence": seen.sequence,
        "standing": seen.standing.value,
        "causes": [each.text or each.code for each in seen.causes],
        "halt": halted.value,
        "guard": "none" if guard is None else "armed" if guard.state in AT_WORK else "off",
        "free_sats": seen.balance.balance.free,
        "positions": len(seen.positions),
        "price_usd": None if tick is None else text(tick.tick.last),
        "price_quality": "none" if tick is None else tick.quality.value,
        "price_age_s": None if tick is None or tick.age is None else int(tick.age.total_seconds()),
    }


def position(report: PositionReport) -> Record:
    """Return a position."""
    held, covered = report.position, report.coverage
    return {
        "position": held.id,
        "side": "long" if held.side is Side.BUY else "short",
        "quantity_usd": held.quantity,
        "entry_usd": text(held.entry),
        "margin_sats": held.margin,
        "leverage": text(held.leverage),
        "liquidation_usd": text(held.liquidation),
        "distance_percent": text(report.distance_percent),
        "pl_sats": held.pl,
        "stop_usd": text(held.stoploss),
        "target_usd": text(held.takeprofit),
        "protection": "none" if covered is None else covered.state.value,
        "protection_reason": "" if covered is None else covered.reason,
    }


def order(found: Order) -> Record:
    """Return an order."""
    return {
        "order": found.id,
        "side": found.side.value,
        "type": found.type.value,
        "quantity_usd": found.quantity,
        "price_usd": text(found.price),
        "state": found.state.value,
    }


def plan(found: Plan) -> Record:
    """Return what a guard does as the price walks away."""
    return {
        "price_usd": text(found.price),
        "budget_left_sats": found.budget_left,
        "truncated": found.truncated,
        "rows": [
            {
                "price_usd": text(row.price),
                "move_percent": percent(row.move),
                "position": row.position,
                "action": row.action,
                "cost_sats": row.cost,
                "budget_left_sats": row.budget_left,
                "liquidation_usd": text(row.liquidation),
                "note": row.note,
            }
            for row in found.rows
        ],
    }


def what_if(found: WhatIf) -> Record:
    """Return what becomes of an account at another price."""
    return {
        "price_usd": text(found.price),
        "move_percent": percent(found.move),
        "unguarded_loss_sats": found.unguarded_loss,
        "walked_loss_sats": found.walked_loss,
        "jumped_loss_sats": found.jumped_loss,
        "walked_spend_sats": found.walked_spend,
        "missing_sats": found.missing,
        "positions": [
            {
                "position": each.position,
                "unguarded": each.unguarded.value,
                "walked": each.walked.value,
                "jumped": each.jumped.value,
                "walked_spend_sats": each.walked_spend,
                "after": figures(each.preview.after),
            }
            for each in found.positions
        ],
    }


def why(found: Explanation) -> Record:
    """Return why something happened."""
    reason = found.why
    return {
        "text": found.text,
        "rule": None if reason is None else reason.rule,
        "inputs": {} if reason is None else reason.inputs,
        "timeline": [
            {"sequence": each.sequence, "time": moment(each.time), "text": each.text}
            for each in found.timeline
        ],
    }


def performance(found: AccountPerformance) -> Record:
    """Return how an account fared."""
    metrics = found.metrics
    return {
        "start": moment(found.start),
        "end": moment(found.end),
        "net_pl_sats": metrics.net_pl_sats,
        "unrealised_pl_sats": found.unrealised,
        "fees_sats": found.fees,
        "funding_paid_sats": found.funding,
        "actions": found.actions,
        "margin_added_sats": found.added,
        "max_drawdown_percent": percent(metrics.max_drawdown),
        "liquidations": metrics.liquidations,
    }


def proposal(found: Confirmation) -> Record:
    """Return a call that waits for somebody's word, or how it ended."""
    return {
        "proposal": found.id,
        "state": found.state.value,
        "summary": found.summary,
        "danger": found.danger,
        "proposed_by": found.preparer,
        "waits_until": moment(found.until),
        "settled_by": found.settler,
        "reason": found.reason,
        **change(found.preview),
        "warnings": list(found.warnings),
    }


def change(preview: Preview | None) -> Record:
    """Return the figures before and after."""
    if preview is None:
        return {"before": None, "after": None}
    return {"before": figures(preview.before), "after": figures(preview.after)}


def figures(found: Figures | None) -> Record | None:
    """Return the figures of a position and its account."""
    if found is None:
        return None
    return {
        "margin_sats": found.margin,
        "liquidation_usd": text(found.liquidation),
        "distance_percent": text(found.distance_percent),
        "leverage": text(found.leverage),
        "free_sats": found.free,
    }
