"""The nouns of the field: sides, modes, prices, positions, orders, balances, ticks.

Everything here is a frozen value. Money is integer sats, a price is a `Decimal` in US dollars per
bitcoin, a quantity is a whole number of one-dollar contracts. No value here reads a clock.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

Sats: TypeAlias = int
"""Bitcoin in satoshis, exact."""

Price: TypeAlias = Decimal
"""US dollars per bitcoin."""

SATS_PER_BITCOIN = 100_000_000


class Side(enum.StrEnum):
    """The direction of a position or order: `BUY` is long, `SELL` is short.

    `sign` is +1 for a long and -1 for a short; every formula asks for it.
    """

    BUY = "buy"
    SELL = "sell"

    def __init__(self, value: str) -> None:
        self.sign = 1 if value == "buy" else -1

    @property
    def opposite(self) -> Side:
        """Return the side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Mode(enum.StrEnum):
    """How real an account is, from made-up prices to real sats."""

    SIM = "sim"
    PAPER = "paper"
    SHADOW = "shadow"
    LIVE = "live"

    @property
    def rank(self) -> int:
        """Return the place in the order SIM < PAPER < SHADOW < LIVE."""
        return list(Mode).index(self)


class MarginMode(enum.StrEnum):
    """Whether a position has its own margin or shares the cross wallet."""

    ISOLATED = "isolated"
    CROSS = "cross"


