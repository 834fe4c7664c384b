"""When the guard must be called next, so that being called less often changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from axisor import maths
from axisor.intents import Wake
from axisor.model import Price, Side, Tick
from axisor.strategy import View
from axisor_margin_guard.config import HUNDRED, Rule
from axisor_margin_guard.danger import (
    Exposure,
    calm_threshold,
    exposure,
    fires,
    funding_due,
    is_endless,
)
from axisor_margin_guard.memory import SETTLE_WITHIN, GuardMemory, Held
from axisor_margin_guard.stops import wanted_stop
from axisor_margin_guard.survey import Case, Judged

_CENT = Decimal("0.01")
ON = frozenset({"position", "outcome", "balance", "feed", "funding"})
"""What else can change the answer: a funding that differs is a fee that differs."""


def next_wake(memory: GuardMemory, view: View, cases: tuple[Case, ...]) -> Wake:
    """Return the bounds and the time at which the guard's answer may differ from the present one.

    Where the answer can change with any tick (a position in need, a price that cannot be used, a
    funding fee so near that it may matter) the bounds admit every tick.
    """
    below: list[Price] = []
    above: list[Price] = []
    times: list[datetime] = []
    restless = bool(view.unreadable)
    for case in cases:
        if case.off:
            continue
        held = memory.held.get(case.position.id, Held())
        sound = case.sound
        if sound is None or is_restless(sound, held, view):
            restless = True
        elif not restless:
            restless = not _add_bounds(sound, held, view, below, above)
        if sound is not None:
            times.extend(_times(sound, held, view))
    at = min((time for time in times if time > view.now), default=None)
    if restless:
        return Wake(below=maths.MAX_PRICE, above=Price(0), at=at, on=ON)
    return Wake(below=max(below, default=None), above=min(above, default=None), at=at, on=ON)


def is_restless(case: Judged, held: Held, view: View) -> bool:
    """Return whether any tick may change the answer on a position."""
    stop = wanted_stop(case, held, view.mode)
    frozen = case.id in view.frozen
    return case.fires or frozen or held.short or bool(held.asked) or stop is not None


def _add_bounds(
    case: Judged, held: Held, view: View, below: list[Price], above: list[Price]
) -> bool:
    """Add the prices at which a calm position's answer may change; False where any price may."""
    long = case.held.side is Side.BUY
    danger, calm = (below, above) if long else (above, below)
    exposed = case.held
    if view.tick is not None and funding_due(case.rule, view.tick, view.now):
        worst = _with_worst_fee(case, held, view.tick)
        if worst is None:
            return False
        exposed = worst
        if not long:
            below.append(outward(case.price / 2, up=True))
    edge = bound(case.rule, exposed, case.rule.trigger, up=long)
    if edge is None:
        return False
    danger.append(edge)
    if held.episode:
        over = bound(case.rule, exposed, calm_threshold(case.rule), up=not long)
        if over is not None:
            calm.append(over)
    return True


def _with_worst_fee(case: Judged, held: Held, tick: Tick) -> Exposure | None:
    """Return the exposure after the largest fee on the way ahead; None where each price counts.

    A fee in sats grows as the price falls: a long's is at most that at its liquidation, a short's
    at most twice the present one until the price has halved, and then the guard is called again.
    """
    if held.episode or case.rule.trigger_by != "distance" or tick.funding_rate is None:
        return None
    bare = exposure(case.position)
    at = bare.liquidation if case.held.side is Side.BUY else case.price / 2
    if at <= 0:
        return None
    fee = maths.funding_fee(case.held.side, case.held.quantity, at, tick.funding_rate)
    worst = bare.with_added(-max(0, fee))
    if worst.backing <= 0 or fires(case.rule, worst, case.price):
        return None
    return worst


def bound(rule: Rule, held: Exposure, threshold: Decimal, *, up: bool) -> Price | None:
    """Return a price at or a little before the one where a threshold is met; None where any does.

    Being called early costs a look; being called late could cost a position. So it is rounded
    outward, and a cent is added for the division's own rounding.
    """
    if is_endless(held):
        return 2 * maths.MAX_PRICE
    if rule.trigger_by == "distance":
        rest = 1 - held.side.sign * threshold / HUNDRED
        return outward(held.liquidation / rest, up=up) if rest > 0 else None
    room = held.entry - held.liquidation
    if held.side.sign * room <= 0:
        return None
    return outward(held.entry - threshold * room / HUNDRED, up=up)


def outward(price: Price, *, up: bool) -> Price:
    """Return a price rounded outward to a cent, and one cent farther, within the venue's range."""
    if up:
        return min(price.quantize(_CENT, ROUND_CEILING) + _CENT, maths.MAX_PRICE)
    return max(price.quantize(_CENT, ROUND_FLOOR) - _CENT, Price(0))


def _times(case: Judged, held: Held, view: View) -> Iterable[datetime]:
    if case.fires:
        midnight = view.now.replace(hour=0, minute=0, second=0, microsecond=0)
        yield midnight + timedelta(days=1)
        if held.last_action is not None:
            yield held.last_action + timedelta(seconds=case.rule.cooldown_s)
        if held.retry_at is not None:
            yield held.retry_at
    for asked in held.asked:
        yield asked.at + SETTLE_WITHIN
    if held.stop_retry_at is not None:
        yield held.stop_retry_at
    tick = view.tick
    if tick is not None and tick.funding_time is not None and case.rule.funding_ahead_min > 0:
        yield tick.funding_time - timedelta(minutes=case.rule.funding_ahead_min)
        yield tick.funding_time
