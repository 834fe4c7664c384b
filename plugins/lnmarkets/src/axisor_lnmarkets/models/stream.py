"""Results and pushes of the venue's stream; its times are unix milliseconds."""

from __future__ import annotations

from msgspec import Struct

from axisor_lnmarkets.models.general import Bucket
from axisor_lnmarkets.wire import MillisField, PriceField, RateField

PAIR = "futures/inverse/btc_usd"
TICKER = f"{PAIR}/ticker"
LAST_PRICE = f"{PAIR}/lastPrice"
INDEX = f"{PAIR}/index"
BUCKETS = f"{PAIR}/buckets"
FUNDING = f"{PAIR}/funding"
MARKET_TOPICS = (TICKER, LAST_PRICE, INDEX, BUCKETS, FUNDING)

ISOLATED_TRADES = f"{PAIR}/isolated/trades"
CROSS_ORDERS = f"{PAIR}/cross/orders"
CROSS_POSITION = f"{PAIR}/cross/position"
DEPOSITS = "wallet/deposit"
WITHDRAWALS = "wallet/withdrawal"

SCOPES = {
    ISOLATED_TRADES: "futures:isolated:read",
    CROSS_ORDERS: "futures:cross:read",
    CROSS_POSITION: "futures:cross:read",
    DEPOSITS: "account:deposits:read",
    WITHDRAWALS: "account:withdrawals:read",
}
"""Private topics, each with the right that it needs."""


class Hello(Struct, frozen=True):
    """The stream's own version."""

    version: str


class StreamTime(Struct, frozen=True):
    """The venue's clock."""

    time: MillisField


class Authenticated(Struct, frozen=True):
    """Whether the key was accepted, and what it may do."""

    authenticated: bool
    permissions: tuple[str, ...] = ()


class WhoAmI(Struct, frozen=True, rename="camel"):
    """Whose connection this is. Its `apiKey` is left unread."""

    user_id: str
    permissions: tuple[str, ...] = ()


class Subscribed(Struct, frozen=True):
    """The topics that will be pushed from now on."""

    subscribed: tuple[str, ...]


class Unsubscribed(Struct, frozen=True):
    """The topics that will not be pushed any more."""

    unsubscribed: tuple[str, ...]


class FundingNow(Struct, frozen=True):
    """The next funding: its rate and when; both may be unknown."""

    rate: RateField | None = None
    time: MillisField | None = None


class TickerPush(Struct, frozen=True, rename="camel"):
    """Last price, index and funding together; each may be unknown."""

    time: MillisField
    last_price: PriceField | None = None
    index: PriceField | None = None
    funding: FundingNow | None = None


class LastPricePush(Struct, frozen=True, rename="camel"):
    """Another last price."""

    time: MillisField
    last_price: PriceField


class IndexPush(Struct, frozen=True):
    """Another index."""

    time: MillisField
    index: PriceField


class BucketsPush(Struct, frozen=True):
    """Other executable prices."""

    time: MillisField
    buckets: tuple[Bucket, ...]


class FundingPush(Struct, frozen=True):
    """Another next funding."""

    current: FundingNow


class AccountHint(Struct, frozen=True):
    """The part of a private push that is used: what kind of event it was."""

    event: str = "changed"
