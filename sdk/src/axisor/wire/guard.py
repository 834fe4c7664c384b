"""Carries what a guard foresees over the wire: plans, floors, coverage and what-ifs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from axisor.model import Side
from axisor.strategy import Floor, PlanRow, WhatIfRow
from axisor.v1 import guard_pb2, margin_pb2, types_pb2
from axisor.wire.actions import preview_from_wire, preview_to_wire
from axisor.wire.names import last_part, position_name
from axisor.wire.records import Fate, WhatIf, WhatIfPosition
from axisor.wire.scalars import (
    decimal_from_wire,
    decimal_or_none,
    decimal_to_wire,
    enum_from_wire,
    enum_to_wire,
    figure_to_wire,
    percent_from_wire,
    percent_to_wire,
)


def plan_row_to_wire(account: str, row: PlanRow) -> guard_pb2.PlanRow:
    """Return one thing a guard will do as a message. Raises FieldInvalid."""
    liquidation = decimal_to_wire(row.liquidation, "liquidation_price_usd")
    return guard_pb2.PlanRow(
        price_usd=decimal_to_wire(row.price, "price_usd"),
        move_percent=percent_to_wire(row.move, "move_percent"),
        position=position_name(account, row.position),
        action=row.action,
        cost_sats=row.cost,
        budget_left_sats=row.budget_left,
        after=types_pb2.Figures(liquidation_price_usd=liquidation),
        text=row.note,
    )


def plan_row_from_wire(message: guard_pb2.PlanRow) -> PlanRow:
    """Return one thing a guard will do from a message. Raises FieldInvalid."""
    liquidation = message.after.liquidation_price_usd
    return PlanRow(
        price=decimal_from_wire(message.price_usd, "price_usd"),
        move=percent_from_wire(message.move_percent, "move_percent") or Decimal(0),
        position=last_part(message.position),
        action=message.action,
        cost=message.cost_sats,
        budget_left=message.budget_left_sats,
        liquidation=decimal_or_none(liquidation, "liquidation_price_usd"),
        note=message.text,
    )


def floor_to_wire(account: str, floor: Floor) -> guard_pb2.Floor | None:
    """Return a floor as a message, None where nothing breaks. Raises FieldInvalid."""
    if floor.price is None:
        return None
    shift = guard_pb2.FloorShift(
        extra_budget_sats=floor.extra,
        price_usd=decimal_to_wire(floor.extra_price, "price_usd"),
    )
    return guard_pb2.Floor(
        price_usd=decimal_to_wire(floor.price, "price_usd"),
        move_percent=percent_to_wire(floor.move, "move_percent"),
        position=position_name(account, floor.position),
        shifts=[shift] if floor.extra else [],
    )


def floor_from_wire(side: Side, message: guard_pb2.Floor) -> Floor:
    """Return the floor in a message, with its least shift; `side` is BUY for the one below.

    Raises FieldInvalid.
    """
    shift = message.shifts[0] if message.shifts else guard_pb2.FloorShift()
    return Floor(
        side=side,
        price=decimal_from_wire(message.price_usd, "price_usd"),
        move=percent_from_wire(message.move_percent, "move_percent"),
        position=last_part(message.position),
        extra=shift.extra_budget_sats,
        extra_price=decimal_or_none(shift.price_usd, "price_usd"),
    )


def floors_to_wire(
    account: str, floors: Iterable[Floor]
) -> tuple[guard_pb2.Floor | None, guard_pb2.Floor | None]:
    """Return the floors below and above as messages, None where there is none.

    Raises FieldInvalid.
    """
    found = {floor.side: floor_to_wire(account, floor) for floor in floors}
    return found.get(Side.BUY), found.get(Side.SELL)


def floors_from_wire(message: guard_pb2.GetFloorResponse) -> tuple[Floor, ...]:
    """Return the floors of an answer, the one below first. Raises FieldInvalid."""
    down = [floor_from_wire(Side.BUY, message.down)] if message.HasField("down") else []
    up = [floor_from_wire(Side.SELL, message.up)] if message.HasField("up") else []
    return (*down, *up)


def whatif_row_to_wire(account: str, row: WhatIfRow) -> margin_pb2.WhatIfPosition:
    """Return a position at another price as a message. Raises FieldInvalid.

    The caller fills the fates and sums that a row does not know; `jumped` is known by its gap.
    """
    after = types_pb2.Figures(
        margin_sats=0,
        liquidation_price_usd=decimal_to_wire(row.liquidation, "liquidation_price_usd"),
        distance_percent=percent_to_wire(row.distance, "distance_percent"),
        leverage=figure_to_wire(row.leverage, "leverage"),
    )
    fate = margin_pb2.FATE_LIQUIDATED if row.gap else margin_pb2.FATE_SURVIVES
    warnings = [row.guarded] if row.guarded else []
    return margin_pb2.WhatIfPosition(
        position=position_name(account, row.position),
        preview=types_pb2.Preview(after=after, warnings=warnings),
        jumped=fate,
    )


def whatif_to_wire(account: str, found: WhatIf) -> margin_pb2.WhatIfResponse:
    """Return what another price means as a message. Raises FieldInvalid."""
    return margin_pb2.WhatIfResponse(
        price_usd=decimal_to_wire(found.price, "price_usd"),
        move_percent=percent_to_wire(found.move, "move_percent"),
        positions=[_whatif_position_to_wire(account, each) for each in found.positions],
        unguarded_loss_sats=found.unguarded_loss,
        walked_loss_sats=found.walked_loss,
        jumped_loss_sats=found.jumped_loss,
        walked_spend_sats=found.walked_spend,
        missing_sats=found.missing,
    )


def _whatif_position_to_wire(account: str, found: WhatIfPosition) -> margin_pb2.WhatIfPosition:
    return margin_pb2.WhatIfPosition(
        position=position_name(account, found.position),
        preview=preview_to_wire(found.preview),
        unguarded=enum_to_wire(found.unguarded),
        walked=enum_to_wire(found.walked),
        jumped=enum_to_wire(found.jumped),
        walked_spend_sats=found.walked_spend,
        missing_sats=found.missing,
    )


def whatif_from_wire(message: margin_pb2.WhatIfResponse) -> WhatIf:
    """Return what another price means from a message. Raises FieldInvalid."""
    return WhatIf(
        price=decimal_or_none(message.price_usd, "price_usd"),
        move=percent_from_wire(message.move_percent, "move_percent"),
        positions=tuple(_whatif_position_from_wire(each) for each in message.positions),
        unguarded_loss=message.unguarded_loss_sats,
        walked_loss=message.walked_loss_sats,
        jumped_loss=message.jumped_loss_sats,
        walked_spend=message.walked_spend_sats,
        missing=message.missing_sats,
    )


def _whatif_position_from_wire(message: margin_pb2.WhatIfPosition) -> WhatIfPosition:
    return WhatIfPosition(
        position=last_part(message.position),
        unguarded=enum_from_wire(Fate, message.unguarded),
        walked=enum_from_wire(Fate, message.walked),
        jumped=enum_from_wire(Fate, message.jumped),
        preview=preview_from_wire(message.preview),
        walked_spend=message.walked_spend_sats,
        missing=message.missing_sats,
    )
