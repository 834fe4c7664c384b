"""A crowd of simulated accounts with guarded positions, and a seeded price that walks past them.

Most positions are out of the walk's reach; one in fifty has its trigger where the walk goes, so a
tick wakes nobody or a few. Rescues are carried out by the exchange engine at once and without fees,
so every way of finding whom to wake goes on from the same accounts.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from axisor.errors import AxisorError
from axisor.events import (
    BalanceChanged,
    IntentState,
    Outcome,
    PositionChanged,
    PositionClosed,
    PositionEnd,
    Started,
    Stimulus,
)
from axisor.exchange import Account, NewTrade, Quote, Rules, seeded_ids
from axisor.exchange.actions import carry_out
from axisor.intents import Action, Notice, Wake
from axisor.model import AccountState, Mode, OrderType, Side, Tick
from axisor.strategy import StepResult, View, take_step
from axisor_margin_guard import GuardConfig, MarginGuard

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
OPENING = 200_000
"""Opening price of the walk in half dollars."""

PER_ACCOUNT = 100
BALANCE = 10**10
IN_REACH = 50
"""One position in so many has its trigger within the walk."""

LEVELS = (0.0, -1.5, -1.9, -2.3, -1.0, 1.5, 2.0, 0.0)
"""Where the walk goes, in percent of the opening price, an equal share of the ticks each."""

CONFIG = GuardConfig()
_encoder = msgspec.json.Encoder(order="deterministic")


def quotes(seed: int, ticks: int) -> Iterator[Quote]:
    """Yield a walk of `ticks` prints, a second apart: the levels in turn, with some noise."""
    chance = random.Random(seed)
    for number in range(ticks):
        level = LEVELS[number * len(LEVELS) // ticks]
        noise = chance.randint(-30, 30)
        price = Decimal(round(OPENING * (1 + level / 100)) + noise) / 2
        yield Quote.at(price, START + timedelta(seconds=number + 1))


class Guarded:
    """One account, the guard's run on it, and a digest of all that the run asked for."""

    def __init__(self, key: str, account: Account, quote: Quote) -> None:
        self.key = key
        self.wake = Wake()
        self.actions = 0
        self._account = account
        self._state = account.state(quote.time, quote)
        self._memory = b""
        self._asked = hashlib.sha256()
        self._causes: deque[Stimulus] = deque()

    def decide(self, cause: Stimulus, tick: Tick) -> StepResult:
        """Take one step, as the core does: on the account as last read and the tick as it came."""
        state = self._state
        view = View(
            now=tick.time,
            mode=Mode.SIM,
            balance=state.balance,
            positions=state.positions,
            orders=state.orders,
            cross=state.cross,
            tick=tick,
            price_age_ms=0,
        )
        result = take_step(MarginGuard, CONFIG, self._memory, cause, view)
        self._memory = result.memory
        self.wake = result.wake or self.wake
        return result

    def settle(self, result: StepResult, tick: Tick, quote: Quote) -> None:
        """Carry out what a step asked for, and take the steps that its outcomes cause."""
        self._carry_out(result, quote)
        while self._causes:
            self._carry_out(self.decide(self._causes.popleft(), tick), quote)

    def see(self, tick: Tick, quote: Quote) -> bool:
        """Let the exchange react to a print and the run to that; return whether it did."""
        if not self._account.on_quote(quote):
            return False
        self._look(quote)
        while self._causes:
            self._carry_out(self.decide(self._causes.popleft(), tick), quote)
        return True

    def liquidations(self) -> dict[str, Decimal]:
        """Return the price at which each position is liquidated, as last read."""
        return {position.id: position.liquidation for position in self._state.positions}

    def digest(self) -> str:
        """Return a hash of every intent with its tick, and of the account as it stands."""
        return f"{self.key} {self._asked.hexdigest()} {self._account.digest()}"

    def _carry_out(self, result: StepResult, quote: Quote) -> None:
        if not result.intents:
            return
        self._asked.update(_encoder.encode((quote.time, result.intents)))
        for intent in result.intents:
            if not isinstance(intent, Notice | Wake):
                self._do(intent, quote)

    def _do(self, action: Action, quote: Quote) -> None:
        try:
            carry_out(self._account, action, quote.time, quote)
        except AxisorError as error:
            refused = Outcome(
                action=action,
                state=IntentState.REFUSED,
                reason=error.reason,
                message=error.message,
            )
            self._causes.append(refused)
            return
        self.actions += 1
        self._causes.append(Outcome(action=action, state=IntentState.CONFIRMED))
        self._look(quote)

    def _look(self, quote: Quote) -> None:
        """Read the account anew and queue what is different, profit and loss aside."""
        before, self._state = self._state, self._account.state(quote.time, quote)
        self._causes.extend(_differences(before, self._state))


def _differences(before: AccountState, after: AccountState) -> Iterator[Stimulus]:
    replace = msgspec.structs.replace
    held = {position.id: position for position in before.positions}
    for position in after.positions:
        known = held.pop(position.id, None)
        if known is None or replace(known, pl=0) != replace(position, pl=0):
            yield PositionChanged(position=position)
    for gone in held.values():
        yield PositionClosed(position=gone, end=PositionEnd.UNKNOWN)
    if (before.balance, before.cross) != (after.balance, after.cross):
        yield BalanceChanged(balance=after.balance, cross=after.cross)


def crowd(seed: int, positions: int, *, longs: bool = False) -> list[Guarded]:
    """Return accounts with up to 100 positions each, the guard started on every one.

    With `longs` all of them are long, and the walk's first fall reaches every trigger.
    """
    chance = random.Random(seed)
    quote = Quote.at(Decimal(OPENING) / 2, START)
    found: list[Guarded] = []
    for first in range(0, positions, PER_ACCOUNT):
        number = first // PER_ACCOUNT
        rules = Rules(fee_tier=None, funding=False)
        ids = seeded_ids(seed * 1_000_000 + number)
        account = Account.new(f"{number:06}", START, ids, balance=BALANCE, rules=rules)
        for place in range(first, min(first + PER_ACCOUNT, positions)):
            order = _order(chance, 0 if longs else place, longs=longs)
            account.isolated.new_trade(START, quote, order)
        guarded = Guarded(f"{number:06}", account, quote)
        tick = quote.tick(START)
        guarded.settle(guarded.decide(Started(), tick), tick, quote)
        found.append(guarded)
    return found


def _order(chance: random.Random, place: int, *, longs: bool) -> NewTrade:
    # A trigger at 2 % lies within the walk from about 23x to 28x, and far beyond it below 10x.
    hundredths = (
        chance.randint(2_300, 2_800) if place % IN_REACH == 0 else chance.randint(300, 1_000)
    )
    return NewTrade(
        type=OrderType.MARKET,
        side=Side.BUY if chance.random() < 0.5 or longs else Side.SELL,
        leverage=Decimal(hundredths) / 100,
        quantity=chance.randint(100, 5_000),
    )
