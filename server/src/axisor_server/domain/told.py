"""What a reader of an account's journal knows at one moment, and what a decision knew beyond it.

The engine and the replay keep the same `Told` by the same code: the one writes the difference
between it and the present as a `Saw`, the other adds that `Saw` to it and has the present again.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct
from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    Cause,
    FeedChanged,
    HaltChanged,
    HaltLevel,
    OrderChanged,
    Payload,
    PositionChanged,
    PositionClosed,
    StandingChanged,
    Stimulus,
    Ticked,
    Woken,
)
from axisor.model import (
    AccountState,
    Balance,
    CrossWallet,
    FeedQuality,
    Order,
    OrderState,
    Position,
    Tick,
)
from axisor.saw import Saw
from axisor_server.domain.account import AccountBook


class Moment(Struct, frozen=True, kw_only=True):
    """What the market showed when a decision was made; `now` is market time."""

    now: datetime
    tick: Tick | None
    quality: FeedQuality
    age_ms: int | None


class Told:
    """An account as its journal tells it, with what the last decision saw beyond.

    `complete` says that a decision told everything since the account was last taken over; before
    that, what the journal leaves out is not known.
    """

    def __init__(self, state: AccountState | None = None) -> None:
        self.complete = False
        self._begin()
        held = state or AccountState(balance=Balance(free=0))
        self._read = state is not None
        self._balance: Balance = held.balance
        self._cross: CrossWallet = held.cross
        self._positions = {p.id: p for p in held.positions}
        self._orders = {o.id: o for o in held.orders}
        self._listed = dict.fromkeys(self._positions)

    def _begin(self) -> None:
        """Assume what holds where nothing is told; a full `Saw` is told from here."""
        self.tick: Tick | None = None
        self.quality = FeedQuality.NONE
        self.halt = HaltLevel.NONE
        self.platform = HaltLevel.NONE
        self.causes: tuple[Cause, ...] = ()
        self.unreadable: tuple[str, ...] = ()
        self.unread: tuple[str, ...] = ()
        self.frozen: tuple[str, ...] = ()

    def copy(self) -> Told:
        """Return another one that knows the same."""
        other = Told()
        other.__dict__.update(self.__dict__)
        other._positions = dict(self._positions)
        other._orders = dict(self._orders)
        other._listed = dict(self._listed)
        return other

    @property
    def state(self) -> AccountState | None:
        """Return the account as it was last seen, None before its first reading."""
        if not self._read:
            return None
        return AccountState(
            balance=self._balance,
            positions=tuple(self._positions[id] for id in self._listed),
            orders=tuple(self._orders.values()),
            cross=self._cross,
            unreadable=self.unreadable,
        )

    def hear(self, payload: Payload) -> None:
        """Learn what one entry of the journal tells."""
        match payload:
            case BalanceChanged():
                self._balance, self._cross = payload.balance, payload.cross
            case PositionChanged():
                self._show(payload.position)
            case PositionClosed():
                self._positions.pop(payload.position.id, None)
                self._listed.pop(payload.position.id, None)
            case OrderChanged():
                self._order(payload.order)
            case HaltChanged(platform=True):
                self.platform = payload.level
                return
            case HaltChanged():
                self.halt = payload.level
                return
            case StandingChanged():
                self.causes = payload.causes
                return
            case FeedChanged():
                self.quality = payload.quality
                return
            case _:
                return
        self._read = True

    def _show(self, position: Position) -> None:
        self._positions[position.id] = position
        self._listed.setdefault(position.id)

    def _order(self, order: Order) -> None:
        self._orders.pop(order.id, None)
        if order.state is OrderState.OPEN:
            self._orders[order.id] = order

    def beyond(
        self, book: AccountBook, moment: Moment, *, cause: Stimulus | None = None, asked: int = 0
    ) -> Saw:
        """Return what a decision sees in the present that this does not tell."""
        anew = not self.complete
        base = Told() if anew else self
        state = book.state or AccountState(balance=Balance(free=0))
        listed = tuple(p.id for p in state.positions)
        waiting = tuple(o.id for o in state.orders)
        unread = tuple(book.unread)
        frozen = tuple(sorted(book.behind.intersection(listed)))
        # A position that the journal does not tell is shown wrong in a replay, and found there.
        known = [self._positions[id].pl for id in listed if id in self._positions]
        pl = tuple(p.pl for p in state.positions)
        told_tick = base.tick if (shown := _tick_of(cause)) is None else shown
        return Saw(
            full=anew,
            tick=moment.tick if moment.tick != told_tick else UNSET,
            now=moment.now if moment.tick is None else None,
            age_ms=moment.age_ms,
            quality=moment.quality if moment.quality is not base.quality else UNSET,
            halt=book.halt if book.halt is not base.halt else UNSET,
            platform=book.platform if book.platform is not base.platform else UNSET,
            causes=book.causes if book.causes != base.causes else UNSET,
            listed=listed if anew or listed != tuple(self._listed) else UNSET,
            waiting=waiting if anew or waiting != tuple(self._orders) else UNSET,
            pl=pl if anew or list(pl) != known else UNSET,
            unreadable=state.unreadable if state.unreadable != base.unreadable else UNSET,
            unread=unread if unread != base.unread else UNSET,
            frozen=frozen if frozen != base.frozen else UNSET,
            asked=asked,
        )

    def see(self, saw: Saw, *, cause: Stimulus | None = None) -> Moment:
        """Take over what a decision saw; returns the market at its moment.

        Raises KeyError for a position or order the journal never told, ValueError where profits
        and positions do not match.
        """
        if saw.full:
            self.complete = True
            self._begin()
        shown = _tick_of(cause)
        self.tick = self.tick if shown is None else shown
        self.tick = self.tick if saw.tick is UNSET else saw.tick
        self.quality = self.quality if saw.quality is UNSET else saw.quality
        self.halt = self.halt if saw.halt is UNSET else saw.halt
        self.platform = self.platform if saw.platform is UNSET else saw.platform
        self.causes = self.causes if saw.causes is UNSET else saw.causes
        self.unreadable = self.unreadable if saw.unreadable is UNSET else saw.unreadable
        self.unread = self.unread if saw.unread is UNSET else saw.unread
        self.frozen = self.frozen if saw.frozen is UNSET else saw.frozen
        if saw.listed is not UNSET:
            self._listed = dict.fromkeys(self._positions[id].id for id in saw.listed)
        if saw.waiting is not UNSET:
            self._orders = {id: self._orders[id] for id in saw.waiting}
        if saw.pl is not UNSET:
            for id, pl in zip(tuple(self._listed), saw.pl, strict=True):
                self._positions[id] = replace(self._positions[id], pl=pl)
        now = saw.now if self.tick is None else self.tick.time
        if now is None:
            raise ValueError("neither a tick nor a time is told")
        return Moment(now=now, tick=self.tick, quality=self.quality, age_ms=saw.age_ms)


def _tick_of(cause: Stimulus | None) -> Tick | None:
    return cause.tick if isinstance(cause, Woken | Ticked) else None
