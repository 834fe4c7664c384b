"""A strategy's run on a simulated account: the same steps as live, without a core around them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from axisor.backtest.decisions import Decision, Names, asked
from axisor.errors import AxisorError
from axisor.events import (
    BalanceChanged,
    IntentState,
    OrderChanged,
    Outcome,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    Started,
    Stimulus,
    Ticked,
    TimerFired,
    Woken,
)
from axisor.exchange import Account, CrossFunded, Funded, Happening, Quote
from axisor.exchange.actions import carry_out
from axisor.intents import Action, AddMargin, DepositCross, Notice, Wake
from axisor.model import (
    CROSS,
    AccountState,
    Mode,
    Order,
    OrderState,
    Price,
    Sats,
    Tick,
)
from axisor.strategy import Config, Rest, Strategy, View, decode_memory, take_step

ALL_EVENTS = frozenset({"position", "order", "outcome", "balance", "feed"})
"""What a strategy hears of that has not yet said what it waits for."""

MOST_STEPS_A_PRINT = 1_000
"""A strategy that still has something to say after this many steps at one print never stops."""


class Pilot:
    """Steps one strategy through the prints it needs to see and carries out what it asks for."""

    def __init__(
        self,
        strategy: type[Strategy[Any, Any]],
        config: Config,
        account: Account,
        latency: timedelta,
        *,
        each: bool = False,
        names: Names | None = None,
    ) -> None:
        """Take what to step, and on what; `each` calls it on every print, whatever it waits for.

        `names` numbers the positions in its decisions.
        """
        self._strategy, self._config = strategy, config
        self._account, self._latency = account, latency
        self._each = each
        self._memory = b""
        self._wake = Wake(on=ALL_EVENTS)
        self._seen: AccountState | None = None
        self._present: AccountState | None = None
        self._tick: Tick | None = None
        self._under_way: list[tuple[datetime, Action]] = []
        self._causes: deque[Stimulus] = deque()
        self._steps = 0
        self._rest: Rest | None = None
        self._fundings = 0
        self._roused = False
        self.actions = 0
        self.added: Sats = 0
        self.notices: list[str] = []
        self.decisions: list[Decision] = []
        self._names = names or Names()
        self._happened: list[Happening] = []

    @property
    def every_print(self) -> bool:
        """Return whether the strategy is shown every print."""
        return self._each or self._strategy.every_tick

    def take_happened(self) -> list[Happening]:
        """Return what its actions brought about since this was last asked."""
        taken, self._happened = self._happened, []
        return taken

    def bounds(self) -> tuple[Price | None, Price | None]:
        """Return the prices at or below, at or above which the strategy wants to be called."""
        waits = self._rest or self._wake
        return waits.below, waits.above

    def times(self) -> list[datetime]:
        """Return the times at which the strategy wants to be called or an action takes effect."""
        if self._rest is not None:
            return []
        due = [] if self._wake.at is None else [self._wake.at]
        return [*due, *(time for time, _ in self._under_way)] if self._under_way else due

    @property
    def rests(self) -> bool:
        """Return whether the strategy need not be told of a funding."""
        return self._rest is not None

    def rouse(self, tick: Tick) -> None:
        """End a rest at a print that has not done anything yet; what passed is never told."""
        if self._rest is None:
            return
        self._rest, self._roused = None, True
        self._tick, self._seen = tick, self._account.state(tick.time)
        if self._wake.at is not None and self._wake.at <= tick.time:
            self._wake = replace(self._wake, at=None)

    def hear(self, happened: Sequence[Happening]) -> None:
        """Learn what the exchange did; whatever is more than the strategy bears ends its rest."""
        if self._rest is None or not happened:
            return
        self._fundings += 1
        calm = all(isinstance(each, Funded | CrossFunded) for each in happened)
        if not calm or self._fundings >= self._rest.fundings:
            self._rest, self._roused = None, True

    def at_print(self, tick: Tick, *, opening: bool) -> None:
        """Let the strategy see a print, the exchange having dealt with it already."""
        quote = Quote(tick.time, tick.last, tick.bid, tick.ask)
        budget = self._steps + MOST_STEPS_A_PRINT
        self._present = self._rest = None
        self._land(tick.time, quote)
        self._look(tick.time, quote)
        self._stimulate(tick, opening=opening)
        while self._causes:
            self._step(self._causes.popleft(), tick, quote)
            if self._steps > budget:
                raise RuntimeError(f"{self._strategy.name} does not come to rest at {tick.time}")
        if not self.every_print and not self._under_way:
            view = self._view(tick, quote)
            self._rest = _rest(self._strategy, self._config, self._memory, view)
            self._fundings = 0

    def _stimulate(self, tick: Tick, *, opening: bool) -> None:
        before, self._tick = self._tick, tick
        if opening:
            self._causes.append(Started())
            return
        below, above = self._wake.below, self._wake.above
        refunded = "funding" in self._wake.on and not tick.funds_like(before)
        reached = (
            refunded
            or (below is not None and tick.low <= below)
            or (above is not None and tick.high >= above)
        )
        every_tick = self._strategy.every_tick
        roused, self._roused = self._roused, False
        if reached or roused or (self._each and not every_tick):
            self._causes.append(Woken(tick=tick))
        if self._wake.at is not None and self._wake.at <= tick.time:
            self._causes.append(TimerFired(at=self._wake.at))
            self._wake = replace(self._wake, at=None)
        if every_tick:
            self._causes.append(Ticked(tick=tick))

    def _step(self, cause: Stimulus, tick: Tick, quote: Quote) -> None:
        self._steps += 1
        result = take_step(
            self._strategy, self._config, self._memory, cause, self._view(tick, quote)
        )
        self._memory = result.memory
        self._wake = result.wake or self._wake
        decision = asked(tick.time, tick.last, result.intents, self._names)
        if decision is not None:
            self.decisions.append(decision)
        for intent in result.intents:
            if isinstance(intent, Notice):
                self.notices.append(f"{tick.time.isoformat()} {intent.code} {intent.text}")
            elif isinstance(intent, Wake):
                continue
            elif self._latency:
                self._under_way.append((tick.time + self._latency, intent))
            else:
                self._do(intent, tick.time, quote)
        self._look(tick.time, quote)

    def _land(self, now: datetime, quote: Quote) -> None:
        """Carry out what was under way and has arrived."""
        arrived = [action for time, action in self._under_way if time <= now]
        self._under_way = [item for item in self._under_way if item[0] > now]
        for action in arrived:
            self._do(action, now, quote)

    def _state(self, now: datetime, quote: Quote) -> AccountState:
        """Return the account as it is; between two actions at one print it stays what it was."""
        if self._present is None:
            self._present = self._account.state(now, quote)
        return self._present

    def _do(self, action: Action, now: datetime, quote: Quote) -> None:
        self._present = None
        try:
            carry_out(self._account, action, now, quote)
        except AxisorError as error:
            state, reason, message = IntentState.REFUSED, error.reason, error.message
        else:
            state, reason, message = IntentState.CONFIRMED, "", ""
            self.actions += 1
            self._happened += self._account.happened
            if isinstance(action, AddMargin | DepositCross):
                self.added += action.amount
        self._hear("outcome", Outcome(action=action, state=state, reason=reason, message=message))

    def _look(self, now: datetime, quote: Quote) -> None:
        """Tell the strategy what changed at its account since it last looked."""
        state = self._state(now, quote)
        if state is self._seen:
            return
        before, self._seen = self._seen, state
        self._names.meet(state)
        if before is None:
            return
        held = {position.id: position for position in before.positions}
        for position in state.positions:
            known = held.pop(position.id, None)
            # Its profit changes with every print, and is no news.
            if known is None or replace(position, pl=known.pl) != known:
                self._hear("position", PositionChanged(position=position))
        for gone in held.values():
            self._hear("position", PositionClosed(position=gone, end=PositionEnd.UNKNOWN))
        for order in self._changed_orders(before, state):
            self._hear("order", OrderChanged(order=order))
        if (state.balance, state.cross) != (before.balance, before.cross):
            self._hear("balance", BalanceChanged(balance=state.balance, cross=state.cross))

    def _changed_orders(self, before: AccountState, after: AccountState) -> list[Order]:
        """Return orders that are new, and those that are gone with what became of them."""
        if not before.orders and not after.orders:
            return []
        waiting = {order.id: order for order in after.orders}
        known = {order.id: order for order in before.orders}
        books = self._account.books
        filled = {position.id for position in after.positions}
        filled |= {trade.id for trade in books.past if trade.closed}
        filled |= {order.id for order in books.cross_past if order.filled}
        gone = [
            replace(order, state=OrderState.FILLED if id in filled else OrderState.CANCELED)
            for id, order in known.items()
            if id not in waiting
        ]
        return [*(order for id, order in waiting.items() if id not in known), *gone]

    def _hear(self, kind: str, cause: Stimulus) -> None:
        if kind in self._wake.on:
            self._causes.append(cause)

    def _view(self, tick: Tick, quote: Quote) -> View:
        state = self._state(tick.time, quote)
        return View(
            now=tick.time,
            mode=Mode.SIM,
            balance=state.balance,
            positions=state.positions,
            orders=state.orders,
            cross=state.cross,
            tick=tick,
            price_age_ms=0,
            pending=frozenset(_target(action) for _, action in self._under_way),
            seed=self._steps,
        )


def _target(action: Action) -> str:
    return getattr(action, "position", CROSS)


def _rest(
    strategy: type[Strategy[Any, Any]], config: Config, memory: bytes, view: View
) -> Rest | None:
    """Return what a strategy need not be told of; its memory stays. What it raises passes."""
    if strategy.rest is Strategy.rest:
        return None
    return strategy(config, decode_memory(strategy, memory)).rest(view)
