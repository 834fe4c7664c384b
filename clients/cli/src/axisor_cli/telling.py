"""An event as a line of output, and as a record for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from axisor.wire.records import SeenEvent, StepSummary
from axisor.words import SIGNS, tell


def sentence(event: SeenEvent) -> str:
    """Return what happened, or nothing where the event's kind says it all."""
    if isinstance(event.payload, StepSummary):
        asked = "; ".join(each.text for each in event.payload.intents) or "nothing to do"
        return f"{event.payload.cause.partition(' ')[0]}: {asked}"
    told = tell(event.payload)
    return "" if told is None else told.text


def line(event: SeenEvent) -> str:
    """Return an event as one line with its sign, or nothing where it is not for people."""
    told = tell(event.payload)
    return "" if told is None else f"{SIGNS[told.severity]} {told.subject:<9}{told.text}"


def as_record(event: SeenEvent) -> dict[str, Any]:
    """Return an event as a program reads it."""
    return {
        "stream": event.stream,
        "sequence": event.sequence,
        "time": event.time,
        "mode": event.mode.value,
        "kind": event.kind,
        "payload": msgspec.to_builtins(event.payload),
        "hash": event.hash.hex(),
    }
