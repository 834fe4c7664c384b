"""The strategy itself: it judges each position at each call, and closes what a rule names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from axisor import trust
from axisor.events import FeedChanged, IntentState, Outcome, PositionChanged, PositionClosed
from axisor.intents import Action, ClosePosition, CrossOrder, Intent, Notice, Wake, Why
from axisor.maths import MAX_PRICE
from axisor.model import CROSS, MarginMode, Permission, Position, Price, Severity, Side, Tick
from axisor.strategy import Strategy, View
from axisor.words import short
from axisor_exits.config import ExitsConfig, complaints
from axisor_exits.levels import (
    fallen_to,
    profit_level,
    ratchet,
    reached,
    secure_level,
    stop_level,
    trail_level,
)
from axisor_exits.memory import ExitsMemory, Held

ON = frozenset({"position", "outcome", "feed", "funding"})


class Exits(Strategy[ExitsConfig, ExitsMemory]):
    """Closes positions at a profit, a loss, a time or before funding, each rule once."""

    name = "exits"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: ExitsConfig) -> Iterable[str]:
        """Return what contradicts itself in the configuration."""
        return complaints(config)

    def on_start(self, view: View) -> Iterable[Intent]:
        """Judge every position, as at any other call."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Judge every position at the price that was reached."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Judge every position once its time has come."""
        return self._answer(view)

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Forget a position that is gone, and judge the others."""
        if isinstance(change, PositionClosed):
            self.memory.held.pop(change.position.id, None)
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Judge again when the price can be trusted."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Settle what was asked for; what was refused is asked for again later."""
        held = self.memory.held.get(_target(outcome.action))
        if held is not None and held.asked and not outcome.state.is_open:
            yield from self._settle(held, outcome, view)
        yield from self._answer(view)

    def _settle(self, held: Held, outcome: Outcome, view: View) -> Iterator[Intent]:
        part = isinstance(outcome.action, CrossOrder)
        if outcome.state is IntentState.CONFIRMED or (part and outcome.state is IntentState.DEAD):
            held.failures = 0
            held.settle(part=part)
            return
        rule = held.asked
        held.fail(view.now)
        reason = outcome.reason or outcome.state.value.upper()
        position = _target(outcome.action)
        yield Notice(
            severity=Severity.CRIT,
            code="EXIT_REFUSED",
            text=f"Closing position {short(position)} by {rule} did not happen ({reason}): "
            f"{outcome.message or 'no more is known'}. It is tried again.",
            position=position,
            data={"reason": reason, "rule": rule},
        )

    def _answer(self, view: View) -> Iterator[Intent]:
        self.memory.forget(view)
        below: list[Price] = []
        above: list[Price] = []
        times: list[datetime] = []
        for position in view.positions:
            if not self.config.means(position):
                continue
            held = self.memory.of(position, view.now)
            held.lapse(view.now)
            price = trust.closing_price(view, position.side, position.quantity)
            if price is not None:
                ratchet(self.config, position, held, price)
            rule = self._rule_met(position, held, price, view)
            if rule is not None and held.may_ask(view.now):
                held.ask(rule.rule, view.now)
                yield self._close(position, rule)
            self._bounds(position, held, below, above)
            times += [*held.times, *self._due(position, held, view)]
        at = min((time for time in times if time > view.now), default=None)
        yield Wake(below=max(below, default=None), above=min(above, default=None), at=at, on=ON)

    def _rule_met(
        self, position: Position, held: Held, price: Price | None, view: View
    ) -> Why | None:
        if price is not None:
            stop = stop_level(self.config, position, held)
            if stop is not None and fallen_to(position.side, price, stop[1]):
                return _why(stop[0], price, stop[1])
            profit = profit_level(self.config, position)
            if not held.taken and reached(position.side, price, profit):
                return _why("take_profit", price, profit)
        after = self.config.close_after_min
        if after is not None and view.now >= held.opened + timedelta(minutes=after):
            return Why(rule="close_after", inputs={"opened": held.opened.isoformat()})
        return self._funding_met(position, view)

    def _funding_met(self, position: Position, view: View) -> Why | None:
        begins, tick = self._funding_window(view), view.tick
        if begins is None or tick is None or tick.funding_time is None:
            return None
        pays = tick.funding_rate is not None and position.side.sign * tick.funding_rate > 0
        if not (pays and begins <= view.now < tick.funding_time):
            return None
        return Why(rule="before_funding", inputs={"rate": str(tick.funding_rate)})

    def _funding_window(self, view: View) -> datetime | None:
        ahead, tick = self.config.before_funding_min, view.tick
        if ahead is None or tick is None or tick.funding_time is None:
            return None
        return tick.funding_time - timedelta(minutes=ahead)

    def _close(self, position: Position, why: Why) -> Action:
        share = self.config.take_profit_share
        cross = position.margin_mode is MarginMode.CROSS
        if why.rule == "take_profit" and cross and share < 100:
            part = max(1, position.quantity * share // 100)
            return CrossOrder(side=position.side.opposite, quantity=part, reduce=True, why=why)
        return ClosePosition(position=position.id, why=why)

    def _bounds(
        self, position: Position, held: Held, below: list[Price], above: list[Price]
    ) -> None:
        """Add the prices at which the answer for a position may be another."""
        if self.config.trailing is not None and self.config.trailing_from == 0 and not held.best:
            below.append(MAX_PRICE)  # the first price that can be used is the best one so far
            above.append(Price(0))
        stop = stop_level(self.config, position, held)
        danger = [] if stop is None else [stop[1]]
        levels = (
            None if held.taken else profit_level(self.config, position),
            trail_level(self.config, position, held),
            secure_level(self.config, position, held),
        )
        favour = [level for level in levels if level is not None]
        long = position.side is Side.BUY
        below += danger if long else favour
        above += favour if long else danger

    def _due(self, position: Position, held: Held, view: View) -> Iterator[datetime]:
        if self.config.close_after_min is not None:
            yield held.opened + timedelta(minutes=self.config.close_after_min)
        begins = self._funding_window(view)
        if begins is not None:
            yield begins


def _why(rule: str, price: Price, level: Price | None) -> Why:
    return Why(rule=rule, inputs={"price": str(price), "level": str(level)})


def _target(action: Action) -> str:
    match action:
        case ClosePosition(position=position):
            return position
        case CrossOrder():
            return CROSS
        case _:
            return ""
