"""The cross wallet, its one position and its orders: requests, and what a print does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from axisor.exchange import netting, terms
from axisor.exchange.books import Desk
from axisor.exchange.happenings import (
    CrossCanceled,
    CrossCause,
    CrossChanged,
    CrossFilled,
    CrossFunded,
    CrossLiquidated,
    CrossOpened,
)
from axisor.exchange.quote import Quote
from axisor.exchange.records import (
    NONE,
    CrossOrder,
    CrossPosition,
    FundingFee,
    Settlement,
    Transfer,
)
from axisor.exchange.rules import Rejected, bad, executable, missing, must_be_positive
from axisor.maths import fee, funding_fee
from axisor.model import CROSS, OrderType, Price, Sats, Side

_FAR = Decimal("Infinity")


class Cross:
    """The cross-margin side of an account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---------------------------------------------------------------- reading

    def position(self, quote: Quote | None = None) -> CrossPosition:
        """Return the position, with its profit at the quote if one is given."""
        position = self._desk.books.cross
        if quote is None or not position.quantity:
            return position
        profit = netting.profit_at(position, self._exit(quote))
        return replace(position, delta_pl=profit, total_pl=self._desk.books.cross_realised + profit)

    def open_orders(self) -> tuple[CrossOrder, ...]:
        """Return the waiting orders, oldest first."""
        return tuple(self._desk.books.cross_orders.values())

    def filled_orders(self) -> tuple[CrossOrder, ...]:
        """Return the filled orders, liquidations among them, oldest first."""
        return tuple(o for o in self._desk.books.cross_past if o.filled)

    def free_margin(self, quote: Quote) -> Sats:
        """Return what may be withdrawn from the wallet at this quote."""
        return netting.free_margin(self._desk.books.cross, self._exit(quote))

    # ---------------------------------------------------------------- requests

    def order(
        self,
        now: datetime,
        quote: Quote,
        *,
        type: OrderType,
        side: Side,
        quantity: int,
        price: Price | None = None,
        client_id: str | None = None,
    ) -> CrossOrder:
        """Place an order: a market one fills at once, a limit one waits until its price is met."""
        terms.check_client_id(client_id)
        most = self._desk.books.rules.max_quantity
        if not 1 <= quantity <= most:
            raise bad(f"Quantity must be between 1 and {most}")
        if type is OrderType.MARKET:
            if price is not None:
                raise bad("A market order has no price")
            return self._market(now, quote, side, quantity, client_id)
        if price is None:
            raise bad("A limit order needs a price")
        terms.check_price(price)
        self._check_fill(side, quantity, price, now)
        desk = self._desk
        desk.begin()
        order = CrossOrder(
            id=desk.ids(),
            type="limit",
            side=side,
            quantity=quantity,
            price=price,
            created_at=now,
            open=True,
            client_id=client_id,
        )
        desk.books.cross_orders[order.id] = order
        desk.books.above[order.id] = terms.met_from_above(side, price, quote.last)
        desk.say(CrossOpened(now, order))
        self._record(now, "cross_order", order.id, self._standing(), side=side, quantity=quantity)
        return order

    def close_position(self, now: datetime, quote: Quote) -> CrossOrder:
        """Close the whole position at the market."""
        position = self._desk.books.cross
        if not position.quantity:
            raise bad("There is no position to close")
        return self._market(now, quote, position.side.opposite, abs(position.quantity), None)

    def cancel(self, now: datetime, id: str) -> CrossOrder:
        """Cancel a waiting order."""
        order = self._desk.books.cross_orders.get(id)
        if order is None:
            raise missing("Order")
        self._desk.begin()
        return self._canceled_by_request(order, now)

    def cancel_all(self, now: datetime) -> tuple[CrossOrder, ...]:
        """Cancel every waiting order."""
        self._desk.begin()
        return tuple(self._canceled_by_request(order, now) for order in self.open_orders())

    def set_leverage(self, now: datetime, leverage: int) -> CrossPosition:
        """Set the leverage orders use; refused if the present position could not be held at it."""
        most = self._desk.books.rules.max_leverage
        if not 1 <= leverage <= most:
            raise bad(f"Leverage must be between 1 and {most}")
        changed = netting.recomputed(replace(self._desk.books.cross, leverage=leverage))
        if not netting.bearable(changed):
            raise bad("The position cannot be held at this leverage")
        return self._change(now, changed, "leverage", 0, value=leverage)

    def deposit(self, now: datetime, amount: Sats) -> CrossPosition:
        """Move sats from the balance into the wallet."""
        must_be_positive(amount)
        self._desk.must_have(amount)
        return self._transfer(now, amount, "deposit")

    def withdraw(self, now: datetime, quote: Quote, amount: Sats) -> CrossPosition:
        """Move sats from the wallet to the balance: up to the free margin, or all when flat."""
        must_be_positive(amount)
        free = self.free_margin(quote)
        if amount > free:
            raise bad(f"At most {free} sats can be withdrawn")
        return self._transfer(now, -amount, "withdraw")

    # ---------------------------------------------------------------- prints

    def liquidate(self, quote: Quote) -> None:
        """Liquidate the position if its price is reached: the wallet less the reserve is lost."""
        desk = self._desk
        position = desk.books.cross
        if position.liquidation is None:
            return
        if not terms.reached(position.side, position.liquidation, self._judged(quote)):
            return
        quantity = abs(position.quantity)
        loss = max(0, position.margin - position.maintenance_margin)
        rate = desk.fee_rate(quote.time)
        cost = min(position.margin - loss, fee(quantity, position.liquidation, rate))
        order = CrossOrder(
            id=desk.ids(),
            type="liquidation",
            side=position.side.opposite,
            quantity=quantity,
            price=position.liquidation,
            created_at=quote.time,
            trading_fee=cost,
            filled_at=quote.time,
            filled=True,
        )
        self._settle(order, netting.Netted(0, None, -loss), quote.time)
        desk.say(CrossLiquidated(quote.time, order, desk.books.cross, -loss))
        desk.notify(quote.time, "liquidation", "The cross position was liquidated", pl=-loss)

    def fill(self, quote: Quote) -> None:
        """Fill every waiting order whose price was met; cancel one the wallet cannot bear."""
        books = self._desk.books
        for order in self.open_orders():
            if not terms.met(order.price, above=books.above[order.id], last=quote.last):
                continue
            try:
                self._check_fill(order.side, order.quantity, order.price, quote.time)
            except Rejected:
                self._drop(order, quote.time)
                continue
            del books.cross_orders[order.id], books.above[order.id]
            rate = self._desk.fee_rate(quote.time)
            self._fill(replace(order, open=False), quote.time, rate)

    def fund(self, settlement: Settlement, quote: Quote) -> None:
        """Settle a funding payment; the position is closed if its free margin cannot pay it."""
        desk = self._desk
        position = desk.books.cross
        if not position.quantity:
            return
        quantity = abs(position.quantity)
        due = funding_fee(position.side, quantity, settlement.fixing_price, settlement.funding_rate)
        forced = due > 0 and due >= self.free_margin(quote)
        paid = min(due, position.margin)
        desk.books.cross = netting.recomputed(
            replace(
                position,
                margin=position.margin - paid,
                funding_fees=position.funding_fees + paid,
                updated_at=settlement.time,
            )
        )
        row = FundingFee(settlement.time, settlement.id, None, paid)
        desk.books.funding_fees.append(row)
        desk.books.sums.funding += paid
        desk.say(CrossFunded(settlement.time, desk.books.cross, row))
        if forced:
            order = self._made(settlement.time, position.side.opposite, quantity, self._exit(quote))
            self._fill(order, settlement.time, desk.fee_rate(settlement.time))
            desk.notify(settlement.time, "funding", "Funding closed the cross position")

    def bounds(self) -> Iterator[tuple[Price, Price]]:
        """Yield the prices between which a print leaves the position and each order alone."""
        books = self._desk.books
        for order in books.cross_orders.values():
            yield (order.price, _FAR) if books.above[order.id] else (NONE, order.price)
        end = books.cross.liquidation
        if end is not None:
            yield (end, _FAR) if books.cross.side is Side.BUY else (NONE, end)

    # ---------------------------------------------------------------- parts

    def _exit(self, quote: Quote) -> Price:
        position = self._desk.books.cross
        return quote.closing(position.side, abs(position.quantity))

    def _judged(self, quote: Quote) -> Price:
        if self._desk.books.rules.liquidate_on == "last":
            return quote.last
        price, side = self._exit(quote), self._desk.books.cross.side
        return min(price, quote.last) if side is Side.BUY else max(price, quote.last)

    def _standing(self) -> tuple[Sats, Sats]:
        return self._desk.books.cross.margin, self._desk.books.balance

    def _record(
        self,
        now: datetime,
        request: str,
        target: str,
        before: tuple[Sats, Sats],
        **fields: object,
    ) -> None:
        margin = self._desk.books.cross.margin
        self._desk.record(now, request, target, before=before, margin=margin, fields=fields)

    def _made(
        self, now: datetime, side: Side, quantity: int, price: Price, client_id: str | None = None
    ) -> CrossOrder:
        return CrossOrder(
            id=self._desk.ids(),
            type="market",
            side=side,
            quantity=quantity,
            price=price,
            created_at=now,
            client_id=client_id,
        )

    def _market(
        self, now: datetime, quote: Quote, side: Side, quantity: int, client_id: str | None
    ) -> CrossOrder:
        price = executable(quote.opening(side, quantity))
        self._check_fill(side, quantity, price, now)
        self._desk.begin()
        before = self._standing()
        order = self._made(now, side, quantity, price, client_id)
        order = self._fill(order, now, self._desk.fee_rate(now))
        self._record(
            now, "cross_order", order.id, before, side=side, quantity=quantity, price=price
        )
        return order

    def _check_fill(self, side: Side, quantity: int, price: Price, now: datetime) -> None:
        """Refuse a fill the wallet cannot bear. What only reduces is never refused."""
        position = self._desk.books.cross
        netted = netting.net(position, side, quantity, price)
        if side is not position.side and quantity <= abs(position.quantity):
            return
        cost = fee(quantity, price, self._desk.fee_rate(now))
        margin = position.margin + netted.realised - cost
        after = netting.placed(replace(position, margin=margin), netted.quantity, netted.entry)
        if not netting.bearable(after):
            raise bad("The cross wallet cannot bear this order")
        rules = self._desk.books.rules
        more = abs(netted.quantity) - abs(position.quantity)
        if self._desk.exposure() + more > rules.max_exposure:
            raise bad(f"Exposure would be above {rules.max_exposure}")

    def _fill(self, order: CrossOrder, now: datetime, rate: Decimal) -> CrossOrder:
        desk = self._desk
        position = desk.books.cross
        netted = netting.net(position, order.side, order.quantity, order.price)
        left = position.margin + netted.realised
        cost = min(left, fee(order.quantity, order.price, rate))
        order = replace(order, filled=True, filled_at=now, trading_fee=cost)
        self._settle(order, netted, now)
        desk.say(CrossFilled(now, order, desk.books.cross, netted.realised))
        return order

    def _settle(self, order: CrossOrder, netted: netting.Netted, now: datetime) -> None:
        """Pay realised profit and fee into and out of the wallet, and place what is left."""
        desk = self._desk
        books = desk.books
        paid = replace(
            books.cross,
            margin=books.cross.margin + netted.realised - order.trading_fee,
            trading_fees=books.cross.trading_fees + order.trading_fee,
            updated_at=now,
        )
        turned = netted.quantity * books.cross.quantity <= 0
        books.cross = netting.placed(paid, netted.quantity, netted.entry)
        books.cross_past.append(order)
        books.cross_realised = 0 if turned else books.cross_realised + netted.realised
        books.sums.realised += netted.realised
        books.sums.fees += order.trading_fee
        desk.traded(now, order.quantity)

    def _drop(self, order: CrossOrder, now: datetime) -> CrossOrder:
        books = self._desk.books
        canceled = replace(order, open=False, canceled=True, canceled_at=now)
        del books.cross_orders[order.id], books.above[order.id]
        books.cross_past.append(canceled)
        self._desk.say(CrossCanceled(now, canceled))
        return canceled

    def _canceled_by_request(self, order: CrossOrder, now: datetime) -> CrossOrder:
        canceled = self._drop(order, now)
        self._record(now, "cross_cancel", order.id, self._standing())
        return canceled

    def _transfer(self, now: datetime, amount: Sats, by: CrossCause) -> CrossPosition:
        position = self._desk.books.cross
        changed = netting.recomputed(replace(position, margin=position.margin + amount))
        transfer = Transfer(self._desk.ids(), amount, now)
        self._desk.books.transfers.append(transfer)
        return self._change(now, changed, by, -amount, amount=abs(amount), transfer=transfer.id)

    def _change(
        self,
        now: datetime,
        changed: CrossPosition,
        by: CrossCause,
        paid_out: Sats,
        **fields: object,
    ) -> CrossPosition:
        desk = self._desk
        desk.begin()
        before = self._standing()
        desk.books.balance += paid_out
        desk.books.cross = replace(changed, updated_at=now)
        desk.say(CrossChanged(now, desk.books.cross, by))
        self._record(now, f"cross_{by}", CROSS, before, **fields)
        return desk.books.cross
