"""Runs one strategy by hand: prices and events in, intents out, as a core would call it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

from axisor.events import (
    BalanceChanged,
    FeedChanged,
    IntentState,
    OrderChanged,
    Outcome,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    Started,
    Stimulus,
    Stopped,
    Ticked,
    TimerFired,
    Woken,
)
from axisor.intents import Action, CrossOrder, Intent, OpenPosition, Wake
from axisor.model import (
    Balance,
    CrossWallet,
    FeedQuality,
    Mode,
    Order,
    OrderState,
    Position,
    Price,
    Sats,
    Tick,
)
from axisor.strategy import Config, Memory, Strategy, View, decode_config, decode_memory, take_step
from axisor.testing.effects import Holdings, carried_out

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Where a harness's market time begins."""

Quote: TypeAlias = Tick | Decimal | int | str


class Harness:
    """A run of a strategy under manual control. Keyword arguments are its configuration.

    Each method that calls the strategy returns the intents of that call, without `Wake`. Prices
    come as numbers, or as ticks of your own. The run starts by itself with the first call. Raises
    ConfigInvalid for a configuration the strategy refuses.
    """

    def __init__(self, strategy: type[Strategy[Any, Any]], /, **config: Any) -> None:
        self.strategy = strategy
        self.config: Config = decode_config(strategy, msgspec.json.encode(config))
        self.now = START
        self.mode = Mode.SIM
        self.holdings = Holdings(Balance(free=10_000_000))
        self.orders: tuple[Order, ...] = ()
        self.quote: Tick | None = None
        self.quality = FeedQuality.FRESH
        self.pending: frozenset[str] = frozenset()
        self.unreadable: frozenset[str] = frozenset()
        self.frozen: frozenset[str] = frozenset()
        self.outside: dict[str, Sats] = {}
        self.outside_today: Sats = 0
        self.opening: tuple[OpenPosition | CrossOrder, ...] = ()
        self.lost_today: Sats = 0
        self.saved = b""
        self.wake: Wake | None = None
        self.every_tick = strategy.every_tick
        self.steps = 0
        self.calls = 0
        self._started = False
        self._stopped = False
        self._quoted_at = START

    @property
    def memory(self) -> Memory:
        """Return what the strategy remembers now."""
        return decode_memory(self.strategy, self.saved)

    @property
    def view(self) -> View:
        """Return what the strategy would see now."""
        age = (
            None
            if self.quote is None
            else (self.now - self._quoted_at) // timedelta(milliseconds=1)
        )
        return View(
            now=self.now,
            mode=self.mode,
            balance=self.holdings.balance,
            positions=self.holdings.positions,
            orders=self.orders,
            cross=self.holdings.cross,
            tick=self.quote,
            quality=self.quality,
            price_age_ms=age,
            pending=self.pending,
            unreadable=self.unreadable,
            frozen=self.frozen,
            outside=self.outside,
            outside_today=self.outside_today,
            opening=self.opening,
            lost_today=self.lost_today,
            seed=self.steps,
        )

    def start(self) -> list[Intent]:
        """Start the run, if it has not been started, and return what it asks for."""
        if self._started:
            return []
        self._started = True
        return self._call(Started())

    def tick(self, price: Quote) -> list[Intent]:
        """Show one price. A strategy that waits for a bound is called only when it is reached."""
        first = self.start()
        before = self.quote
        self.quote = price if isinstance(price, Tick) else self._tick(Decimal(price))
        self._quoted_at = self.now
        if self.strategy.every_tick:
            return first + self._call(Ticked(tick=self.quote))
        if self.every_tick or self._reached(self.quote, before):
            return first + self._call(Woken(tick=self.quote))
        return first

    def run(
        self, prices: Iterable[Quote], *, every: timedelta = timedelta(seconds=1)
    ) -> list[Intent]:
        """Show prices one after the other, market time moving on after each."""
        asked: list[Intent] = []
        for price in prices:
            asked += self.tick(price)
            asked += self.advance(every)
        return asked

    def advance(
        self, by: timedelta = timedelta(0), *, seconds: int = 0, minutes: int = 0, hours: int = 0
    ) -> list[Intent]:
        """Let market time pass, firing the timer when it is due."""
        asked = self.start()
        end = self.now + by + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        while self.wake is not None and self.wake.at is not None and self.wake.at <= end:
            due = self.wake.at
            self.wake = structs.replace(self.wake, at=None)
            self.now = max(self.now, due)
            asked += self._call(TimerFired(at=due))
        self.now = end
        return asked

    def set_positions(self, *positions: Position) -> list[Intent]:
        """Make these the account's positions and tell of each that is new, other or gone."""
        asked = self.start()
        before = {p.id: p for p in self.holdings.positions}
        self.holdings = structs.replace(self.holdings, positions=positions)
        for position in positions:
            if before.get(position.id) != position:
                asked += self._notify("position", PositionChanged(position=position))
        kept = {p.id for p in positions}
        for gone in (p for id, p in before.items() if id not in kept):
            closed = PositionClosed(position=gone, end=PositionEnd.UNKNOWN)
            asked += self._notify("position", closed)
        return asked

    def set_balance(
        self, free: Sats | Balance, *, cross: CrossWallet | None = None
    ) -> list[Intent]:
        """Give the account another balance and tell the strategy."""
        asked = self.start()
        balance = free if isinstance(free, Balance) else Balance(free=free)
        wallet = self.holdings.cross if cross is None else cross
        self.holdings = structs.replace(self.holdings, balance=balance, cross=wallet)
        return asked + self._notify("balance", BalanceChanged(balance=balance, cross=wallet))

    def set_feed(self, quality: FeedQuality, reason: str = "") -> list[Intent]:
        """Make the price more or less trustworthy and tell the strategy."""
        asked = self.start()
        self.quality = quality
        return asked + self._notify("feed", FeedChanged(quality=quality, reason=reason))

    def fill(self, order: Order) -> list[Intent]:
        """Fill an order and tell the strategy."""
        asked = self.start()
        filled = structs.replace(order, state=OrderState.FILLED, settled_at=self.now)
        self.orders = tuple(o for o in self.orders if o.id != order.id)
        return asked + self._notify("order", OrderChanged(order=filled))

    def settle(
        self,
        action: Action,
        state: IntentState = IntentState.CONFIRMED,
        *,
        reason: str = "",
        message: str = "",
    ) -> list[Intent]:
        """Tell the strategy what became of an action; a confirmed one takes its effect first."""
        asked = self.start()
        if state is IntentState.CONFIRMED:
            self.holdings = carried_out(self.holdings, action, self.quote)
        outcome = Outcome(action=action, state=state, reason=reason, message=message)
        return asked + self._notify("outcome", outcome)

    def restart(self) -> list[Intent]:
        """Start the run again with only the saved memory left, and return what it asks for."""
        self._started = False
        self.wake = None
        return self.start()

    def stop(self) -> list[Intent]:
        """End the run; whatever happens afterwards, the strategy is not called."""
        asked = self.start() + self._call(Stopped())
        self._stopped = True
        return asked

    def _tick(self, price: Price) -> Tick:
        return Tick(time=self.now, received=self.now, last=price, bid=price, ask=price)

    def _reached(self, tick: Tick, before: Tick | None) -> bool:
        wake = self.wake
        if wake is None:
            return False
        if "funding" in wake.on and not tick.funds_like(before):
            return True
        below = wake.below is not None and tick.low <= wake.below
        return below or (wake.above is not None and tick.high >= wake.above)

    def _notify(self, kind: str, cause: Stimulus) -> list[Intent]:
        on = Wake().on | {"order"} if self.wake is None else self.wake.on
        return self._call(cause) if kind in on else []

    def _call(self, cause: Stimulus) -> list[Intent]:
        if self._stopped:
            return []
        self.calls += 1
        result = take_step(self.strategy, self.config, self.saved, cause, self.view)
        self.saved = result.memory
        if result.wake is not None:
            self.wake = result.wake
        if result.intents or result.changed:
            self.steps += 1
        return list(result.intents)
