"""The strategy itself: before each settlement it tells, closes and opens what its owner set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from axisor import trust
from axisor.events import (
    FeedChanged,
    IntentState,
    Outcome,
    PositionChanged,
    PositionClosed,
)
from axisor.intents import (
    ClosePosition,
    CrossOrder,
    Intent,
    Notice,
    OpenPosition,
    Wake,
    Why,
)
from axisor.maths import MAX_PRICE, funding_fee
from axisor.model import CROSS, MarginMode, Permission, Position, Price, Severity, Side, Tick
from axisor.strategy import Strategy, View
from axisor_carry.config import HUNDRED, CarryConfig, complaints
from axisor_carry.memory import CarryMemory

ON = frozenset({"position", "outcome", "feed", "funding"})
AGAIN = timedelta(seconds=10)
"""A close that was refused is asked for again so much later."""


class Carry(Strategy[CarryConfig, CarryMemory]):
    """Tells of a high funding fee, closes what would pay it, and opens what receives it."""

    name = "carry"
    permissions = Permission.TRADE

    @classmethod
    def check(cls, config: CarryConfig) -> Iterable[str]:
        """Return what contradicts itself in the configuration."""
        return complaints(config)

    def on_start(self, view: View) -> Iterable[Intent]:
        """Look at the next settlement."""
        return self._answer(view)

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Look at the next settlement, whose rate or time is another."""
        return self._answer(view)

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Do what is due before or after a settlement."""
        return self._answer(view)

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Look at positions that are new or gone."""
        return self._answer(view)

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Look again when the price can be trusted."""
        return self._answer(view)

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Settle what was asked for; a close that was refused is asked for again."""
        if not outcome.state.is_open:
            yield from self._settle(outcome, view)
        yield from self._answer(view)

    def _settle(self, outcome: Outcome, view: View) -> Iterator[Intent]:
        memory, action = self.memory, outcome.action
        failed = outcome.state is not IntentState.CONFIRMED
        reason = outcome.reason or outcome.state.value.upper()
        match action:
            case OpenPosition() if failed and outcome.state is not IntentState.DEAD:
                if action.client_id == memory.mine:
                    memory.let_go()
            case ClosePosition() if failed:
                held = view.position(action.position)
                if held is not None and memory.mine and held.client_id == memory.mine:
                    memory.closing = False
                self._ask_again(action.position, view)
            case CrossOrder() if failed and outcome.state is not IntentState.DEAD:
                self._ask_again(CROSS, view)
            case _:
                return
        yield Notice(
            severity=Severity.WARN,
            code="CARRY_REFUSED",
            text=f"What was asked for because of funding did not happen ({reason}): "
            f"{outcome.message or 'no more is known'}.",
            data={"reason": reason},
        )

    def _ask_again(self, position: str, view: View) -> None:
        memory = self.memory
        memory.asked = [id for id in memory.asked if id != position]
        memory.retry_at = view.now + AGAIN

    def _answer(self, view: View) -> Iterator[Intent]:
        memory, tick = self.memory, trust.usable_tick(view)
        waits = memory.retry_at is not None and view.now < memory.retry_at
        if tick is not None and tick.funding_rate is not None and tick.funding_time is not None:
            memory.turn(tick.funding_time)
            yield from self._tell(tick, tick.funding_rate, view)
            if not waits:
                yield from self._avoid(tick.funding_rate, tick.funding_time, view)
            yield from self._collect(tick, tick.funding_rate, tick.funding_time, view)
        if not waits:
            yield from self._end(view)
        yield self._wake(view, blind=tick is None)

    def _tell(self, tick: Tick, rate: Decimal, view: View) -> Iterator[Intent]:
        limit = self.config.alert_above
        paying = [p for p in view.positions if limit is not None and _paid(p, rate) > limit]
        if not paying or self.memory.told:
            return
        self.memory.told = True
        fee = sum(funding_fee(p.side, p.quantity, tick.last, rate) for p in paying)
        yield Notice(
            severity=Severity.WARN,
            code="FUNDING_HIGH",
            text=f"The next funding is {rate * HUNDRED:f} %: {len(paying)} position(s) are to pay "
            f"about {fee:,} sat.",
            data={"rate_percent": f"{rate * HUNDRED:f}", "fee_sats": str(fee)},
        )

    def _avoid(self, rate: Decimal, due: datetime, view: View) -> Iterator[Intent]:
        config, memory = self.config, self.memory
        begins = due - timedelta(minutes=config.avoid_before_min)
        if config.avoid_above is None or not begins <= view.now < due:
            return
        why = Why(rule="avoid", inputs={"rate": str(rate), "settles": due.isoformat()})
        for position in view.positions:
            spared = position.id in config.keep or position.id in memory.asked
            if spared or _paid(position, rate) <= config.avoid_above:
                continue
            memory.asked = [*memory.asked, position.id]
            share = config.avoid_share
            if position.margin_mode is MarginMode.CROSS and share < 100:
                part, side = max(1, position.quantity * share // 100), position.side.opposite
                yield CrossOrder(side=side, quantity=part, reduce=True, why=why)
            else:
                yield ClosePosition(position=position.id, why=why)

    def _collect(self, tick: Tick, rate: Decimal, due: datetime, view: View) -> Iterator[Intent]:
        config, memory = self.config, self.memory
        begins = due - timedelta(minutes=config.collect_before_min)
        limit, margin = config.collect_above, config.collect_margin
        if limit is None or margin is None or not begins <= view.now < due:
            return
        if abs(rate) * HUNDRED < limit or rate == 0 or memory.mine or memory.collected == due:
            return
        memory.collected, memory.mine = due, f"carry-{int(due.timestamp())}"
        memory.until = due + timedelta(minutes=config.collect_after_min)
        yield OpenPosition(
            side=Side.SELL if rate > 0 else Side.BUY,
            margin=margin,
            leverage=config.collect_leverage,
            client_id=memory.mine,
            why=Why(rule="collect", inputs={"rate": str(rate), "settles": due.isoformat()}),
        )

    def _end(self, view: View) -> Iterator[Intent]:
        memory = self.memory
        if memory.until is None or view.now < memory.until:
            return
        held = next((p for p in view.positions if p.client_id == memory.mine), None)
        if held is not None and not memory.closing:
            memory.closing = True
            why = Why(rule="collected", inputs={"until": memory.until.isoformat()})
            yield ClosePosition(position=held.id, why=why)
        elif held is None:
            memory.let_go()

    def _wake(self, view: View, *, blind: bool) -> Wake:
        config, memory = self.config, self.memory
        times = [memory.retry_at, memory.until]
        if memory.due is not None:
            times.append(memory.due - timedelta(minutes=config.avoid_before_min))
            times.append(memory.due - timedelta(minutes=config.collect_before_min))
        at = min((time for time in times if time is not None and time > view.now), default=None)
        if blind:  # the first price that can be used may be the one to act on
            return Wake(below=MAX_PRICE, above=Price(0), at=at, on=ON)
        return Wake(at=at, on=ON)


def _paid(position: Position, rate: Decimal) -> Decimal:
    """Return the percent a position pays at the next settlement; below zero it receives."""
    return position.side.sign * rate * HUNDRED