class OrderType(enum.StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"


class OrderState(enum.StrEnum):
    """Where an order is in its life."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"


class Severity(enum.StrEnum):
    """How loud a notice is."""

    OK = "ok"
    WATCH = "watch"
    WARN = "warn"
    ACT = "act"
    CRIT = "crit"


class Permission(enum.Flag):
    """Rights; a role, a token or a strategy holds a set of them. None of them withdraws."""

    NONE = 0
    READ = enum.auto()
    TRADE = enum.auto()
    ADJUST_MARGIN = enum.auto()
    GUARD = enum.auto()
    OPERATE = enum.auto()
    MANAGE_SECRETS = enum.auto()
    ADMIN = enum.auto()
    SELF = enum.auto()


class Role(enum.StrEnum):
    """What a person may do with an account; each may do all that the one before it may."""

    VIEWER = "viewer"
    TRADER = "trader"
    OPERATOR = "operator"
    OWNER = "owner"


class PlatformRole(enum.StrEnum):
    """What a person may do with the core as a whole, beside their own accounts."""

    NONE = "none"
    SUPPORT = "support"
    ADMIN = "admin"
    OWNER = "owner"


class FeedQuality(enum.StrEnum):
    """How far the latest price can be trusted."""

    FRESH = "fresh"
    STALE = "stale"
    FALLBACK = "fallback"
    INCOMPLETE = "incomplete"
    NONE = "none"
    DISPUTED = "disputed"


CROSS = "cross"
"""The id of an account's one cross-margin position."""


class Bucket(Struct, frozen=True):
    """Executable prices for orders of `min_size` to `max_size` US dollars."""

    min_size: int
    max_size: int
    bid: Price | None
    ask: Price | None


class Tick(Struct, frozen=True):
    """One look at the market.

    `time` is the venue's stamp, `received` ours (both aware, UTC). `bid` and `ask` are those of the
    smallest size; `buckets` has all sizes, smallest first, and may be empty. `source` is `stream`,
    `rest`, `fallback` or `candles`.
    """

    time: datetime
    received: datetime
    last: Price
    bid: Price | None
    ask: Price | None
    index: Price | None = None
    funding_rate: Decimal | None = None
    funding_time: datetime | None = None
    source: str = "stream"
    buckets: tuple[Bucket, ...] = ()

    @property
    def price(self) -> Price:
        """Return the last traded price."""
        return self.last

    def bid_for(self, quantity: int) -> Price | None:
        """Return the bid of the bucket that holds `quantity` dollars, or None."""
        if not self.buckets:
            return self.bid
        return next((b.bid for b in self.buckets if quantity <= b.max_size), None)

    def ask_for(self, quantity: int) -> Price | None:
        """Return the ask of the bucket that holds `quantity` dollars, or None."""
        if not self.buckets:
            return self.ask
        return next((b.ask for b in self.buckets if quantity <= b.max_size), None)

    def guard_price(self, side: Side, quantity: int) -> Price | None:
        """Return the price a guard must believe: the worse of last and executable, or None.

        A long is closed at the bid, so the lower of bid and last; a short at the ask, so the higher
        of ask and last. None means the venue shows no executable price for this size.
        """
        if side is Side.BUY:
            bid = self.bid_for(quantity)
            return None if bid is None else min(bid, self.last)
        ask = self.ask_for(quantity)
        return None if ask is None else max(ask, self.last)

    def funds_like(self, other: Tick | None) -> bool:
        """Return whether the next funding is as the other tick had it; None is like nothing."""
        if other is None:
            return False
        mine, its = (self.funding_rate, self.funding_time), (other.funding_rate, other.funding_time)
        return mine == its

    @property
    def low(self) -> Price:
        """Return the lowest price any long could be judged by.

        What `Wake.below` is compared with.
        """
        low = self.last
        for bid in (self.bid, *[bucket.bid for bucket in self.buckets]):
            if bid is not None and bid < low:
                low = bid
        return low

    @property
    def high(self) -> Price:
        """Return the highest price any short could be judged by.

        What `Wake.above` is compared with.
        """
        high = self.last
        for ask in (self.ask, *[bucket.ask for bucket in self.buckets]):
            if ask is not None and ask > high:
                high = ask
        return high


class Position(Struct, frozen=True):
    """An open position as the venue reports it.

    `entry` is the working entry price, which moves when profit is cashed in. `margin` is what every
    formula uses. For the cross position `id` is `cross`, and `margin` is the cross wallet. The four
    sums are lifetime totals; `sum_funding_fees` is net, positive when paid.
    """

    id: str
    side: Side
    quantity: int
    entry: Price
    margin: Sats
    leverage: Decimal
    liquidation: Price
    margin_mode: MarginMode = MarginMode.ISOLATED
    stoploss: Price | None = None
    stoploss_trailing: Decimal | None = None
    takeprofit: Price | None = None
    maintenance_margin: Sats = 0
    running_margin: Sats = 0
    opening_fee: Sats = 0
    entry_price: Price | None = None
    entry_margin: Sats | None = None
    sum_funding_fees: Sats = 0
    sum_cash_in_margin: Sats = 0
    sum_cash_in_pl: Sats = 0
    pl: Sats = 0
    created_at: datetime | None = None
    client_id: str | None = None


class CrossWallet(Struct, frozen=True):
    """The cross wallet: sats deposited, and the leverage that orders use."""

    margin: Sats = 0
    leverage: int = 1


class Order(Struct, frozen=True):
    """An order, open or done. Isolated limit orders carry their own margin and leverage."""

    id: str
    type: OrderType
    side: Side
    quantity: int
    price: Price
    state: OrderState
    margin_mode: MarginMode = MarginMode.ISOLATED
    leverage: Decimal | None = None
    margin: Sats | None = None
    stoploss: Price | None = None
    takeprofit: Price | None = None
    fee: Sats = 0
    created_at: datetime | None = None
    settled_at: datetime | None = None
    client_id: str | None = None


class Balance(Struct, frozen=True):
    """What an account can spend: free sats, synthetic dollars, fee tier (0 is the dearest)."""

    free: Sats
    synthetic_usd: Decimal = Decimal(0)
    fee_tier: int = 0


class AccountState(Struct, frozen=True):
    """Everything a venue says about one account at one moment, read as a whole.

    `unreadable` names what the venue listed but whose figures could not be understood; it is in
    neither `positions` nor `orders`.
    """

    balance: Balance
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    cross: CrossWallet = CrossWallet()
    read_at: datetime | None = None
    unreadable: tuple[str, ...] = ()

    def position(self, id: str) -> Position | None:
        """Return the position with this id, or None."""
        return next((p for p in self.positions if p.id == id), None)


class Candle(Struct, frozen=True):
    """One minute (or longer) of trading; `time` is its start, UTC."""

    time: datetime
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Decimal = Decimal(0)


class Funding(Struct, frozen=True):
    """A funding payment of one position; positive is paid by us."""

    position: str
    fee: Sats
    time: datetime
    settlement: str = ""


class Leash(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits a person sets for one run, enforced by the core; None means no limit.

    `day_spend` bounds sats moved into positions in one UTC day of market time, `margin_in_use` the
    margin of positions the run opened, `step` the wall time of one step.
    """

    margin_in_use: Sats | None = None
    day_spend: Sats | None = None
    open_orders: int | None = None
    intents_per_minute: int | None = 120
    day_loss: Sats | None = None
    step: timedelta = timedelta(seconds=1)
