"""The conformance checks of venues: what every venue must hold to before a core trusts it.

They open, feed and close one small position, so they are for a venue that is played with: its
network `sim`, or a test network.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from axisor.errors import ActionPending, SettingsInvalid
from axisor.intents import AddMargin, ClosePosition, OpenPosition
from axisor.model import Position, Side
from axisor.ports import (
    Clock,
    Confirmed,
    Credentials,
    KeyRights,
    MarketFeed,
    RateBudget,
    Refused,
    Secret,
    Venue,
    VenueAccount,
)
from axisor.testing.checks import CheckFailed
from axisor.testing.clock import SystemClock

PATIENCE_S = 10.0
"""How long a stream may take to say something."""

QUANTITY = 100
LEVERAGE = 10
ADDED = 1_000
CLIENT_ID = "axisor-venue-check"
PLAY = Credentials(Secret("demo"), Secret("demo"), Secret("demo"))
"""A key that simulators take."""


class Trial:
    """A venue on trial: its feed, its account, and the position that the checks open."""

    def __init__(self, venue: Venue, where: Where) -> None:
        self.venue, self.where = venue, where
        self.feed: MarketFeed = venue.market(
            network=where.network, url=where.url, clock=where.clock
        )
        self.account: VenueAccount = venue.account(
            network=where.network,
            url=where.url,
            credentials=where.credentials,
            clock=where.clock,
        )
        self.opened: Position | None = None

    @property
    def position(self) -> Position:
        """Return the position that was opened. Raises CheckFailed where none was."""
        if self.opened is None:
            raise CheckFailed("no position could be opened")
        return self.opened

    def stamp(self) -> int:
        """Return the present moment as a signature carries it."""
        return int(self.where.clock.now().timestamp() * 1000)


class Where(Struct, frozen=True):
    """Where a venue is tried, with which key, by which clock."""

    network: str = "sim"
    url: str | None = None
    credentials: Credentials = PLAY
    clock: Clock = SystemClock()


Check: TypeAlias = Callable[[Trial], Awaitable[None]]


async def check_venue(venue: Venue, **where: Any) -> None:
    """Hold a venue to every check. Raises CheckFailed naming the first that does not hold.

    Keywords are those of `Where`: `network`, `url`, `credentials`, `clock`. It trades there.
    """
    async for name, failure in venue_checks(venue, Where(**where)):
        if failure is not None:
            raise CheckFailed(f"{venue.name}, {name}: {failure}") from failure


async def venue_checks(venue: Venue, where: Where) -> AsyncIterator[tuple[str, Exception | None]]:
    """Yield each check's sentence, and what it failed with or None.

    Raises what the venue raises where it cannot be reached there at all.
    """
    trial = Trial(venue, where)
    for name, check in CHECKS:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await check(trial)
        except Exception as error:  # whatever a stranger's venue raises is its failure
            yield name, error
        else:
            yield name, None


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise CheckFailed(complaint)


async def has_name_and_networks(trial: Trial) -> None:
    """Require a stable name and addresses of its networks."""
    good = re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", trial.venue.name) is not None
    _require(good, f"the name {trial.venue.name!r} is not kebab-case")
    _require(bool(trial.venue.networks), "it knows no network")


async def refuses_other_networks(trial: Trial) -> None:
    """Require SettingsInvalid for a network that is not known."""
    where = trial.where
    for what, make in (
        ("market", lambda: trial.venue.market(network="nowhere", url=None, clock=where.clock)),
        (
            "account",
            lambda: trial.venue.account(
                network="nowhere", url=None, credentials=where.credentials, clock=where.clock
            ),
        ),
    ):
        try:
            make()
        except SettingsInvalid:
            continue
        raise CheckFailed(f"`{what}` takes a network that it does not know")


async def tells_its_price(trial: Trial) -> None:
    """Require exact prices above zero, bid not above ask, and aware times."""
    tick = await trial.feed.ticker()
    for name in ("last", "bid", "ask"):
        price = getattr(tick, name)
        exact = (price is None and name != "last") or (isinstance(price, Decimal) and price > 0)
        _require(exact, f"`{name}` is {price!r}, and not a Decimal above zero")
    if tick.bid is not None and tick.ask is not None:
        _require(tick.bid <= tick.ask, f"the bid {tick.bid} is above the ask {tick.ask}")
    _require(tick.time.utcoffset() == timedelta(0), "`time` is not in UTC")
    _require(tick.received.utcoffset() == timedelta(0), "`received` is not in UTC")


async def streams_ticks(trial: Trial) -> None:
    """Require a tick within ten seconds."""
    async with aclosing(trial.feed.ticks()) as ticks:  # type: ignore[type-var]
        async for tick in ticks:
            _require(isinstance(tick.last, Decimal), "a tick's price is no Decimal")
            return
    raise CheckFailed("its ticks end by themselves")


async def measures_its_clock(trial: Trial) -> None:
    """Require whole milliseconds and an uncertainty that is not negative."""
    offset = await trial.feed.clock_offset()
    _require(isinstance(offset.offset_ms, int), "the offset is not in whole milliseconds")
    _require(offset.uncertainty_ms >= 0, "the uncertainty is negative")


async def reads_the_account(trial: Trial) -> None:
    """Require whole sats and positions that can be told apart."""
    state = await trial.account.read()
    _require(isinstance(state.balance.free, int), "the free balance is not in whole sats")
    ids = [each.id for each in state.positions]
    _require(len(ids) == len(set(ids)), f"two positions have one id: {ids}")


async def keeps_what_may_not_leave(trial: Trial) -> None:
    """Require that a request which may not leave is refused with that error, and not sent."""
    why = ActionPending("The check keeps this here.")

    def stay() -> None:
        raise why

    before = await trial.account.read()
    result = await trial.account.send(_opening(), signed_at_ms=trial.stamp(), leave=stay)
    _require(isinstance(result, Refused) and result.error is why, f"it answered {result!r}")
    after = await trial.account.read()
    _require(after.positions == before.positions or not _named(after.positions), "it was sent")


def _opening() -> OpenPosition:
    return OpenPosition(side=Side.BUY, quantity=QUANTITY, leverage=LEVERAGE, client_id=CLIENT_ID)


def _named(positions: tuple[Position, ...]) -> list[Position]:
    return [each for each in positions if each.client_id == CLIENT_ID]


async def opens_once(trial: Trial) -> None:
    """Require one position, in the reading and by its client id."""
    result = await trial.account.send(_opening(), signed_at_ms=trial.stamp())
    _require(isinstance(result, Confirmed), f"it answered {result!r}")
    assert isinstance(result, Confirmed)
    _require(bool(result.venue_id), "the answer has no `venue_id`")
    named = [p for p in (await trial.account.read()).positions if p.id == result.venue_id]
    _require(len(named) == 1, f"the reading shows {len(named)} positions of it, not one")
    trial.opened = named[0]
    _require(named[0].quantity == QUANTITY, f"its quantity is {named[0].quantity}")
    found = await trial.account.find_order(CLIENT_ID)
    _require(
        any(getattr(each, "id", "") == result.venue_id for each in found),
        "its client id does not find it",
    )


async def adds_margin_to_the_sat(trial: Trial) -> None:
    """Require that margin grows and the balance shrinks by exactly what was moved."""
    before = await trial.account.read()
    action = AddMargin(position=trial.position.id, amount=ADDED)
    result = await trial.account.send(action, signed_at_ms=trial.stamp())
    _require(isinstance(result, Confirmed), f"it answered {result!r}")
    after = await trial.account.read()
    grown = _margin(after.positions, trial) - _margin(before.positions, trial)
    paid = before.balance.free - after.balance.free
    _require(grown == ADDED == paid, f"margin grew by {grown}, the balance shrank by {paid}")


def _margin(positions: tuple[Position, ...], trial: Trial) -> int:
    return next((each.margin for each in positions if each.id == trial.position.id), 0)


async def refuses_without_raising(trial: Trial) -> None:
    """Require Refused, not an exception, for what the venue will not do."""
    for action in (
        ClosePosition(position="00000000-0000-0000-0000-000000000000"),
        AddMargin(position=trial.position.id, amount=2_100_000_000_000_000),
    ):
        result = await trial.account.send(action, signed_at_ms=trial.stamp())
        _require(isinstance(result, Refused), f"{type(action).__name__}: {result!r}")


async def closes_and_tells_how(trial: Trial) -> None:
    """Require that a position ends, is no more listed, and that its end can be asked for."""
    id = trial.position.id
    _require(await trial.account.closed_position(id) is None, "it is said to be closed already")
    result = await trial.account.send(ClosePosition(position=id), signed_at_ms=trial.stamp())
    _require(isinstance(result, Confirmed), f"it answered {result!r}")
    state = await trial.account.read()
    _require(id not in {each.id for each in state.positions}, "it is still listed")
    closed = await trial.account.closed_position(id)
    _require(closed is not None and closed.id == id, f"its end is {closed!r}")


async def lists_what_was_paid(trial: Trial) -> None:
    """Require funding and transfers as tuples, rights and a budget of their types."""
    _require(isinstance(await trial.account.funding_paid(trial.position.id), tuple), "funding")
    _require(isinstance(await trial.account.transfers(after=None), tuple), "transfers")
    _require(isinstance(await trial.account.rights(), KeyRights), "rights")
    _require(isinstance(trial.account.budget(), RateBudget), "budget")


async def shows_no_secret(trial: Trial) -> None:
    """Require that no repr holds what signs requests."""
    keys = trial.where.credentials
    shown = f"{trial.account!r} {vars(trial.venue)!r}"
    for secret in (keys.secret, keys.passphrase):
        _require(f"'{secret.reveal()}'" not in shown, "a repr shows what signs requests")


async def closes_twice(trial: Trial) -> None:
    """Close every connection, twice."""
    for _ in range(2):
        await trial.feed.aclose()
        await trial.account.aclose()


CHECKS: tuple[tuple[str, Check], ...] = (
    ("has a name in kebab-case, and networks", has_name_and_networks),
    ("refuses a network that it does not know", refuses_other_networks),
    ("tells its price in exact figures", tells_its_price),
    ("streams ticks", streams_ticks),
    ("measures its clock", measures_its_clock),
    ("reads the account in whole sats", reads_the_account),
    ("keeps a request here that may not leave", keeps_what_may_not_leave),
    ("opens a position once, and finds it by its client id", opens_once),
    ("adds margin to the sat", adds_margin_to_the_sat),
    ("refuses what it will not do, and does not raise", refuses_without_raising),
    ("closes a position, and tells how it ended", closes_and_tells_how),
    ("lists funding, transfers, rights and its budget", lists_what_was_paid),
    ("shows no secret", shows_no_secret),
    ("closes its connections, and closes them twice", closes_twice),
)
"""All checks in their order, with the sentence that each asserts."""
