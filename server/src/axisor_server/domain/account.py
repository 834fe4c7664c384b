"""What is known of one account now: the last reading, what is open, what was spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from axisor.events import (
    BalanceChanged,
    Cause,
    FundingPaid,
    HaltLevel,
    OrderChanged,
    Payload,
    PositionChanged,
    PositionClosed,
    PositionEnd,
)
from axisor.intents import CrossOrder, OpenPosition
from axisor.model import (
    CROSS,
    AccountState,
    Balance,
    FeedQuality,
    Funding,
    MarginMode,
    Mode,
    Order,
    OrderState,
    Position,
    Sats,
    Tick,
)
from axisor.ports import ClosedPosition
from axisor.strategy import View
from axisor_server.domain.attempts import Attempt, attempt_of
from axisor_server.domain.counters import Count, Outside
from axisor_server.domain.halting import stricter
from axisor_server.domain.intent import SPENDING_KINDS, decode_action, spends
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import IntentRecord
from axisor_server.domain.spending import DAY_US, Loss, Spend, spend_of

OPENING = frozenset({"OpenPosition", "CrossOrder"})
"""Kinds of actions that may make a position or enlarge one."""


class AccountBook(Struct, frozen=True, kw_only=True):
    """The present of one account. Every change makes a new book; nothing is edited in place.

    `state` is the last reading, None before the first. `open` holds the actions without a final
    outcome by id, `spends` those that moved sats lately, `transfer` the newest known row of the
    cross ledger ('' for none; None until it was read after the last transfer), `unread` the
    confirmed spending actions that no reading shows yet. `counts` holds the margin ever added to
    each position, `outside` what of it nothing of ours explains, `attempts` what runs tried on
    margin lately, `exhausted` the targets on which they tried too often. `halt` is the account's
    own, `platform` that of all accounts, `causes` what its standing comes from.
    """

    account: str
    mode: Mode
    halt: HaltLevel = HaltLevel.NONE
    platform: HaltLevel = HaltLevel.NONE
    causes: tuple[Cause, ...] = ()
    state: AccountState | None = None
    open: Mapping[str, IntentRecord] = {}
    spends: Mapping[str, Spend] = {}
    losses: tuple[Loss, ...] = ()
    transfer: str | None = None
    unread: Mapping[str, IntentRecord] = {}
    counts: Mapping[str, Count] = {}
    outside: tuple[Outside, ...] = ()
    attempts: Mapping[str, Attempt] = {}
    exhausted: frozenset[str] = frozenset()

    @property
    def halted(self) -> HaltLevel:
        """Return the halt that counts: the stricter of the account's own and that of all."""
        return stricter(self.halt, self.platform)

    def with_state(self, state: AccountState) -> AccountBook:
        """Return the book after a reading."""
        return replace(self, state=state)

    def with_intent(self, record: IntentRecord) -> AccountBook:
        """Return the book after an intent was planned, sent or settled."""
        open_ = dict(self.open)
        open_.pop(record.id, None)  # one that goes on is the last of them
        if record.state.is_open:
            open_[record.id] = record
        spends_ = self.spends
        if spends(record.kind) or record.id in spends_:
            spends_ = {**spends_, record.id: spend_of(record)}
        attempts, exhausted = self.attempts, self.exhausted
        if (attempt := attempt_of(record)) is not None:
            attempts = {**attempts, record.id: attempt}
            exhausted = exhausted - {record.target}
        return replace(self, open=open_, spends=spends_, attempts=attempts, exhausted=exhausted)

    def without_old(self, *, before_us: int, market_before_us: int) -> AccountBook:
        """Return the book without settled spends and losses older than two times."""
        kept = {
            k: s
            for k, s in self.spends.items()
            if k in self.open
            or s.opens
            or s.planned_us >= before_us
            or s.market_us >= market_before_us
        }
        losses = tuple(item for item in self.losses if item.market_us >= market_before_us)
        held = set() if self.state is None else {p.id for p in self.state.positions}
        outside = tuple(c for c in self.outside if c.position in held or c.at_us >= before_us)
        attempts = {k: a for k, a in self.attempts.items() if a.created_us >= before_us}
        return replace(self, spends=kept, losses=losses, outside=outside, attempts=attempts)

    def open_on(self, target: str) -> tuple[IntentRecord, ...]:
        """Return the open actions on a target."""
        return tuple(r for r in self.open.values() if r.target == target)

    @property
    def pending(self) -> frozenset[str]:
        """Return ids of positions with an open action that moves money or ends them.

        A stop on its way does not count: it must not keep a guard from adding margin.
        """
        if not self.open:
            return frozenset()
        return frozenset(
            [
                record.target.removeprefix("positions/")
                for record in self.open.values()
                if (record.additive or record.kind == "ClosePosition")
                and record.target.startswith("positions/")
            ]
        )

    @property
    def opening(self) -> tuple[OpenPosition | CrossOrder, ...]:
        """Return the openings and cross orders that may have happened unseen, by their ids."""
        if not self.unread and not self.open:
            return ()
        unseen = [r for r in (*self.unread.values(), *self.open.values()) if r.kind in OPENING]
        actions = (decode_action(r.action) for r in sorted(unseen, key=lambda r: r.id))
        return tuple(a for a in actions if isinstance(a, OpenPosition | CrossOrder))

    @property
    def reserved(self) -> Sats:
        """Return the sats of the balance last read that are gone or may be."""
        if not self.unread and not self.open:
            return 0
        open_ = sum([r.amount for r in self.open.values() if r.kind in SPENDING_KINDS])
        return open_ + sum([r.amount for r in self.unread.values()])

    @property
    def available(self) -> Sats:
        """Return the free sats that nothing has a claim on; never below 0."""
        return 0 if self.state is None else max(0, self.state.balance.free - self.reserved)

    def spent_today(self, run: str, market_us: int) -> Sats:
        """Return what a run spent, or may have, in the UTC day of a market time.

        Sats that nothing explains, on a position that the run acted on, may be its own.
        """
        day = market_us // DAY_US
        mine = [s for s in self.spends.values() if s.run == run]
        touched = {s.target for s in mine}
        unexplained = sum(
            came.amount
            for came in self.outside
            if f"positions/{came.position}" in touched and came.at_us // DAY_US == day
        )
        own = sum(s.amount for s in mine if s.counts and s.market_us // DAY_US == day)
        return own + unexplained

    @property
    def behind(self) -> frozenset[str]:
        """Return ids of positions of which the venue shows less than it confirmed."""
        return frozenset([id for id, count in self.counts.items() if count.is_behind])

    def came_to(self, position: str) -> Sats:
        """Return the sats that reached a position and that nothing explains."""
        return sum(came.amount for came in self.outside if came.position == position)

    def lost_today(self, run: str, market_us: int) -> Sats:
        """Return the net loss of positions a run opened that ended in the day, 0 for a gain."""
        mine = self.opened_by(run)
        losses = [item for item in self.losses if item.position in mine]
        return _lost(losses, market_us // DAY_US)

    def opened_by(self, run: str) -> frozenset[str]:
        """Return ids of the positions and orders a run opened."""
        return frozenset(s.opens for s in self.spends.values() if s.run == run and s.opens)

    def margin_in_use(self, run: str) -> Sats:
        """Return the margin of the run's positions, of its orders, and of openings under way."""
        mine = self.opened_by(run)
        state = self.state
        held = 0
        if state is not None:
            held = sum(p.margin for p in state.positions if p.id in mine)
            held += sum(o.margin or 0 for o in state.orders if o.id in mine)
        under_way = sum(
            r.amount for r in self.open.values() if r.run == run and r.kind == "OpenPosition"
        )
        return held + under_way

    def open_orders(self, run: str) -> int:
        """Return how many waiting orders are the run's, with openings under way."""
        mine = self.opened_by(run)
        state = self.state
        waiting = 0 if state is None else sum(1 for o in state.orders if o.id in mine)
        under_way = sum(
            1
            for r in self.open.values()
            if r.run == run and r.kind in {"OpenPosition", "CrossOrder"}
        )
        return waiting + under_way

    def view(
        self,
        *,
        now: datetime,
        tick: Tick | None,
        quality: FeedQuality,
        price_age_ms: int | None,
        seed: int = 0,
    ) -> View:
        """Return what a strategy may know of the account at a market time.

        Its free balance is what nothing has a claim on.
        """
        state = self.state or AccountState(balance=Balance(free=0))
        behind, came = self.behind, self.outside
        today = to_us(now) // DAY_US if came or self.losses else 0
        return View(
            now=now,
            mode=self.mode,
            balance=replace(state.balance, free=self.available),
            positions=state.positions,
            orders=state.orders,
            cross=state.cross,
            tick=tick,
            quality=quality,
            price_age_ms=price_age_ms,
            pending=self.pending,
            unreadable=frozenset(state.unreadable),
            frozen=behind and behind.intersection([p.id for p in state.positions]),
            outside={p.id: sats for p in state.positions if came and (sats := self.came_to(p.id))},
            outside_today=sum([one.amount for one in came if one.at_us // DAY_US == today]),
            opening=self.opening,
            lost_today=_lost(self.losses, today),
            seed=seed,
        )


def _lost(losses: Sequence[Loss], day: int) -> Sats:
    if not losses:
        return 0
    return max(0, sum(item.amount for item in losses if item.market_us // DAY_US == day))


def _comparable(position: Position) -> Position:
    return replace(position, pl=0)


def gone(before: AccountState | None, after: AccountState) -> tuple[Position, ...]:
    """Return positions that were open and are not any more."""
    if before is None:
        return ()
    still = {p.id for p in after.positions} | set(after.unreadable)
    return tuple(p for p in before.positions if p.id not in still)


def orders_gone(before: AccountState | None, after: AccountState) -> tuple[Order, ...]:
    """Return orders that were waiting and are not any more."""
    if before is None:
        return ()
    still = {o.id for o in after.orders}
    return tuple(o for o in before.orders if o.id not in still)


def diff(
    before: AccountState | None,
    after: AccountState,
    *,
    closed: Mapping[str, ClosedPosition] | None = None,
    done: Mapping[str, OrderState] | None = None,
) -> tuple[Payload, ...]:
    """Return what changed between two readings, as journal payloads.

    A position that could not be read and can be again has changed: a guard may act on it now.
    `closed` tells how positions ended and `done` what became of orders, where that was read. What
    was not read is not guessed: a position ends UNKNOWN; an order that became a position was
    filled, any other isolated one canceled.
    """
    found: list[Payload] = []
    if before is None or before.balance != after.balance or before.cross != after.cross:
        found.append(BalanceChanged(balance=after.balance, cross=after.cross))
    for position in gone(before, after):
        found.append(_closed(position, (closed or {}).get(position.id)))
    for position in after.positions:
        old = None if before is None else before.position(position.id)
        hidden = before is not None and position.id in before.unreadable
        seen_again = hidden and position.id not in after.unreadable
        if old is None or seen_again or _comparable(old) != _comparable(position):
            found.append(PositionChanged(position=position))
        if old is not None and after.read_at is not None:
            found.extend(_funded(old, position, after.read_at))
    for order in orders_gone(before, after):
        state = (done or {}).get(order.id) or _ending(order, before, after)
        found.append(OrderChanged(order=replace(order, state=state)))
    known = {} if before is None else {o.id: o for o in before.orders}
    for order in after.orders:
        if known.get(order.id) != order:
            found.append(OrderChanged(order=order))
    return tuple(found)


def _funded(before: Position, after: Position, seen: datetime) -> Iterator[FundingPaid]:
    """Yield the funding between two readings: the change of its sum, at the time it was seen."""
    fee = after.sum_funding_fees - before.sum_funding_fees
    if fee:
        yield FundingPaid(funding=Funding(after.id, fee, seen))


def _closed(position: Position, record: ClosedPosition | None) -> PositionClosed:
    if record is None:
        return PositionClosed(position=position, end=PositionEnd.UNKNOWN)
    ends = {end.value for end in PositionEnd}
    end = PositionEnd(record.end) if record.end in ends else PositionEnd.UNKNOWN
    price = "" if record.exit_price is None else format(record.exit_price, "f")
    return PositionClosed(position=position, end=end, exit_price=price, pl=record.pl)


def _ending(order: Order, before: AccountState | None, after: AccountState) -> OrderState:
    if order.margin_mode is MarginMode.ISOLATED:
        filled = after.position(order.id) is not None
    else:
        filled = _signed_quantity(after) - _signed_quantity(before) == (
            order.side.sign * order.quantity
        )
    return OrderState.FILLED if filled else OrderState.CANCELED


def _signed_quantity(state: AccountState | None) -> int:
    position = None if state is None else state.position(CROSS)
    return 0 if position is None else position.side.sign * position.quantity


def without_position(state: AccountState, id: str) -> AccountState:
    """Return a state without one position."""
    return replace(state, positions=tuple(p for p in state.positions if p.id != id))


def with_position(state: AccountState, position: Position) -> AccountState:
    """Return a state with one position added or replaced, order kept."""
    if state.position(position.id) is None:
        return replace(state, positions=(*state.positions, position))
    return replace(
        state,
        positions=tuple(position if p.id == position.id else p for p in state.positions),
    )


def with_order(state: AccountState, order: Order) -> AccountState:
    """Return a state with one order added, replaced, or removed when it is done."""
    others = tuple(o for o in state.orders if o.id != order.id)
    return replace(state, orders=(*others, order) if order.state is OrderState.OPEN else others)


def project(state: AccountState | None, payload: Payload) -> AccountState | None:
    """Return the account after one journal payload, as far as the journal tells it."""
    held = state or AccountState(balance=Balance(free=0))
    match payload:
        case BalanceChanged():
            return replace(held, balance=payload.balance, cross=payload.cross)
        case PositionChanged():
            return with_position(held, payload.position)
        case PositionClosed():
            return without_position(held, payload.position.id)
        case OrderChanged():
            return with_order(held, payload.order)
        case _:
            return state


PROJECTED = ("BalanceChanged", "PositionChanged", "PositionClosed", "OrderChanged")
"""Kinds of entries that `project` reads."""
