"""Which price a strategy may act on: a fresh one that is not too old, or none."""

from __future__ import annotations

from axisor.model import FeedQuality, Price, Side, Tick
from axisor.strategy import View

OLDEST_MS = 30_000
"""A price older than this since it was received decides nothing."""


def usable_tick(view: View) -> Tick | None:
    """Return the view's tick, or None where it is missing, doubtful or older than 30 seconds."""
    if view.tick is None or view.price_age_ms is None or view.quality is not FeedQuality.FRESH:
        return None
    return view.tick if view.price_age_ms <= OLDEST_MS else None


def closing_price(view: View, side: Side, quantity: int) -> Price | None:
    """Return the price at which a position must be judged, or None where none can be used.

    It is the worse of the last one and the one at which so many dollars could be closed.
    """
    tick = usable_tick(view)
    return None if tick is None else tick.guard_price(side, quantity)
