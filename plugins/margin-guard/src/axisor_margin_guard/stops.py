"""The stop at the venue that still stands when nothing of ours runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from axisor.intents import Action, SetStop
from axisor.model import MarginMode, Mode, Price, Side
from axisor_margin_guard.config import Rule
from axisor_margin_guard.danger import Exposure
from axisor_margin_guard.memory import Held
from axisor_margin_guard.survey import Judged

RETRY = timedelta(seconds=60)
"""How long a stop may stay unanswered, or refused, before it is asked for again."""

KEPT = 4
"""How many of our own stop prices are remembered, so that a late reading is still known as ours."""


def stop_price(rule: Rule, held: Exposure) -> Price:
    """Return the stop whose distance to liquidation is the buffer, rounded to the safe step."""
    n, d = held.liquidation.as_integer_ratio()
    part, whole = rule.stop_buffer.as_integer_ratio()
    whole *= 100
    down, rest = divmod(2 * n * whole, d * (whole - held.side.sign * part))
    steps = down if rest == 0 or held.side is Side.SELL else down + 1
    return Price(steps) / 2


def wanted_stop(case: Judged, memory: Held, mode: Mode) -> Price | None:
    """Return the stop that ought to be at the venue and is not, or None.

    A stop that somebody else set is never touched, and a nearer one counts as armed.
    """
    position = case.position
    if position.margin_mode is not MarginMode.ISOLATED or not case.rule.keeps_stop(mode):
        return None
    present = position.stoploss
    foreign = present is not None and present not in memory.stops
    if foreign or position.stoploss_trailing is not None:
        return None
    wanted = stop_price(case.rule, case.held)
    return None if wanted == present else wanted


def can_set(case: Judged, price: Price) -> bool:
    """Return whether the venue would take this stop now, on the near side of the market."""
    return case.held.side.sign * (case.price - price) > 0


def stop_to_ask(case: Judged, memory: Held, mode: Mode, now: datetime) -> Price | None:
    """Return the stop to ask for in this step, or None."""
    wanted = wanted_stop(case, memory, mode)
    if wanted is None or not can_set(case, wanted):
        return None
    waiting = memory.stop_retry_at is not None and now < memory.stop_retry_at
    return None if waiting and memory.stop_asked == wanted else wanted


def note_set(memory: Held, action: Action) -> None:
    """Know a stop as ours that was set, also one that was asked for in an outage."""
    if isinstance(action, SetStop) and action.price is not None:
        memory.stops = _with(memory.stops, action.price)


def _with(stops: tuple[Price, ...], price: Price) -> tuple[Price, ...]:
    return (*(stop for stop in stops if stop != price), price)[-KEPT:]


def note_asked(memory: Held, price: Price, now: datetime) -> None:
    """Remember a stop as asked for, and as ours from now on."""
    memory.stop_asked, memory.stop_retry_at = price, now + RETRY
    memory.stops = _with(memory.stops, price)
