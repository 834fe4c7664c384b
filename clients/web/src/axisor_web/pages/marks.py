"""What the guard did to a position, as marks on its chart."""

from __future__ import annotations

from typing import Any

from axisor.client import Client
from axisor.events import IntentPlanned, IntentSettled, IntentState
from axisor.intents import AddMargin, CashIn, ClosePosition, SetStop, SetTakeProfit
from axisor.wire.records import SeenEvent

MOST_EVENTS = 500
MARKED = (AddMargin, CashIn, ClosePosition, SetStop, SetTakeProfit)


async def marks_of(client: Client, account: str, position: str = "") -> list[dict[str, Any]]:
    """Return what took effect, oldest first: on which position, when, what kind, sats and who.

    Without a position it is what took effect on any of the account.
    """
    page = await client.events.list(
        account,
        kinds=("IntentPlanned", "IntentSettled"),
        newest_first=True,
        page_size=MOST_EVENTS,
    )
    settled = {
        event.payload.intent: event
        for event in page.items
        if isinstance(event.payload, IntentSettled) and event.payload.state is IntentState.CONFIRMED
    }
    found = (_mark(event, settled, position) for event in reversed(page.items))
    return [mark for mark in found if mark is not None]


def _mark(event: SeenEvent, settled: dict[str, SeenEvent], position: str) -> dict[str, Any] | None:
    planned = event.payload
    if not isinstance(planned, IntentPlanned) or planned.intent not in settled:
        return None
    action = planned.action
    if not isinstance(action, MARKED) or position not in ("", action.position):
        return None
    end = settled[planned.intent]
    return {
        "position": action.position,
        "time": int(end.time.timestamp()),
        "sequence": end.sequence,
        "what": type(action).__name__,
        "sats": getattr(action, "amount", 0),
        "guard": bool(planned.run),
    }
