"""Isolated trades on request: placing, closing, margin, stops; and what a print does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from axisor.exchange import settling, terms
from axisor.exchange.books import Desk
from axisor.exchange.happenings import Canceled, Changed, ClosedBy, Filled, Opened
from axisor.exchange.quote import Quote
from axisor.exchange.records import Settlement, StopMode, Trade
from axisor.exchange.requests import NewTrade
from axisor.exchange.rules import bad, executable, missing, must_be_positive
from axisor.model import Price, Sats, Side


class Isolated:
    """The isolated side of an account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---------------------------------------------------------------- reading

    def open(self) -> tuple[Trade, ...]:
        """Return the waiting limit trades, oldest first."""
        return tuple(t for t in self._desk.books.trades.values() if t.open)

    def running(self, quote: Quote | None = None) -> tuple[Trade, ...]:
        """Return the running trades, oldest first, marked at the quote if one is given."""
        trades = [t for t in self._desk.books.trades.values() if t.running]
        if quote is None:
            return tuple(trades)
        return tuple(t.marked(quote.closing(t.side, t.quantity)) for t in trades)

    def closed(self) -> tuple[Trade, ...]:
        """Return the trades that were closed, oldest first."""
        return tuple(t for t in self._desk.books.past if t.closed)

    def canceled(self) -> tuple[Trade, ...]:
        """Return the trades that were canceled before they filled, oldest first."""
        return tuple(t for t in self._desk.books.past if t.canceled)

    def get(self, id: str) -> Trade:
        """Return a trade that waits or runs; anything else is refused as not found."""
        trade = self._desk.books.trades.get(id)
        if trade is None:
            raise missing("Trade")
        return trade

    # ---------------------------------------------------------------- requests

    def new_trade(self, now: datetime, quote: Quote, order: NewTrade) -> Trade:
        """Place a trade: a market one runs at once, a limit one waits until its price is met."""
        desk = self._desk
        draft = terms.draft(order, desk.books.rules, now, quote)
        terms.check_room(desk, draft)
        desk.must_have(draft.margin + draft.maintenance_margin)
        desk.begin()
        before = desk.books.balance
        trade = replace(draft, id=desk.ids())
        desk.books.balance -= trade.margin + trade.maintenance_margin
        desk.books.trades[trade.id] = trade
        if trade.open:
            desk.books.above[trade.id] = terms.met_from_above(trade.side, trade.price, quote.last)
            desk.say(Opened(now, trade))
        else:
            trade = settling.run(desk, trade, now)
            if trade.stoploss_trailing_distance:
                desk.books.best[trade.id] = quote.last
            desk.say(Filled(now, trade))
        desk.record(
            now,
            "new_trade",
            trade.id,
            before=(0, before),
            margin=trade.margin,
            fields=order.fields(),
        )
        return trade

    def close(self, now: datetime, quote: Quote, id: str) -> Trade:
        """Close a running trade at the market."""
        trade = self._running(id)
        price = executable(quote.opening(trade.side.opposite, trade.quantity))
        self._desk.begin()
        before = (trade.margin, self._desk.books.balance)
        closed = self._close(trade, now, price, "close")
        self._desk.record(now, "close", id, before=before, fields={"price": price})
        return closed

    def cancel(self, now: datetime, id: str) -> Trade:
        """Cancel a waiting trade; its margin and reserve return to the balance."""
        trade = self.get(id)
        if not trade.open:
            raise bad("Only a trade that waits can be canceled")
        self._desk.begin()
        return self._cancel(trade, now)

    def cancel_all(self, now: datetime) -> tuple[Trade, ...]:
        """Cancel every waiting trade."""
        self._desk.begin()
        return tuple(self._cancel(trade, now) for trade in self.open())

    def add_margin(self, now: datetime, id: str, amount: Sats) -> Trade:
        """Move sats from the balance into a running trade; leverage must stay 1 or above."""
        trade = self._running(id)
        must_be_positive(amount)
        self._desk.must_have(amount)
        changed = terms.with_margin(trade, trade.margin + amount)
        if not terms.at_least_1x(changed):
            raise bad("Leverage would fall below 1")
        return self._change(changed, trade, now, "add_margin", -amount, amount=amount)

    def cash_in(self, now: datetime, quote: Quote, id: str, amount: Sats) -> Trade:
        """Take sats out of a running trade: from its profit first, then from its margin."""
        trade = self._running(id)
        must_be_positive(amount)
        market = executable(quote.opening(trade.side.opposite, trade.quantity))
        changed, from_profit = terms.cashed_in(trade, amount, market)
        if changed.margin < 1 or changed.leverage > self._desk.books.rules.max_leverage:
            raise bad("Leverage would rise above the most allowed")
        if terms.reached(changed.side, changed.liquidation, quote.last) or terms.reached(
            changed.side, changed.liquidation, market
        ):
            raise bad("The position would be liquidated")
        changed = terms.without_dead_stop(changed)
        if not changed.stoploss:
            self._desk.books.best.pop(id, None)
        self._desk.books.sums.realised += from_profit
        return self._change(changed, trade, now, "cash_in", amount, amount=amount)

    def set_stoploss(
        self, now: datetime, quote: Quote, id: str, value: Decimal, mode: StopMode = "fixed"
    ) -> Trade:
        """Set a stop-loss: a price, or for `trailing` a fraction; 0 removes it."""
        trade = self.get(id)
        reference = quote.last if trade.running else trade.price
        changed = terms.with_stop(trade, value, mode, reference)
        terms.check_stop(changed, reference)
        if changed.stoploss_trailing_distance:
            self._desk.books.best[id] = reference
        else:
            self._desk.books.best.pop(id, None)
        return self._change(changed, trade, now, "stoploss", 0, value=value, mode=mode)

    def set_takeprofit(self, now: datetime, quote: Quote, id: str, value: Price) -> Trade:
        """Set a take-profit price; 0 removes it."""
        trade = self.get(id)
        if value == trade.takeprofit:
            raise bad("Take-profit is the same as the previous one")
        changed = replace(trade, takeprofit=value)
        terms.check_profit(changed, quote.last if trade.running else trade.price)
        return self._change(changed, trade, now, "takeprofit", 0, value=value)

    # ---------------------------------------------------------------- prints

    def liquidate(self, quote: Quote) -> None:
        """Liquidate every running trade whose liquidation price is reached."""
        for trade in self.running():
            if terms.reached(trade.side, trade.liquidation, self._judged(trade, quote)):
                self._close(trade, quote.time, trade.liquidation, "liquidation")

    def fill(self, quote: Quote) -> None:
        """Fill every waiting trade whose price the market met from the side it was placed on."""
        books = self._desk.books
        for trade in self.open():
            if terms.met(trade.price, above=books.above[trade.id], last=quote.last):
                del books.above[trade.id]
                filled = settling.run(self._desk, replace(trade, open=False), quote.time)
                if filled.stoploss_trailing_distance:
                    books.best[trade.id] = trade.price
                self._desk.say(Filled(quote.time, filled))
                self._desk.notify(quote.time, "filled", "A limit order was filled", id=trade.id)

    def take_profit(self, quote: Quote) -> None:
        """Close at the market every running trade whose take-profit the last price reached."""
        for trade in self.running():
            if trade.takeprofit and terms.reached(
                trade.side.opposite, trade.takeprofit, quote.last
            ):
                price = quote.closing(trade.side, trade.quantity)
                self._close(trade, quote.time, price, "takeprofit")

    def stop(self, quote: Quote) -> None:
        """Close at the market every running trade whose stop is reached; move trailing stops."""
        for trade in self.running():
            if trade.stoploss and terms.reached(trade.side, trade.stoploss, quote.last):
                price = quote.closing(trade.side, trade.quantity)
                self._close(trade, quote.time, price, "stoploss")
            elif trade.stoploss_trailing_distance:
                settling.trail(self._desk, trade, quote)

    def fund(self, settlement: Settlement, quote: Quote) -> None:
        """Settle a funding payment of every running trade; close what can no longer bear it."""
        for trade in self.running():
            funded = settling.fund(self._desk, trade, settlement)
            if funded.margin < 1 or funded.leverage > self._desk.books.rules.max_leverage:
                price = quote.closing(trade.side, trade.quantity)
                self._close(funded, settlement.time, price, "funding")

    def bounds(self) -> Iterator[tuple[Price, Price]]:
        """Yield for each trade the prices between which a print leaves it alone."""
        books = self._desk.books
        for trade in books.trades.values():
            yield terms.bounds(trade, books.best.get(trade.id), books.above.get(trade.id))

    # ---------------------------------------------------------------- parts

    def _judged(self, trade: Trade, quote: Quote) -> Price:
        if self._desk.books.rules.liquidate_on == "last":
            return quote.last
        price = quote.closing(trade.side, trade.quantity)
        return min(price, quote.last) if trade.side is Side.BUY else max(price, quote.last)

    def _running(self, id: str) -> Trade:
        trade = self.get(id)
        if not trade.running:
            raise bad("The trade is not running")
        return trade

    def _close(self, trade: Trade, now: datetime, price: Price, by: ClosedBy) -> Trade:
        return settling.close(self._desk, trade, now, price, by)

    def _cancel(self, trade: Trade, now: datetime) -> Trade:
        books = self._desk.books
        before = (trade.margin, books.balance)
        canceled = replace(trade, open=False, canceled=True, closed_at=now)
        del books.trades[trade.id], books.above[trade.id]
        books.best.pop(trade.id, None)
        books.past.append(canceled)
        books.balance += trade.margin + trade.maintenance_margin
        self._desk.say(Canceled(now, canceled))
        self._desk.record(now, "cancel", trade.id, before=before)
        return canceled

    def _change(
        self,
        changed: Trade,
        trade: Trade,
        now: datetime,
        by: terms.Change,
        paid_out: Sats,
        **fields: object,
    ) -> Trade:
        books = self._desk.books
        self._desk.begin()
        before = (trade.margin, books.balance)
        books.balance += paid_out
        books.trades[trade.id] = changed
        self._desk.say(Changed(now, changed, by))
        self._desk.record(now, by, trade.id, before=before, margin=changed.margin, fields=fields)
        return changed
