"""What the author of a strategy writes, and the one function that calls it.

A strategy is a deterministic function from a stimulus, a view, its configuration and its memory to
intents and new memory. It has no clock, no IO and no chance of its own; what it knows is in the
view. Handlers yield intents; the platform saves the memory together with them, or neither.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import (
    Any,
    ClassVar,
    Generic,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    runtime_checkable,
)

import msgspec
from msgspec import Struct

from axisor.errors import ConfigInvalid
from axisor.events import (
    BalanceChanged,
    Coverage,
    FeedChanged,
    OrderChanged,
    Outcome,
    PositionChanged,
    PositionClosed,
    Started,
    Stimulus,
    Stopped,
    Ticked,
    TimerFired,
    Woken,
)
from axisor.forms import place_of
from axisor.intents import CrossOrder, Intent, OpenPosition, Wake, Why
from axisor.model import (
    Balance,
    CrossWallet,
    FeedQuality,
    Mode,
    Order,
    Permission,
    Position,
    Price,
    Sats,
    Side,
    Tick,
)


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of a strategy's configuration. Subclasses repeat `frozen=True`."""


class Memory(Struct):
    """Base of what a strategy remembers between steps. New fields need defaults."""

    @classmethod
    def upgrade(cls, old: dict[str, Any]) -> dict[str, Any]:
        """Return what another version remembered, as this one reads it.

        Called when a version takes over from another one, whichever is newer. Raises ValueError
        for what it cannot go on from.
        """
        return old


class View(Struct, frozen=True, kw_only=True):
    """What a strategy may know at one moment; read-only.

    `now` is market time. `price_age_ms` is the age of the tick since it was received, None without
    a tick. `pending` holds the ids of positions with an action whose outcome is not settled.
    `unreadable` holds ids of positions the venue listed but whose figures could not be understood.
    `frozen` holds ids of positions to which nothing can be added now: only actions that may happen
    twice without harm are carried out on them. `outside` holds the sats that were added to open
    positions and that no action of this core explains, `outside_today` those of the present day.
    `opening` holds the openings and cross orders that may have happened and that no reading shows
    yet, `lost_today` the net loss of positions that ended in the present day, 0 for a gain; a
    back-test shows neither.
    `seed` differs from step to step and is recorded with it.
    """

    now: datetime
    mode: Mode = Mode.SIM
    balance: Balance = Balance(free=0)
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    cross: CrossWallet = CrossWallet()
    tick: Tick | None = None
    quality: FeedQuality = FeedQuality.FRESH
    price_age_ms: int | None = None
    pending: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    outside: Mapping[str, Sats] = {}
    outside_today: Sats = 0
    opening: tuple[OpenPosition | CrossOrder, ...] = ()
    lost_today: Sats = 0
    seed: int = 0

    def position(self, id: str) -> Position | None:
        """Return the open position with this id, or None."""
        return next((p for p in self.positions if p.id == id), None)

    @property
    def random(self) -> random.Random:
        """Return a generator seeded by this step; the same step draws the same numbers."""
        return random.Random(self.seed)


class Rest(Struct, frozen=True, kw_only=True):
    """What a strategy need not be told of.

    While prices stay above `below` and below `above` (None: any), up to `fundings` payments at the
    tick's rate may change margins, balance and the time of the next one, and timers may come.
    """

    below: Price | None
    above: Price | None
    fundings: int


C = TypeVar("C", bound=Config)
M = TypeVar("M", bound=Memory)


