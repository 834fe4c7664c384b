"""What is done about positions in need: the ladder, the budgets, and one action at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from axisor import maths
from axisor.intents import (
    AddMargin,
    ClosePosition,
    CrossOrder,
    DepositCross,
    Intent,
    Notice,
    Why,
)
from axisor.model import MarginMode, Sats, Severity
from axisor.strategy import View
from axisor_margin_guard.allocate import Want, allocate
from axisor_margin_guard.amount import (
    least_reduction,
    position_cap,
)
from axisor_margin_guard.config import GuardConfig, Rung
from axisor_margin_guard.coverage import money_of, spent_on
from axisor_margin_guard.danger import is_critical
from axisor_margin_guard.explain import why
from axisor_margin_guard.memory import Asked, GuardMemory
from axisor_margin_guard.survey import Judged, percent

AMBIGUOUS_AFTER = timedelta(seconds=5)
"""An action in flight longer than this counts as unknown even before the core says so."""

MANY_FAILURES = 3
"""From this many failed adds in one episode on, the steps after `add_margin` are tried as well."""

LONGEST_RETRY = timedelta(minutes=5)


class Rescue:
    """One step's decisions over all positions in need. It notes in memory whatever it asks for."""

    def __init__(self, config: GuardConfig, memory: GuardMemory, view: View) -> None:
        self._config = config
        self._memory = memory
        self._view = view
        self._money = 0

    def run(self, needy: tuple[Judged, ...]) -> Iterator[Intent]:
        """Yield what to do about the positions whose trigger is met, most endangered first."""
        if not needy:
            return
        self._money = money_of(self._config, self._memory, self._view)
        ordered = sorted(needy, key=lambda case: case.danger)
        ready = []
        for case in ordered:
            self._memory.begin_episode(case.id)
            if self._is_blocked(case):
                yield from self._while_unknown(case)
            elif self._is_ready(case):
                ready.append(case)
        given = allocate(tuple(self._wants(ready)), self._money)
        for case in ready:
            yield from self._climb(case, given.get(case.id, 0))

    def _is_blocked(self, case: Judged) -> bool:
        held = self._memory.of(case.id)
        waits = case.id in self._view.pending or case.id in self._view.frozen
        if not held.asked and not waits:
            held.blocked_since = None
            return False
        if held.blocked_since is None:
            held.blocked_since = self._view.now
        return True

    def is_unknown(self, case: Judged) -> bool:
        """Return whether nobody knows what became of the last action on a position."""
        held = self._memory.of(case.id)
        since = held.blocked_since or self._view.now
        if case.id in self._view.frozen:
            return True
        late = self._view.now >= since + AMBIGUOUS_AFTER
        return late or any(asked.unknown for asked in held.asked)

    def _is_desperate(self, case: Judged) -> bool:
        return self.is_unknown(case) and is_critical(case.rule, case.held, case.price)

    def _while_unknown(self, case: Judged) -> Iterator[Intent]:
        if not self._is_desperate(case):
            return
        held = self._memory.of(case.id)
        closing = any(asked.kind == "close" for asked in held.asked)
        if case.rule.on_ambiguous == "close" and not closing:
            if self._is_past(case, held.retry_at):  # a close that was refused waits like any other
                yield self._close(case, ("add_margin: an earlier action has no known outcome",))
        elif "ambiguous" not in held.told:
            held.told = (*held.told, "ambiguous")
            yield Notice(
                severity=Severity.CRIT,
                code="GUARD_AMBIGUOUS",
                text=f"Position {case.id} is {percent(case)} % from liquidation while nobody knows "
                "whether the last action on it happened. No sats are added before that is settled.",
                position=case.id,
                why=why(case, self._config, self._memory, self._view, self._money),
            )

    def _is_ready(self, case: Judged) -> bool:
        held = self._memory.of(case.id)
        cool = None
        if held.last_action is not None:
            cool = held.last_action + timedelta(seconds=case.rule.cooldown_s)
        return self._is_past(case, held.retry_at, cool)

    def _is_past(self, case: Judged, *waits: datetime | None) -> bool:
        """Return whether waits are over, or waived: the distance halved since the last action."""
        held = self._memory.of(case.id)
        if all(time is None or self._view.now >= time for time in waits):
            return True
        if not held.distance_before:
            return False
        before = Fraction(held.distance_before)
        # Beyond its liquidation price nothing halves any more: every look would waive the wait.
        return before > 0 and 2 * case.distance <= before

    def _wants(self, ready: list[Judged]) -> Iterator[Want]:
        for case in ready:
            if "add_margin" not in case.rule.ladder or self._closes_first(case):
                continue
            yield Want(
                position=case.id,
                stake=case.position.margin,
                distance=case.distance,
                lift=case.lift,
                target=case.target,
                cap=position_cap(case.rule, case.position, self._spent(case)),
                partial=case.rule.partial,
            )

    def _spent(self, case: Judged) -> Sats:
        return spent_on(case.id, self._memory, self._view)

    def _closes_first(self, case: Judged) -> bool:
        before = case.rule.ladder[: case.rule.ladder.index("add_margin")]
        return "close" in before or ("close_part" in before and self._part(case) is not None)

    def _part(self, case: Judged) -> int | None:
        if case.position.margin_mode is not MarginMode.CROSS:
            return None
        tier = min(max(self._view.balance.fee_tier, 0), len(maths.FEE_RATES) - 1)
        return least_reduction(case.rule, case.held, case.price, maths.FEE_RATES[tier])

    def _climb(self, case: Judged, amount: Sats) -> Iterator[Intent]:
        rejected: list[str] = []
        for rung in case.rule.ladder:
            intent = self._take(case, rung, amount, tuple(rejected))
            if intent is not None:
                yield intent
                if rung != "add_margin" or not self._tries_further(case):
                    return
            rejected.append(f"{rung}: {self._refusal(rung)}")

    def _tries_further(self, case: Judged) -> bool:
        return self._memory.of(case.id).failures >= MANY_FAILURES

    def _refusal(self, rung: Rung) -> str:
        return {
            "add_margin": f"{self._money} sats and the budgets do not lift it above its trigger",
            "close_part": "only cross margin can close a part, and a part must be enough",
            "close": "not possible",
            "alert": "an alert mends nothing",
        }[rung]

    def _take(
        self, case: Judged, rung: Rung, amount: Sats, rejected: tuple[str, ...]
    ) -> Intent | None:
        if rung == "add_margin":
            return self._add(case, amount, rejected) if amount > 0 else None
        if rung == "close_part":
            part = self._part(case)
            return None if part is None else self._reduce(case, part, rejected)
        if rung == "close":
            return self._close(case, rejected)
        return None  # the coverage notice is the alert; it is given whatever the ladder says

    def _add(self, case: Judged, amount: Sats, rejected: tuple[str, ...]) -> Intent:
        reason = self._why(case, rejected, given=amount)
        self._note(case, "add", amount)
        held = self._memory.of(case.id)
        held.short = amount < case.target
        if case.position.margin_mode is MarginMode.CROSS:
            return DepositCross(amount=amount, episode=held.episode, why=reason)
        return AddMargin(position=case.id, amount=amount, episode=held.episode, why=reason)

    def _reduce(self, case: Judged, part: int, rejected: tuple[str, ...]) -> Intent:
        reason = self._why(case, rejected)
        self._note(case, "close_part", 0)
        side = case.position.side.opposite
        return CrossOrder(side=side, quantity=part, reduce=True, why=reason)

    def _close(self, case: Judged, rejected: tuple[str, ...]) -> Intent:
        reason = self._why(case, rejected)
        self._note(case, "close", 0)
        episode = self._memory.of(case.id).episode
        return ClosePosition(position=case.id, episode=episode, why=reason)

    def _why(self, case: Judged, rejected: tuple[str, ...], *, given: Sats | None = None) -> Why:
        return why(
            case,
            self._config,
            self._memory,
            self._view,
            self._money,
            given=given,
            action=self._memory.actions + 1,
            rejected=rejected,
        )

    def _note(self, case: Judged, kind: str, amount: Sats) -> None:
        now = self._view.now
        self._memory.actions += 1
        number = str(self._memory.actions)
        asked = Asked(number, kind, amount, self._memory.day, now, before=case.shape)
        self._memory.ask(case.id, asked)
        held = self._memory.of(case.id)
        held.last_action, held.retry_at = now, None
        held.distance_before = str(case.distance)


def retry_delay(failures: int, cooldown_s: int, *, vanished: bool) -> timedelta:
    """Return how long to wait after a failed action; one that vanished is tried again at once."""
    doublings = min(failures - (2 if vanished else 1), 8)
    if doublings < 0:
        return timedelta(0)
    wait = timedelta(seconds=max(cooldown_s, 1) << doublings)
    return min(wait, LONGEST_RETRY)
