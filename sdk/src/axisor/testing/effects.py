"""What a confirmed action does to the positions and balance of a harness."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from axisor import maths
from axisor.intents import Action, AddMargin, ClosePosition, DepositCross, SetStop
from axisor.model import CROSS, Balance, CrossWallet, MarginMode, Position, Sats, Tick


class Holdings(Struct, frozen=True):
    """An account as a harness keeps it."""

    balance: Balance
    positions: tuple[Position, ...] = ()
    cross: CrossWallet = CrossWallet()

    def position(self, id: str) -> Position | None:
        """Return the position with this id, or None."""
        return next((p for p in self.positions if p.id == id), None)

    def with_position(self, changed: Position) -> Holdings:
        """Return the holdings with one position replaced."""
        kept = tuple(changed if p.id == changed.id else p for p in self.positions)
        return structs.replace(self, positions=kept)

    def without(self, id: str) -> Holdings:
        """Return the holdings without a position."""
        return structs.replace(self, positions=tuple(p for p in self.positions if p.id != id))

    def paid(self, sats: Sats) -> Holdings:
        """Return the holdings with that much less in the balance (more, when negative)."""
        balance = structs.replace(self.balance, free=self.balance.free - sats)
        return structs.replace(self, balance=balance)


def with_margin(position: Position, margin: Sats) -> Position:
    """Return a position with another margin, its liquidation price and leverage computed anew."""
    cross = position.margin_mode is MarginMode.CROSS
    price = (maths.cross_liquidation if cross else maths.liquidation)(
        position.side, position.quantity, position.entry, margin
    )
    leverage = position.leverage
    if not cross and margin > 0:
        leverage = max(Decimal(1), maths.leverage_of(position.quantity, margin, position.entry))
    return structs.replace(position, margin=margin, liquidation=price, leverage=leverage)


def carried_out(holdings: Holdings, action: Action, tick: Tick | None) -> Holdings:
    """Return the holdings after an action that protects; other actions leave them as they are.

    Fees of closing are not taken: the harness is no exchange. Tests that trade set their positions.
    """
    match action:
        case AddMargin(position=id, amount=amount):
            return _add(holdings, id, amount)
        case DepositCross(amount=amount):
            wallet = structs.replace(holdings.cross, margin=holdings.cross.margin + amount)
            return structs.replace(_add(holdings, CROSS, amount), cross=wallet)
        case SetStop(position=id, price=price):
            found = holdings.position(id)
            if found is None:
                return holdings
            return holdings.with_position(structs.replace(found, stoploss=price))
        case ClosePosition(position=id):
            return _close(holdings, id, tick)
        case _:
            return holdings


def _add(holdings: Holdings, id: str, amount: Sats) -> Holdings:
    found = holdings.position(id)
    paid = holdings.paid(amount)
    if found is None:
        return paid
    return paid.with_position(with_margin(found, found.margin + amount))


def _close(holdings: Holdings, id: str, tick: Tick | None) -> Holdings:
    found = holdings.position(id)
    if found is None:
        return holdings
    if found.margin_mode is MarginMode.CROSS or tick is None:
        return holdings.without(id)
    gain = maths.pl(found.side, found.quantity, found.entry, tick.last)
    return holdings.without(id).paid(-max(0, found.margin + gain))