class Strategy(Generic[C, M]):
    """Base of all strategies: subclass it as `Strategy[MyConfig, MyMemory]` and override handlers.

    `name` is kebab-case and stays for ever. `permissions` are the rights its actions need. Handlers
    return or yield intents; those not overridden ask for nothing. `every_tick` asks for `on_tick`
    on each tick and is true by itself when `on_tick` is overridden.
    """

    name: ClassVar[str]
    permissions: ClassVar[Permission] = Permission.READ
    every_tick: ClassVar[bool] = False
    config_type: ClassVar[type[Config]] = Config
    memory_type: ClassVar[type[Memory]] = Memory

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Strategy:
                cls.config_type, cls.memory_type = get_args(base)
        cls.every_tick = cls.every_tick or cls.on_tick is not Strategy.on_tick

    def __init__(self, config: C, memory: M) -> None:
        self.config = config
        self.memory = memory

    @classmethod
    def check(cls, config: C) -> Iterable[str]:
        """Return contradictions within a configuration, each a sentence; empty when it is sound."""
        return ()

    def on_start(self, view: View) -> Iterable[Intent]:
        """Handle the start of the run, first or after a pause or restart."""
        return ()

    def on_tick(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Handle every tick; overriding this costs a call on each."""
        return ()

    def on_wake(self, tick: Tick, view: View) -> Iterable[Intent]:
        """Handle a tick that reached a bound of the last `Wake`."""
        return ()

    def on_timer(self, at: datetime, view: View) -> Iterable[Intent]:
        """Handle the time of the last `Wake`."""
        return ()

    def on_order(self, change: OrderChanged, view: View) -> Iterable[Intent]:
        """Handle an order that is new, filled or canceled."""
        return ()

    def on_position(self, change: PositionChanged | PositionClosed, view: View) -> Iterable[Intent]:
        """Handle a position that is new, changed or gone."""
        return ()

    def on_balance(self, change: BalanceChanged, view: View) -> Iterable[Intent]:
        """Handle another balance."""
        return ()

    def on_outcome(self, outcome: Outcome, view: View) -> Iterable[Intent]:
        """Handle what became of an action this run asked for."""
        return ()

    def on_feed(self, change: FeedChanged, view: View) -> Iterable[Intent]:
        """Handle a change in how far the price can be trusted."""
        return ()

    def on_outage(self, view: View) -> Iterable[Intent]:
        """Handle a core that cannot write anything down, at a moment when it had to decide.

        Only a stop nearer to the market, or closing, is carried out; nothing is remembered of the
        call, which may come again with the same view. Ask for nothing unless its owner agreed.
        """
        return ()

    def rest(self, view: View) -> Rest | None:
        """Return how long nothing but fundings could pass without any intent; None: not at all.

        Asked in back-tests, after a step, to leave out calls that answer nothing. Changes nothing,
        and what it says must hold in every market: `axisor.testing.probes.check_wakes` looks.
        """
        return None

    def on_stop(self, view: View) -> Iterable[Intent]:
        """Handle the end of the run; nothing is called after it."""
        return ()


class StepResult(Struct, frozen=True):
    """What one step produced.

    Its intents without `Wake`, the memory as JSON, the wake if it set one.
    """

    intents: tuple[Intent, ...]
    memory: bytes
    wake: Wake | None
    changed: bool


def take_step(
    strategy: type[Strategy[Any, Any]], config: Config, memory: bytes, cause: Stimulus, view: View
) -> StepResult:
    """Call a strategy once and return what it asks for, with its memory afterwards.

    `memory` is JSON; empty means a first step. Whatever the handler raises passes through, and then
    nothing of the step counts. Deterministic: equal arguments give equal results in any process.
    """
    held = decode_memory(strategy, memory)
    before = memory or encode_memory(held)
    live = strategy(config, held)
    intents: list[Intent] = []
    wake: Wake | None = None
    for intent in _call(live, cause, view):
        if isinstance(intent, Wake):
            wake = intent
        else:
            intents.append(intent)
    after = encode_memory(live.memory)
    return StepResult(tuple(intents), after, wake, changed=after != before)


def ask_in_outage(
    strategy: type[Strategy[Any, Any]], config: Config, memory: bytes, view: View
) -> tuple[Intent, ...]:
    """Return what a strategy asks for while nothing can be written down; its memory stays.

    Whatever the handler raises passes through.
    """
    live = strategy(config, decode_memory(strategy, memory))
    return tuple(live.on_outage(view))


def _call(live: Strategy[Any, Any], cause: Stimulus, view: View) -> Iterable[Intent]:
    match cause:
        case Woken(tick=tick):
            return live.on_wake(tick, view)
        case Ticked(tick=tick):
            return live.on_tick(tick, view)
        case TimerFired(at=at):
            return live.on_timer(at, view)
        case PositionChanged() | PositionClosed():
            return live.on_position(cause, view)
        case OrderChanged():
            return live.on_order(cause, view)
        case BalanceChanged():
            return live.on_balance(cause, view)
        case Outcome():
            return live.on_outcome(cause, view)
        case FeedChanged():
            return live.on_feed(cause, view)
        case Started():
            return live.on_start(view)
        case Stopped():
            return live.on_stop(view)


_encoder = msgspec.json.Encoder(order="deterministic")


def encode_memory(memory: Memory) -> bytes:
    """Return a memory as JSON, the same bytes for equal memories."""
    return _encoder.encode(memory)


def decode_memory(strategy: type[Strategy[Any, Any]], memory: bytes) -> Memory:
    """Return the memory a strategy saved; empty bytes are a fresh one."""
    if not memory:
        return strategy.memory_type()
    return msgspec.json.decode(memory, type=strategy.memory_type)


def decode_config(strategy: type[Strategy[Any, Any]], config: bytes | str) -> Config:
    """Return a configuration from JSON, checked against its type and `Strategy.check`.

    Raises ConfigInvalid naming the field or the contradiction.
    """
    try:
        found = msgspec.json.decode(config or b"{}", type=strategy.config_type, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigInvalid(
            f"The configuration of {strategy.name} is not valid: {error}.",
            strategy=strategy.name,
            **place_of(error),
        ) from error
    for complaint in strategy.check(found):
        raise ConfigInvalid(complaint, strategy=strategy.name)
    return found


class PlanRow(Struct, frozen=True):
    """One action a guard would take as the price moves: where, what, and what is left after it.

    `move` is a fraction of the present price; `liquidation` the position's afterwards.
    """

    price: Price
    move: Decimal
    position: str
    action: str
    cost: Sats
    budget_left: Sats
    liquidation: Price | None
    note: str = ""


class Floor(Struct, frozen=True):
    """How far a guard holds in one direction.

    `price` is the first one at which `position` is below its trigger and cannot be brought back;
    None means nothing breaks within the walk. `extra` sats of budget would move it to
    `extra_price`.
    """

    side: Side
    price: Price | None
    move: Decimal | None
    position: str = ""
    extra: Sats = 0
    extra_price: Price | None = None


class WhatIfRow(Struct, frozen=True):
    """A position at another price or margin; `gap` says that a single jump there kills it."""

    position: str
    price: Price
    added: Sats
    liquidation: Price
    distance: Decimal
    leverage: Decimal
    pl: Sats
    gap: bool
    guarded: str = ""


@runtime_checkable
class Protection(Protocol):
    """What a strategy offers that protects positions; clients ask it through the core's
    GuardService.

    Pure: each answers from the view and the strategy's own configuration and memory, changing
    neither.
    """

    def plan(self, view: View) -> tuple[PlanRow, ...]:
        """Return what the guard would do as the price walks down and up, nearest first."""
        ...

    def floors(self, view: View) -> tuple[Floor, ...]:
        """Return the floor below for longs and above for shorts, the nearer first."""
        ...

    def coverage(self, view: View) -> tuple[Coverage, ...]:
        """Return the protection of every position of the account."""
        ...

    def whatif(self, view: View, price: Price, added: Sats) -> tuple[WhatIfRow, ...]:
        """Return every position as it would be at a price with `added` sats more margin each."""
        ...

    def explain(self, view: View, position: str) -> Why:
        """Return why the guard acts or does not act on a position right now."""
        ...
