"""What a venue plugin offers: a feed of prices, and accounts that are read and acted upon.

A venue never retries a call that changes state and never guesses an outcome: it is confirmed by the
venue's own answer, refused by it, or unknown. Implementations import no part of the core.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from axisor.errors import AxisorError
from axisor.intents import Action
from axisor.model import AccountState, Candle, Funding, Order, Position, Price, Sats, Tick


class Clock(Protocol):
    """Transport time. Market time comes with ticks, never from here."""

    def now(self) -> datetime:
        """Return wall time, aware, UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Return milliseconds from an arbitrary start, never going backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class Secret:
    """A secret text that shows itself only when asked; its repr, str and pickle do not."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Call it only where it is used."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not written down")


class Credentials:
    """An exchange key: its public id, its secret and its passphrase."""

    __slots__ = ("key", "passphrase", "secret")

    def __init__(self, key: Secret, secret: Secret, passphrase: Secret) -> None:
        self.key = key
        self.secret = secret
        self.passphrase = passphrase

    def __repr__(self) -> str:
        return "Credentials(…)"


class Lane(enum.IntEnum):
    """Who goes first at the venue's rate limiter; `GUARD` has a reserved share."""

    GUARD = 0
    RECONCILE = 1
    COMMAND = 2
    READ = 3


class Confirmed(Struct, frozen=True):
    """The venue did it, and says so. The parts of its answer that apply are set."""

    venue_id: str = ""
    position: Position | None = None
    order: Order | None = None
    closed: ClosedPosition | None = None


class Refused(Struct, frozen=True):
    """The venue did not do it, or it was never sent; `error` says which."""

    error: AxisorError


class Unknown(Struct, frozen=True):
    """The request left and its outcome is not known; `detail` says how the line went dead."""

    detail: str


SendResult: TypeAlias = Confirmed | Refused | Unknown


class ClosedPosition(Struct, frozen=True):
    """A position that is over.

    `end` is `closed`, `liquidated`, `stopped` or `taken`, else `unknown`.
    """

    id: str
    exit_price: Price | None
    pl: Sats
    closed_at: datetime | None
    fee: Sats = 0
    end: str = "unknown"


class Transfer(Struct, frozen=True):
    """A row of the cross wallet's ledger; positive is a deposit."""

    id: str
    amount: Sats
    time: datetime


class KeyRights(Struct, frozen=True):
    """What an exchange key may do, as the venue tells; `scopes` is empty where it does not tell."""

    scopes: frozenset[str]
    can_withdraw: bool | None


class ClockOffset(Struct, frozen=True):
    """The venue's clock less ours, and how far off that may be, in milliseconds."""

    offset_ms: int
    uncertainty_ms: int


class Circuit(Struct, frozen=True):
    """Whether a class of reads is asked at all: `closed` is well, `open` not, `half_open` a probe.

    `opened` counts how often it was given up since the start.
    """

    name: str
    state: str
    opened: int = 0


class RateBudget(Struct, frozen=True):
    """How much of the venue's request budget is left, in requests a second.

    `circuits` are the venue's classes of reads, where the plugin tells them apart.
    """

    limit: Decimal
    available: Decimal
    waiting: int
    circuits: tuple[Circuit, ...] = ()


class MarketFeed(Protocol):
    """A venue's public side."""

    async def ticker(self) -> Tick:
        """Read the present tick. Raises VenueError."""
        ...

    def ticks(self) -> AsyncIterator[Tick]:
        """Yield ticks as they come, reconnecting by itself, over REST while the stream is down.

        While nothing can be had it yields nothing: the caller judges age. Ends when closed.
        """
        ...

    async def candles(self, start: datetime, end: datetime, *, limit: int) -> tuple[Candle, ...]:
        """Return one-minute candles, oldest first."""
        ...

    async def clock_offset(self) -> ClockOffset:
        """Measure the venue's clock against ours, of several samples the quickest."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


Leave: TypeAlias = Callable[[], None]
"""Raises the AxisorError for which a request must not leave any more."""


def free_to_leave() -> None:
    """Let a request leave."""


class VenueAccount(Protocol):
    """One account at a venue. Reads are the truth; a send happens at most once for each call."""

    signature_window_ms: int
    """How long after its stamp the venue still accepts a signed request."""

    async def read(self, *, lane: Lane = Lane.READ) -> AccountState:
        """Read balance, positions, open orders and cross wallet. Raises VenueError."""
        ...

    async def send(
        self,
        action: Action,
        *,
        signed_at_ms: int,
        lane: Lane = Lane.COMMAND,
        leave: Leave = free_to_leave,
    ) -> SendResult:
        """Carry out an action, signed for `signed_at_ms` (venue time, unix milliseconds), once.

        `leave` is called after every wait, as shortly before the first byte as can be; what it
        raises keeps the request here and is its refusal. Never raises for a venue's answer or a
        broken line, and never retries.
        """
        ...

    async def closed_position(self, id: str) -> ClosedPosition | None:
        """Return how a position ended, or None while it has not. Raises VenueError."""
        ...

    async def find_order(self, client_id: str) -> tuple[Order | Position | ClosedPosition, ...]:
        """Return everything, open or done, that carries this client id. Raises VenueError."""
        ...

    async def funding_paid(self, position: str) -> tuple[Funding, ...]:
        """Return the funding payments of a position, newest first. Raises VenueError."""
        ...

    async def transfers(self, *, after: str | None) -> tuple[Transfer, ...]:
        """Return cross transfers newer than the id given, newest first. Raises VenueError."""
        ...

    async def rights(self) -> KeyRights:
        """Return what the key may do. Raises VenueError."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """Yield a word whenever the venue hints that something changed; a hint, never the truth."""
        ...

    async def warm(self) -> None:
        """Make the connection ready, so that the next call pays no handshake."""
        ...

    def budget(self) -> RateBudget:
        """Return the present state of the rate limiter."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class Pace(Struct, frozen=True):
    """How fast a venue may be asked, in requests a second.

    `signed` is for each key, `reserve` the part of it that only `Lane.GUARD` may use, `public` is
    for everything unsigned.
    """

    signed: int
    reserve: int
    public: int


@runtime_checkable
class Paced(Protocol):
    """A venue whose pace the operator may set. A plugin that has no such thing leaves it out."""

    def keep_pace(self, pace: Pace) -> None:
        """Keep this pace from now on, on connections made later."""
        ...


@runtime_checkable
class Proxied(Protocol):
    """A venue that can be reached through a proxy; a plugin without such a thing leaves it out."""

    def use_proxy(self, url: str) -> None:
        """Go through a proxy, on connections made later. Raises SettingsInvalid."""
        ...


@runtime_checkable
class Steered(Protocol):
    """A venue whose simulator can be steered; a plugin without such a thing leaves it out."""

    async def move_price(self, *, network: str, url: str, percent: Decimal, over_s: int) -> Price:
        """Move a simulator's price by so many percent and hold it; returns the last price.

        Raises NotSupported where the market is no simulator's or it is not on this machine,
        VenueUnavailable, FieldInvalid.
        """
        ...


class Venue(Protocol):
    """A venue plugin: makes feeds and accounts for the networks it knows."""

    name: str
    networks: Mapping[str, str]
    """Network name → base address; `sim` has none of its own and needs one given."""

    def market(self, *, network: str, url: str | None, clock: Clock) -> MarketFeed:
        """Return a feed of prices of a network. Raises SettingsInvalid for an unknown network."""
        ...

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Clock
    ) -> VenueAccount:
        """Return an account. Raises SettingsInvalid for an unknown network or address."""
        ...
