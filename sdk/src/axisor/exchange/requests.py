"""The one request with too many fields for a call: a new isolated trade."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import asdict

from axisor.exchange.records import StopMode
from axisor.model import OrderType, Price, Sats, Side


class NewTrade(Struct, frozen=True, kw_only=True, rename="camel"):
    """A new trade as asked; the names are the venue's REST names by `rename`.

    Exactly one of `quantity` (dollars) and `margin` (sats); `price` for limits only. `stoploss`
    is a price, or for `trailing` a fraction of the best price; None or 0 is none.
    """

    type: OrderType
    side: Side
    leverage: Decimal | int
    quantity: int | None = None
    margin: Sats | None = None
    price: Price | None = None
    stoploss: Decimal | None = None
    stoploss_mode: StopMode = "fixed"
    takeprofit: Price | None = None
    client_id: str | None = None

    def fields(self) -> dict[str, str]:
        """Return what was given, as text for the ledger; `asked_margin` is the margin given."""
        given = {key: str(value) for key, value in asdict(self).items() if value is not None}
        if self.margin is not None:
            given["asked_margin"] = given.pop("margin")
        return given
