"""What a journal says of an account's results: a fold over its entries, and figures over a time.

Equity here is what is booked. A journal keeps no price between decisions, so profit that is not
realised is not in it. Money that was moved in or out is no result.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from axisor.events import (
    BalanceChanged,
    IntentPlanned,
    IntentSettled,
    IntentState,
    Payload,
    PositionChanged,
    PositionClosed,
    PositionEnd,
)
from axisor.intents import SPENDING
from axisor.maths import FEE_RATES, fee
from axisor.metrics import Metrics, judge
from axisor.model import Position, Sats
from axisor_server.domain.journal import from_us, to_us

DAY = timedelta(days=1)
MOST_DAYS = 3_660
"""Samples of equity are a day apart; beyond ten years they are spread wider."""


class Booking(Struct, frozen=True):
    """Sats that were gained or lost at a moment; `fees` and `funding` are those among them."""

    time_us: int
    sats: Sats
    fees: Sats = 0
    funding: Sats = 0


class Closing(Struct, frozen=True):
    """A position that ended: what it gained in its life, and whether it was liquidated."""

    time_us: int
    result: Sats
    liquidated: bool


class Deed(Struct, frozen=True):
    """An action that was carried out, and the sats it moved into a position to protect it."""

    time_us: int
    added: Sats


class Figures(Struct, frozen=True, kw_only=True):
    """How an account fared from `start` to `end`; `metrics` are those of booked equity."""

    start: datetime
    end: datetime
    equity: Sats
    fees: Sats
    funding: Sats
    actions: int
    added: Sats
    metrics: Metrics


class Results:
    """The results of one account. Take its entries in order, from the first one on."""

    def __init__(self) -> None:
        self.sequence = 0
        self._began_us: int | None = None
        self._base: Sats = 0
        self._tier = 0
        self._held: dict[str, Position] = {}
        self._planned: dict[str, Sats] = {}
        self._bookings: list[Booking] = []
        self._closings: list[Closing] = []
        self._deeds: list[Deed] = []

    def take(self, sequence: int, time_us: int, payload: Payload) -> None:
        """Take in one entry."""
        self.sequence = sequence
        match payload:
            case BalanceChanged(balance=balance, cross=cross):
                self._tier = balance.fee_tier
                if self._began_us is None:
                    held = self._held.values()
                    self._base = balance.free + cross.margin
                    self._base += sum(p.margin + p.maintenance_margin for p in held)
                    self._began_us = time_us
            case PositionChanged(position=position):
                self._change(time_us, position)
            case PositionClosed(position=position, end=end, exit_price=price, pl=pl):
                self._close(time_us, position, end, price, pl)
            case IntentPlanned(intent=intent, action=action, amount=amount):
                self._planned[intent] = amount if isinstance(action, SPENDING) else 0
            case IntentSettled(intent=intent, state=state):
                self._settle(time_us, intent, state)
            case _:
                return

    def figures(self, start: datetime | None, end: datetime) -> Figures:
        """Return how the account fared; without a start, or with an earlier one, from the first."""
        first_us = to_us(end) if self._began_us is None else self._began_us
        end_us = max(first_us, to_us(end))
        start_us = first_us if start is None else min(max(first_us, to_us(start)), end_us)
        within = [b for b in self._bookings if start_us < b.time_us <= end_us]
        closings = [c for c in self._closings if start_us < c.time_us <= end_us]
        deeds = [d for d in self._deeds if start_us < d.time_us <= end_us]
        before = self._base + sum(b.sats for b in self._bookings if b.time_us <= start_us)
        equity, spacing = _samples(before, within, start_us, end_us)
        return Figures(
            start=from_us(start_us),
            end=from_us(end_us),
            equity=before,
            fees=sum(b.fees for b in within),
            funding=sum(b.funding for b in within),
            actions=len(deeds),
            added=sum(d.added for d in deeds),
            metrics=judge(
                equity,
                [c.result for c in closings],
                spacing=spacing,
                before=before,
                risk=None,
                liquidations=sum(c.liquidated for c in closings),
            ),
        )

    def _change(self, time_us: int, position: Position) -> None:
        before = self._held.get(position.id)
        self._held[position.id] = position
        if before is not None:
            self._book_since(time_us, before, position)
        elif self._began_us in (None, time_us):
            # It was there when the account was first read: its past is no result of ours.
            if self._began_us is not None:
                self._base += position.margin + position.maintenance_margin
        elif position.opening_fee:
            self._book(Booking(time_us, -position.opening_fee, fees=position.opening_fee))

    def _book_since(self, time_us: int, before: Position, after: Position) -> None:
        """Book the funding paid and the profit cashed in between two readings."""
        funding = after.sum_funding_fees - before.sum_funding_fees
        cashed = after.sum_cash_in_pl - before.sum_cash_in_pl
        if funding or cashed:
            self._book(Booking(time_us, cashed - funding, funding=funding))

    def _close(
        self, time_us: int, position: Position, end: PositionEnd, price: str, pl: Sats
    ) -> None:
        before = self._held.pop(position.id, None)
        if before is not None:
            self._book_since(time_us, before, position)
        cost = self._closing_fee(position, price)
        self._book(Booking(time_us, pl - cost, fees=cost))
        paid = position.opening_fee + cost + position.sum_funding_fees
        result = pl + position.sum_cash_in_pl - paid
        self._closings.append(Closing(time_us, result, end is PositionEnd.LIQUIDATED))

    def _closing_fee(self, position: Position, price: str) -> Sats:
        """Return what closing cost: by the fee tier of the time, never more than was reserved."""
        try:
            at = Decimal(price)
        except InvalidOperation:
            at = position.entry  # how it ended is not known; the fee hardly depends on the price
        if not at.is_finite() or at <= 0:
            at = position.entry
        reckoned = fee(position.quantity, at, FEE_RATES[self._tier])
        return min(reckoned, position.maintenance_margin) if position.opening_fee else reckoned

    def _settle(self, time_us: int, intent: str, state: IntentState) -> None:
        if state is IntentState.UNKNOWN:
            return
        added = self._planned.pop(intent, 0)
        if state is IntentState.CONFIRMED:
            self._deeds.append(Deed(time_us, added))

    def _book(self, booking: Booking) -> None:
        self._bookings.append(booking)


def _samples(
    before: Sats, bookings: list[Booking], start_us: int, end_us: int
) -> tuple[list[Sats], timedelta]:
    """Return booked equity day by day from the start on, and at the end; and the spacing."""
    days = (end_us - start_us) // to_microseconds(DAY)
    spacing = DAY * (days // MOST_DAYS + 1)
    step = to_microseconds(spacing)
    equity, value, place = [], before, 0
    for moment in (*range(start_us, end_us + 1, step), end_us):
        while place < len(bookings) and bookings[place].time_us <= moment:
            value += bookings[place].sats
            place += 1
        equity.append(value)
    return equity, spacing


def to_microseconds(span: timedelta) -> int:
    """Return a span as whole microseconds."""
    return span // timedelta(microseconds=1)
