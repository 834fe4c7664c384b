"""Which stimuli a run may ask for by name, and which it is always given."""

from __future__ import annotations

from axisor.events import (
    BalanceChanged,
    FeedChanged,
    OrderChanged,
    Outcome,
    PositionChanged,
    PositionClosed,
    Stimulus,
)

ALL_EVENTS = frozenset({"position", "order", "outcome", "balance", "feed"})


def heard_as(cause: Stimulus) -> str | None:
    """Return the name under which `Wake.on` asks for a stimulus; None for those always given."""
    match cause:
        case PositionChanged() | PositionClosed():
            return "position"
        case OrderChanged():
            return "order"
        case BalanceChanged():
            return "balance"
        case Outcome():
            return "outcome"
        case FeedChanged():
            return "feed"
        case _:
            return None
