"""Whether each position is protected, said as it is."""

from __future__ import annotations

from axisor.events import Coverage, CoverageState
from axisor.model import MarginMode, Sats
from axisor.strategy import View
from axisor_margin_guard.amount import (
    OUT_OF_REACH,
    position_cap,
    spendable,
)
from axisor_margin_guard.config import GuardConfig
from axisor_margin_guard.memory import GuardMemory, Held
from axisor_margin_guard.survey import Case, Judged

_NEW = Held()
"""What is known of a position of which nothing is; nobody writes into it."""


def money_of(config: GuardConfig, memory: GuardMemory, view: View) -> Sats:
    """Return the sats that rescues may spend now. A day that is over counts no more.

    Sats that reached positions from elsewhere count as if the guard had spent them: they may be an
    effect of its own that was judged wrongly. What is asked for and not yet seen to have happened
    is taken off a balance that may still hold it.
    """
    day_spent = memory.day_spent
    if day_spent and view.now.date().isoformat() > memory.day:
        day_spent = 0
    day_spent += view.outside_today
    free = view.balance.free - memory.under_way
    return spendable(free, config.reserve, config.budget_day, day_spent)


def coverages(
    config: GuardConfig, memory: GuardMemory, view: View, cases: tuple[Case, ...]
) -> tuple[Coverage, ...]:
    """Return the protection of every position of the account, unreadable ones too."""
    money = money_of(config, memory, view)
    found = tuple([_coverage(case, memory, view, money) for case in cases])
    if not view.unreadable:
        return found
    known = {case.position.id for case in cases}
    return found + tuple(
        Coverage(id, CoverageState.DEGRADED, "the venue's figures for it cannot be read")
        for id in sorted(view.unreadable - known)
    )


def _coverage(case: Case, memory: GuardMemory, view: View, money: Sats) -> Coverage:
    id = case.position.id
    if case.off:
        return Coverage(id, CoverageState.UNPROTECTED, case.off)
    sound = case.sound
    if sound is None:
        return Coverage(id, CoverageState.DEGRADED, case.degraded)
    held = memory.held.get(id) or _NEW
    if (sound.fires or held.short) and sound.target > 0:
        return _short(sound, held, view, sound.target)
    if id in view.frozen:
        return Coverage(id, CoverageState.DEGRADED, "nothing can be added to it at the moment")
    cannot = cannot_act(sound, spent_on(id, memory, view), money)
    if cannot:
        return Coverage(id, CoverageState.UNPROTECTED, cannot)
    return Coverage(id, CoverageState.PROTECTED)


def _short(case: Judged, held: Held, view: View, missing: Sats) -> Coverage:
    if case.fires and (held.asked or case.id in view.pending or case.id in view.frozen):
        why = "an action on it has no known outcome yet"
        return Coverage(case.id, CoverageState.DEGRADED, why, _shown(missing))
    why = "below its trigger" if case.fires else "above its trigger but below its target"
    return Coverage(case.id, CoverageState.SHORTFALL, why, _shown(missing))


def _shown(missing: Sats) -> Sats:
    return 0 if missing >= OUT_OF_REACH else missing


def spent_on(position: str, memory: GuardMemory, view: View) -> Sats:
    """Return the sats that count against a position's own budget, those from elsewhere too."""
    held = memory.held.get(position)
    return (0 if held is None else held.spent) + view.outside.get(position, 0)


def cannot_act(case: Judged, spent: Sats, money: Sats) -> str:
    """Return why no step of the ladder could do anything for a position, empty when one could."""
    ladder = case.rule.ladder
    cross = case.position.margin_mode is MarginMode.CROSS
    if "close" in ladder or ("close_part" in ladder and cross):
        return ""
    if "add_margin" not in ladder:
        return "its rule only alerts"
    if money <= 0:
        return "balance, reserve and day budget leave nothing to spend"
    if position_cap(case.rule, case.position, spent) <= 0:
        return "its own budget is spent, or its leverage is 1 already"
    return ""
