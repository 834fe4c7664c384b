"""How many fundings may pass before the guard must look again, being calm."""

from __future__ import annotations

from axisor import maths
from axisor.events import CoverageState
from axisor.model import MarginMode, Price, Side, Tick
from axisor.strategy import Rest, View
from axisor_margin_guard.config import GuardConfig
from axisor_margin_guard.coverage import coverages
from axisor_margin_guard.danger import exposure, fires
from axisor_margin_guard.memory import GuardMemory, Held
from axisor_margin_guard.survey import Case, Judged, survey
from axisor_margin_guard.waking import bound, is_restless, outward

FUNDINGS = (90, 30, 6, 1)
"""How many payments bounds are made to bear, the most first: a month, ten days, two days, or one.

With many the bounds are a little nearer, so the guard looks early rather than every eight hours.
"""

_NOTHING = Held()


def rest(config: GuardConfig, memory: GuardMemory, view: View) -> Rest | None:
    """Return bounds within which no funding could make the guard ask, tell or protect otherwise.

    Those bear every fee of that time, each as large as any price between them makes it, and the
    next one that is counted ahead. None where anything but the price and fees is open.
    """
    tick = view.tick
    if tick is None or tick.funding_rate is None or tick.funding_time is None or memory.told:
        return None
    if config.overrides or view.unreadable or view.frozen or view.pending:
        return None  # an override may mean another position once its leverage has changed
    cases = survey(config, view)
    calm = [case for case in (_calm(case, memory, view) for case in cases) if case is not None]
    if not calm or len(calm) < len(cases):
        return None
    states = {each.state for each in coverages(config, memory, view, cases)}
    if states != {CoverageState.PROTECTED}:
        return None
    for fundings in FUNDINGS:
        found = _bearing(calm, tick, fundings)
        if found is not None:
            return found
    return None


def _calm(case: Case, memory: GuardMemory, view: View) -> Judged | None:
    """Return a case that only its price and its fees can disturb, or None."""
    sound = case.sound
    if sound is None or sound.rule.trigger_by != "distance":
        return None
    position, held = sound.position, memory.held.get(sound.id, _NOTHING)
    if position.margin_mode is not MarginMode.ISOLATED or sound.rule.keeps_stop(view.mode):
        return None
    # A venue that names a nearer liquidation than the formula may move it by its own rule.
    explained = exposure(position).backing == position.margin
    restless = bool(held.episode) or is_restless(sound, held, view)
    return sound if explained and not restless else None


def _bearing(cases: list[Judged], tick: Tick, fundings: int) -> Rest | None:
    """Return the bounds that bear so many fees and one ahead; None where they cannot."""
    below: list[Price] = []
    above: list[Price] = []
    for case in cases:
        long = case.held.side is Side.BUY
        bare = exposure(case.position)
        # A fee in sats grows as the price falls: a long's is at most that at its liquidation, a
        # short's at most twice the present one until the price has halved.
        at = bare.liquidation if long else case.price / 2
        if at <= 0 or tick.funding_rate is None:
            return None
        fee = maths.funding_fee(case.held.side, case.held.quantity, at, tick.funding_rate)
        worst = bare.with_added(-(fundings + 1) * max(0, fee))
        if worst.backing <= 0 or fires(case.rule, worst, case.price):
            return None
        edge = bound(case.rule, worst, case.rule.trigger, up=long)
        if edge is None:
            return None
        (below if long else above).append(edge)
        if not long:
            below.append(outward(at, up=True))
    return Rest(below=max(below, default=None), above=min(above, default=None), fundings=fundings)
