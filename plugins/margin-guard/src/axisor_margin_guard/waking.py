"""When the guard must be called next, so that being called less often changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from axisor import maths
from axisor.intents import Wake
from axisor.model import Price, Side
from axisor.strategy import View
from axisor_margin_guard.config import HUNDRED
from axisor_margin_guard.danger import calm_bound, funding_due, trigger_bound
from axisor_margin_guard.memory import SETTLE_WITHIN, GuardMemory, Held
from axisor_margin_guard.stops import wanted_stop
from axisor_margin_guard.survey import Case, Judged, judged

_CENTS = 100


def next_wake(memory: GuardMemory, view: View, cases: tuple[Case, ...]) -> Wake:
    """Return the bounds and the time at which the guard's answer may differ from the present one.

    Where the answer can change with any tick (a position in need, a price that cannot be used, a
    funding fee near) the bounds admit every tick.
    """
    below: list[Fraction] = []
    above: list[Fraction] = []
    times: list[datetime] = []
    restless = bool(view.unreadable)
    for case in cases:
        if case.off:
            continue
        held = memory.held.get(case.position.id, Held())
        sound = judged(case)
        if sound is None or _is_restless(sound, held, view):
            restless = True
        else:
            _add_bounds(sound, held, below, above)
        if sound is not None:
            times.extend(_times(sound, held, view))
    at = min((time for time in times if time > view.now), default=None)
    if restless:
        return Wake(below=maths.MAX_PRICE, above=Price(0), at=at)
    return Wake(below=_up(max(below, default=None)), above=_down(min(above, default=None)), at=at)


def _is_restless(case: Judged, held: Held, view: View) -> bool:
    due = view.tick is not None and funding_due(case.rule, view.tick, view.now)
    stop = wanted_stop(case, held, view.mode)
    return case.fires or held.short or due or bool(held.asked) or stop is not None


def _add_bounds(case: Judged, held: Held, below: list[Fraction], above: list[Fraction]) -> None:
    danger, calm = (below, above) if case.held.side is Side.BUY else (above, below)
    bound = trigger_bound(case.rule, case.held)
    if bound is not None:
        danger.append(bound)
    if held.episode:
        over = calm_bound(case.rule, case.held)
        if over is not None:
            calm.append(over)


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


def _up(bound: Fraction | None) -> Price | None:
    if bound is None:
        return None
    cents = -(-bound.numerator * _CENTS // bound.denominator)
    return min(Price(cents) / HUNDRED, maths.MAX_PRICE)


def _down(bound: Fraction | None) -> Price | None:
    if bound is None:
        return None
    return Price(bound.numerator * _CENTS // bound.denominator) / HUNDRED
