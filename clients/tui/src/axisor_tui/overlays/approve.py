"""Lists the calls that wait for a word."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.wire.confirmations import Confirmation
from axisor_tui.overlays.pick import Pick


def approve_list(waiting: Sequence[Confirmation]) -> Pick:
    """Return the list of what waits; it gives the id of the one to look at."""
    choices = [
        (each.id, f"{each.summary}  ({each.danger}, by {each.preparer})") for each in waiting
    ]
    return Pick("Waiting for a word", choices, hint="enter look at it   esc close")
