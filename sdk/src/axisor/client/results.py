"""Reads the answers that the calls which reach the venue have in common."""

from __future__ import annotations

from typing import Any

from axisor.events import IntentState
from axisor.wire.actions import preview_from_wire, settlement_from_wire
from axisor.wire.model import order_from_wire, report_from_wire
from axisor.wire.records import ActionResult
from axisor.wire.scalars import enum_from_wire


def result(answer: Any) -> ActionResult:
    """Return what became of an action from its response.

    `answer` is any response with preview, intent_state, outcome and sequence; generated messages
    have no common type that says so. Raises FieldInvalid for a malformed figure.
    """
    fields = answer.DESCRIPTOR.fields_by_name
    position = "position" in fields and answer.HasField("position")
    order = "order" in fields and answer.HasField("order")
    return ActionResult(
        state=enum_from_wire(IntentState, answer.intent_state),
        settlement=settlement_from_wire(answer.outcome),
        preview=preview_from_wire(answer.preview),
        position=report_from_wire(answer.position) if position else None,
        order=order_from_wire(answer.order) if order else None,
        sequence=answer.sequence,
    )
