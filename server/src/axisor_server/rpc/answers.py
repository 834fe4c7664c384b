"""The fields that every answer to an action has."""

from __future__ import annotations

from typing import Any

from axisor.strategy import View
from axisor.wire.actions import preview_to_wire, settlement_to_wire
from axisor.wire.model import report_to_wire
from axisor.wire.scalars import enum_to_wire
from axisor_server.engine.answers import CommandResult
from axisor_server.rpc.reports import position_of, preview_of, settlement_of


def outcome(account: str, result: CommandResult, view: View) -> dict[str, Any]:
    """Return preview, state, outcome and sequence, by their names in the contract."""
    return {
        "preview": preview_to_wire(preview_of(result.preview, view)),
        "intent_state": enum_to_wire(result.state),
        "outcome": settlement_to_wire(account, settlement_of(result)),
        "sequence": result.sequence,
    }


def acted(account: str, position: str, result: CommandResult, view: View) -> dict[str, Any]:
    """Return the fields of an answer about a position, which may be gone by now."""
    found = result.position or view.position(position)
    fields = outcome(account, result, view)
    if found is not None:
        fields["position"] = report_to_wire(position_of(account, found, view))
    return fields
