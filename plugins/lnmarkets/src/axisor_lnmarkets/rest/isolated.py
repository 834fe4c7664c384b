"""The calls of the REST interface about isolated trades."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.model import Price, Sats, Side
from axisor.ports import Lane
from axisor_lnmarkets.models.futures import (
    IsolatedFunding,
    StopMode,
    Trade,
    TradeType,
    echoes,
)
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.rest.paging import FIRST, Page, PageQuery, read_page
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.wire import Listing, Value, encode_body, encode_query

_TRADE = "/v3/futures/isolated/trade"
_TRADES = "/v3/futures/isolated/trades"


class NewTrade(Struct, frozen=True, kw_only=True):
    """A new isolated trade. Exactly one of quantity and margin; a price for a limit trade only.

    `stoploss` is a price, or with `stoploss_mode` trailing a fraction. Raises FieldInvalid.
    """

    side: Side
    leverage: Decimal | int
    type: TradeType = TradeType.MARKET
    quantity: int | None = None
    margin: Sats | None = None
    price: Price | None = None
    stoploss: Decimal | None = None
    stoploss_mode: StopMode | None = None
    takeprofit: Price | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        if (self.quantity is None) == (self.margin is None):
            raise FieldInvalid("A new trade needs either a quantity or a margin.")
        if (self.price is None) == (self.type is TradeType.LIMIT):
            raise FieldInvalid("A limit trade needs a price, and a market trade has none.")
        if self.client_id is not None and not 1 <= len(self.client_id) <= 64:
            raise FieldInvalid("A client id has 1 to 64 characters.")

    def body(self) -> bytes:
        """Return the request's body."""
        mode = None if self.stoploss_mode is None else self.stoploss_mode.value
        return encode_body(
            {
                "type": self.type.value,
                "side": self.side.value,
                "leverage": self.leverage,
                "quantity": self.quantity,
                "margin": self.margin,
                "price": self.price,
                "stoploss": self.stoploss,
                "stoplossMode": mode,
                "takeprofit": self.takeprofit,
                "clientId": self.client_id,
            }
        )


class Isolated:
    """Isolated trades. Every method raises VenueError; those that change something may raise
    OutcomeUnknown and are never repeated. `signed_at_ms` is venue time; None is the present.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def new_trade(
        self, trade: NewTrade, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Open a position at the market, or place a limit order for one."""
        return await self._transport.change(
            Trade,
            Request(method="POST", path=_TRADE, body=trade.body()),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda made: (
                made.side is trade.side
                and echoes(trade.client_id, made.client_id)
                and trade.quantity in (None, made.quantity)
            ),
        )

    async def open(self, *, lane: Lane = Lane.READ) -> Listing[Trade]:
        """Return limit trades that wait for their price."""
        return await self._transport.get_each(Trade, f"{_TRADES}/open", lane=lane)

    async def running(self, *, lane: Lane = Lane.READ) -> Listing[Trade]:
        """Return open positions."""
        return await self._transport.get_each(Trade, f"{_TRADES}/running", lane=lane)

    async def closed(self, page: PageQuery = FIRST, *, lane: Lane = Lane.READ) -> Page[Trade]:
        """Return closed positions, newest first."""
        return await read_page(
            self._transport, Trade, f"{_TRADES}/closed", page.fields(), lane=lane
        )

    async def canceled(self, page: PageQuery = FIRST, *, lane: Lane = Lane.READ) -> Page[Trade]:
        """Return limit trades canceled before they ran, newest first."""
        return await read_page(
            self._transport, Trade, f"{_TRADES}/canceled", page.fields(), lane=lane
        )

    async def close(
        self, id: str, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Close a running trade at the market."""
        return await self._post(
            "close", {"id": id}, signed_at_ms=signed_at_ms, lane=lane, ends="closed"
        )

    async def cancel(
        self, id: str, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Cancel a limit trade that does not run yet."""
        return await self._post(
            "cancel", {"id": id}, signed_at_ms=signed_at_ms, lane=lane, ends="canceled"
        )

    async def cancel_all(
        self, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> tuple[Trade, ...]:
        """Cancel every limit trade that does not run yet, and return them."""
        return await self._transport.change(
            tuple[Trade, ...],
            Request(method="POST", path=f"{_TRADES}/cancel-all"),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trades: all(trade.canceled for trade in trades),
        )

    async def add_margin(
        self, id: str, amount: Sats, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Move sats from the balance into a running trade."""
        fields: dict[str, Value] = {"id": id, "amount": amount}
        return await self._post("add-margin", fields, signed_at_ms=signed_at_ms, lane=lane)

    async def cash_in(
        self, id: str, amount: Sats, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Move sats from a running trade, profit first, to the balance."""
        fields: dict[str, Value] = {"id": id, "amount": amount}
        return await self._post("cash-in", fields, signed_at_ms=signed_at_ms, lane=lane)

    async def set_stoploss(
        self,
        id: str,
        value: Decimal,
        *,
        mode: StopMode = StopMode.FIXED,
        signed_at_ms: int | None = None,
        lane: Lane = Lane.COMMAND,
    ) -> Trade:
        """Set the stop-loss: a price, or with trailing mode a fraction; 0 removes it."""
        fields: dict[str, Value] = {"id": id, "value": value, "mode": mode.value}
        return await self._transport.change(
            Trade,
            Request(method="PUT", path=f"{_TRADE}/stoploss", body=encode_body(fields)),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trade: (
                trade.id == id and (mode is StopMode.TRAILING or trade.stoploss == value)
            ),
        )

    async def remove_stoploss(
        self, id: str, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Remove the stop-loss."""
        return await self._transport.change(
            Trade,
            Request(method="DELETE", path=f"{_TRADE}/stoploss", query=encode_query([("id", id)])),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trade: trade.id == id and trade.stoploss == 0,
        )

    async def set_takeprofit(
        self, id: str, value: Price, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Set the take-profit; 0 removes it."""
        fields: dict[str, Value] = {"id": id, "value": value}
        return await self._transport.change(
            Trade,
            Request(method="PUT", path=f"{_TRADE}/takeprofit", body=encode_body(fields)),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trade: trade.id == id and trade.takeprofit == value,
        )

    async def remove_takeprofit(
        self, id: str, *, signed_at_ms: int | None = None, lane: Lane = Lane.COMMAND
    ) -> Trade:
        """Remove the take-profit."""
        return await self._transport.change(
            Trade,
            Request(method="DELETE", path=f"{_TRADE}/takeprofit", query=encode_query([("id", id)])),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trade: trade.id == id and trade.takeprofit == 0,
        )

    async def funding_fees(
        self, page: PageQuery = FIRST, *, trade: str | None = None, lane: Lane = Lane.READ
    ) -> Page[IsolatedFunding]:
        """Return funding fees of all trades or of one, newest first."""
        return await read_page(
            self._transport,
            IsolatedFunding,
            "/v3/futures/isolated/funding-fees",
            [*page.fields(), ("tradeId", trade)],
            lane=lane,
        )

    async def _post(
        self,
        verb: str,
        fields: dict[str, Value],
        *,
        signed_at_ms: int | None,
        lane: Lane,
        ends: str = "running",
    ) -> Trade:
        """Post about one trade and return it, if it is that trade and in the state it ends in."""
        return await self._transport.change(
            Trade,
            Request(method="POST", path=f"{_TRADE}/{verb}", body=encode_body(fields)),
            signed_at_ms=signed_at_ms,
            lane=lane,
            about=lambda trade: trade.id == fields["id"] and bool(getattr(trade, ends)),
        )
