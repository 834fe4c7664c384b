"""What was done at the venue and by whom, from the journal: one deed from plan to outcome."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from axisor.events import (
    CommandRefused,
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    OrderChanged,
)
from axisor.intents import (
    AddMargin,
    CancelAllOrders,
    CancelOrder,
    CashIn,
    ClosePosition,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import OrderState
from axisor.wire.records import SeenEvent
from axisor.words import describe, short, side_word

MOST_DEEDS = 200
WORDS: tuple[tuple[type, str], ...] = (
    (AddMargin, "MARGIN"),
    (CashIn, "CASH IN"),
    (ClosePosition, "CLOSE"),
    (SetStop, "STOP"),
    (SetTakeProfit, "PROFIT"),
    (OpenPosition, "OPEN"),
    (CrossOrder, "CROSS"),
    (CancelOrder, "CANCEL"),
    (CancelAllOrders, "CANCEL"),
    (DepositCross, "DEPOSIT"),
    (WithdrawCross, "WITHDRAW"),
    (SetCrossLeverage, "LEVERAGE"),
)


class Deed(Struct, frozen=True, kw_only=True):
    """An action or an order and how it stands; `sequence` is where the journal begins with it."""

    id: str
    time: datetime
    sequence: int
    kind: str
    about: str
    text: str
    state: str
    by: str = ""
    run: str = ""
    latency_ms: int = 0
    note: str = ""


class StepSeen(Struct, frozen=True):
    """The last step of a run: when, at which sequence, what it was called with and asked for."""

    time: datetime
    sequence: int
    step: int
    cause: str
    asked: tuple[str, ...]


def word_of(action: object) -> str:
    """Return an action's kind in a word."""
    return next((word for kind, word in WORDS if isinstance(action, kind)), "ACTION")


def after(deeds: tuple[Deed, ...], event: SeenEvent) -> tuple[Deed, ...]:
    """Return the deeds after an event, oldest first; the oldest are dropped beyond 200."""
    changed = _changed(deeds, event)
    if changed is None:
        return deeds
    if any(each.id == changed.id for each in deeds):
        return tuple(changed if each.id == changed.id else each for each in deeds)
    kept = sorted((*deeds, changed), key=lambda deed: deed.sequence)
    return tuple(kept)[-MOST_DEEDS:]


def _changed(deeds: tuple[Deed, ...], event: SeenEvent) -> Deed | None:
    payload = event.payload
    match payload:
        case IntentPlanned():
            return _new(event, payload.intent, payload.action, "planned", payload.target)
        case IntentSettled():
            before = next((each for each in deeds if each.id == payload.intent), None)
            return None if before is None else _settled(before, payload)
        case IntentReviewRefused():
            id = f"{payload.run}/{payload.step}/{event.sequence}"
            made = _new(event, id, payload.action, "refused", "")
            return replace(made, note=payload.message)
        case CommandRefused():
            return Deed(
                id=payload.request_id,
                time=event.time,
                sequence=event.sequence,
                kind="COMMAND",
                about="",
                text="not sent",
                state="refused",
                by="you",
                note=payload.message,
            )
        case OrderChanged(order=order):
            before = next((each for each in deeds if each.id == order.id), None)
            text = f"{side_word(order.side)} {order.quantity:,} $ at {order.price:,f}"
            return Deed(
                id=order.id,
                time=event.time,
                sequence=event.sequence if before is None else before.sequence,
                kind=order.type.value.upper(),
                about=order.id,
                text=text,
                state="open" if order.state is OrderState.OPEN else order.state.value,
                by="venue",
            )
        case _:
            return None


def _new(event: SeenEvent, id: str, action: object, state: str, target: str) -> Deed:
    payload = event.payload
    run = str(getattr(payload, "run", ""))
    principal = str(getattr(payload, "principal", ""))
    about = target.rpartition("/")[2] or str(getattr(action, "position", ""))
    return Deed(
        id=id,
        time=event.time,
        sequence=event.sequence,
        kind=word_of(action),
        about=about,
        text=describe(action),
        state=state,
        by=f"run {short(run)}" if run else principal or "you",
        run=run,
    )


def _settled(before: Deed, payload: IntentSettled) -> Deed:
    return replace(
        before,
        state=payload.state.value.replace("_", " "),
        latency_ms=payload.latency_ms,
        note=payload.message,
    )
