"""Turns what-if rows into messages."""

from __future__ import annotations

import msgspec

from axisor.strategy import View
from axisor.v1 import margin_pb2 as pb
from axisor.wire.actions import preview_to_wire
from axisor.wire.names import position_name
from axisor.wire.records import Preview
from axisor_server.rpc.reports import figures_of
from axisor_server.services.guarding import Imagined, WhatIf


def imagined_to_wire(account: str, row: Imagined, found: WhatIf) -> pb.WhatIfPosition:
    """Return one position at another price as a message."""
    view = found.view
    free = view.balance.free
    added = row.after.margin - row.position.margin
    preview = Preview(
        before=figures_of(row.position, view, free),
        after=figures_of(row.after, _elsewhere(found), free - added),
    )
    return pb.WhatIfPosition(
        position=position_name(account, row.position.id),
        preview=preview_to_wire(preview),
        unguarded=_fate(lives=row.survives),
        walked=_fate(lives=row.survives_walk, short=row.short),
        jumped=_fate(lives=row.survives_jump),
        walked_spend_sats=row.spend,
        missing_sats=row.missing,
    )


def _fate(*, lives: bool, short: bool = False) -> pb.Fate.ValueType:
    if not lives:
        return pb.FATE_LIQUIDATED
    return pb.FATE_SHORTFALL if short else pb.FATE_SURVIVES


def _elsewhere(found: WhatIf) -> View:
    """Return the view with the market at the imagined price, without a spread."""
    assert found.view.tick is not None, "a what-if has a price to start from"
    tick = msgspec.structs.replace(
        found.view.tick, last=found.price, bid=found.price, ask=found.price, buckets=()
    )
    return msgspec.structs.replace(found.view, tick=tick)
