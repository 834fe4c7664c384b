"""The strategy itself: it looks at all positions at each call, acts once, and says what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from axisor.events import (
    RESTORED,
    BalanceChanged,
    Coverage,
    FeedChanged,
    IntentState,
    Outcome,
    PositionChanged,
    PositionClosed,
)
from axisor.intents import (
    Action,
    AddMargin,
    ClosePosition,
    CrossOrder,
    DepositCross,
    Intent,
    SetStop,
    Why,
)
from axisor.model import CROSS, Permission, Price, Sats, Tick
from axisor.strategy import Floor, PlanRow, Rest, Strategy, View, WhatIfRow
from axisor_margin_guard.config import GuardConfig, Rule, complaints
from axisor_margin_guard.coverage import coverages, money_of
from axisor_margin_guard.danger import is_calm
from axisor_margin_guard.decide import Rescue, retry_delay
from axisor_margin_guard.explain import rule_text, why, why_not
from axisor_margin_guard.memory import GuardMemory
from axisor_margin_guard.notices import coverage_notices, feed_notice, refused, rescued
from axisor_margin_guard.outage import in_outage
from axisor_margin_guard.plan import floors, plan, whatif
from axisor_margin_guard.resting import rest
from axisor_margin_guard.stops import note_asked, note_set, stop_to_ask
from axisor_margin_guard.survey import Case, Judged, shape, survey
from axisor_margin_guard.waking import next_wake


class MarginGuard(Strategy[GuardConfig, GuardMemory]):
    """Keeps each guarded position's liquidation away from the price, within its owner's budgets."""

    name = "margin-guard"
    permissions = Permission.TRADE | Permission.ADJUST_MARGIN

    @classmethod
    def check(cls, config: GuardConfig) -> Iterable[str]:
        """Return what contradicts itself in the configuration."""
        return complaints(config)

    def on_start(self, view: View) -> Iterable[Intent]:
        """Judge every position, as at any other call."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Judge every position at the price that woke the guard."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Judge every position once a wait is over."""
        return self._answer(view)

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Forget a position that is gone, and judge the others."""
        if isinstance(change, PositionClosed):
            self.memory.held.pop(change.position.id, None)
        return self._answer(view)

    def on_balance(self, change: BalanceChanged, view: View) -> Iterable[Intent]:
        """Judge every position with the new balance."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Say when the price cannot be trusted, and judge again when it can."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Settle what was asked for, and judge every position.

        What it learns of the time before a restore is counted only: its memory of then is lost.
        """
        self.memory.roll(view.now)
        if outcome.reason == RESTORED:
            self._learn(outcome)
            return
        yield from self._settle(outcome, view)
        yield from self._answer(view)

    def on_outage(self, view: View) -> Iterable[Intent]:
        """Ask for what may be done although nothing can be written down."""
        return in_outage(self.config, self.memory, view)

    def _answer(self, view: View) -> Iterator[Intent]:
        memory = self.memory
        memory.roll(view.now)
        if memory.waits:
            memory.lapse(view.pending, {p.id: shape(p) for p in view.positions}, view.now)
        memory.forget(frozenset(p.id for p in view.positions) | view.unreadable, view.now)
        cases = survey(self.config, view)
        sound = [case for case in [each.sound for each in cases] if case is not None]
        for case in sound:
            yield from self._end_episode(case)
        rescue = Rescue(self.config, memory, view)
        yield from rescue.run(tuple([case for case in sound if case.fires]))
        for case in sound:
            if case.rule.keeps_stop(view.mode):
                yield from self._keep_stop(case, view, rescue)
        yield from feed_notice(memory, view)
        yield from coverage_notices(memory, coverages(self.config, memory, view, cases), view)
        yield next_wake(memory, view, cases)

    def _end_episode(self, case: Judged) -> Iterator[Intent]:
        held = self.memory.held.get(case.id)
        if held is None or case.fires:
            return
        held.blocked_since = None
        if held.short and case.target == 0:
            held.short = False
        if held.episode and not held.asked and is_calm(case.rule, case.held, case.price):
            yield rescued(case, held.episode)
            held.episode, held.failures = "", 0
            held.told = ()

    def _keep_stop(self, case: Judged, view: View, rescue: Rescue) -> Iterator[Intent]:
        """Keep the stop armed, also while nothing else can be done.

        Not while a rescue is on its way: it moves liquidation in a moment, and the stop with it.
        """
        held = self.memory.of(case.id)
        closing = any(asked.kind == "close" for asked in held.asked)
        under_way = bool(held.asked) or case.id in view.pending
        if closing or (under_way and not rescue.is_unknown(case)):
            return
        price = stop_to_ask(case, held, view.mode, view.now)
        if price is not None:
            note_asked(held, price, view.now)
            reason = Why(
                rule=rule_text(case.rule), inputs={"liquidation": str(case.held.liquidation)}
            )
            yield SetStop(position=case.id, price=price, why=reason)

    def _settle(self, outcome: Outcome, view: View) -> Iterator[Intent]:
        position = _position_of(outcome.action)
        if position is None:
            return
        number = _number_of(outcome.action)
        match outcome.state:
            case IntentState.UNKNOWN:
                self.memory.mark_unknown(position, number)
            case IntentState.PLANNED | IntentState.SENT:
                pass
            case IntentState.CONFIRMED | IntentState.DEAD:
                self.memory.confirm(position, number)
                note_set(self.memory.of(position), outcome.action)
            case _:
                yield from self._failed(position, number, outcome, view)

    def _learn(self, outcome: Outcome) -> None:
        match outcome.action:
            case AddMargin(position=position, amount=amount):
                self.memory.count(position, amount)
            case DepositCross(amount=amount):
                self.memory.count(CROSS, amount)
            case _:
                pass

    def _failed(self, position: str, number: str, outcome: Outcome, view: View) -> Iterator[Intent]:
        if isinstance(outcome.action, SetStop):
            yield refused(position, outcome)
        elif self.memory.fail(position, number):
            held = self.memory.of(position)
            held.failures += 1
            vanished = outcome.state is not IntentState.REFUSED
            delay = retry_delay(held.failures, self.config.cooldown_s, vanished=vanished)
            held.last_action, held.retry_at, held.short = None, view.now + delay, False
            yield refused(position, outcome)

    def rest(self, view: View) -> Rest | None:
        """Return the bounds between which fundings change nothing, for as many as they bear."""
        return rest(self.config, self.memory, view)

    def plan(self, view: View) -> tuple[PlanRow, ...]:
        """Return what the guard would do as the price walks down and up, nearest first."""
        return plan(self.config, self.memory, view)

    def floors(self, view: View) -> tuple[Floor, ...]:
        """Return the floor below for longs and above for shorts, the nearer first."""
        return floors(self.config, self.memory, view)

    def coverage(self, view: View) -> tuple[Coverage, ...]:
        """Return the protection of every position of the account."""
        return coverages(self.config, self.memory, view, survey(self.config, view))

    def whatif(self, view: View, price: Price, added: Sats) -> tuple[WhatIfRow, ...]:
        """Return every position as it would be at a price with `added` sats more margin each."""
        return whatif(self.config, self.memory, view, price, added)

    def explain(self, view: View, position: str) -> Why:
        """Return why the guard acts or does not act on a position right now."""
        cases = survey(self.config, view)
        found = next((case for case in cases if case.position.id == position), None)
        sound = None if found is None else found.sound
        if sound is not None:
            money = money_of(self.config, self.memory, view)
            return why(sound, self.config, self.memory, view, money)
        for coverage in coverages(self.config, self.memory, view, cases):
            if coverage.position == position:
                return why_not(_rule_of(found), coverage)
        return Why(rule="", rejected=(f"there is no open position {position!r}",))


def _rule_of(case: Case | None) -> Rule | None:
    return None if case is None else case.rule


def _position_of(action: Action) -> str | None:
    match action:
        case AddMargin(position=position) | ClosePosition(position=position):
            return position
        case SetStop(position=position):
            return position
        case DepositCross() | CrossOrder(reduce=True):
            return CROSS
        case _:
            return None


def _number_of(action: Action) -> str:
    return "" if action.why is None else action.why.inputs.get("action", "")
