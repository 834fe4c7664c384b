"""Each conformance check of venues catches the venue that breaks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from axisor.errors import ActionPending
from axisor.intents import Action
from axisor.model import AccountState, Balance, Tick
from axisor.ports import (
    ClockOffset,
    ClosedPosition,
    Confirmed,
    Credentials,
    Refused,
    Secret,
    SendResult,
    Unknown,
)
from axisor.testing import CheckFailed, Simulator, check_venue
from axisor.testing.simulator import SimulatorAccount, SimulatorFeed
from axisor.testing.venues import Where, venue_checks
from axisor_lnmarkets.limiter import Rate
from axisor_lnmarkets.sim import Settings, serve
from axisor_lnmarkets.venue import LnMarkets


async def test_the_simulator_holds(simulator: Simulator):
    await check_venue(simulator, clock=simulator.clock)


async def test_ln_markets_holds_at_its_simulator():
    keys = Credentials(Secret("demo"), Secret("demo"), Secret("demo"))
    settings = Settings(
        key="demo",
        secret=keys.secret,
        passphrase=keys.passphrase,
        balance=1_000_000,
        rate_limit=False,
    )
    fast = Rate(requests=1_000, reserve=0)

    async with serve(settings) as sim:
        await check_venue(LnMarkets(authenticated=fast, public=fast), url=sim.url, credentials=keys)


class Venue(Simulator):
    """A simulator whose feed and account are of other classes."""

    feed_type = SimulatorFeed
    account_type = SimulatorAccount

    def market(self, **where: Any) -> SimulatorFeed:
        feed = super().market(**where)
        feed.__class__ = self.feed_type
        return feed

    def account(self, **where: Any) -> SimulatorAccount:
        account = super().account(**where)
        account.__class__ = self.account_type
        return account


async def failed(venue: Simulator) -> dict[str, str]:
    """Return the checks that a venue fails, with what each says."""
    where = Where(clock=venue.clock)
    return {name: str(failure) async for name, failure in venue_checks(venue, where) if failure}


class Shouting(Simulator):
    name = "Shouting Venue"


class Everywhere(Simulator):
    def _known(self, network: str) -> None:
        """Take any network."""


class Approximate(SimulatorFeed):
    async def ticker(self) -> Tick:
        tick = await super().ticker()
        return replace(tick, last=float(tick.last))


class Crossed(SimulatorFeed):
    async def ticker(self) -> Tick:
        tick = await super().ticker()
        return replace(tick, bid=tick.last + 1)


class Silent(SimulatorFeed):
    async def ticks(self) -> AsyncIterator[Tick]:
        nothing: tuple[Tick, ...] = ()
        for tick in nothing:
            yield tick


class Timeless(SimulatorFeed):
    async def clock_offset(self) -> ClockOffset:
        return ClockOffset(offset_ms=0, uncertainty_ms=-1)


class Fractions(SimulatorAccount):
    async def read(self, **how: Any) -> AccountState:
        state = await super().read()
        return replace(state, balance=Balance(free=Decimal("1.5")))  # type: ignore[arg-type]


class Hasty(SimulatorAccount):
    async def send(self, action: Action, **how: Any) -> SendResult:
        return await super().send(action, signed_at_ms=how["signed_at_ms"])


class Forgetful(SimulatorAccount):
    async def find_order(self, client_id: str) -> tuple[Any, ...]:
        return ()


class Unsure(SimulatorAccount):
    async def send(self, action: Action, **how: Any) -> SendResult:
        answer = await super().send(action, **how)
        return Unknown("no idea") if isinstance(answer, Confirmed) else answer


class Taxing(SimulatorAccount):
    async def read(self, **how: Any) -> AccountState:
        state = await super().read()
        fed = sum(type(each).__name__ == "AddMargin" for each in self._simulator.done)
        return replace(state, balance=Balance(free=state.balance.free - fed))


class Raising(SimulatorAccount):
    async def send(self, action: Action, **how: Any) -> SendResult:
        answer = await super().send(action, **how)
        if isinstance(answer, Refused) and not isinstance(answer.error, ActionPending):
            raise answer.error
        return answer


class Deathless(SimulatorAccount):
    async def closed_position(self, id: str) -> ClosedPosition | None:
        return None


class Listing(SimulatorAccount):
    async def transfers(self, *, after: str | None) -> Any:
        return []


class Telling(SimulatorAccount):
    def __repr__(self) -> str:
        return "Account(secret='demo')"


class Once(SimulatorAccount):
    async def aclose(self) -> None:
        if self._simulator.down:
            raise RuntimeError("closed already")
        self._simulator.down = True


@pytest.mark.parametrize(
    ("broken", "check", "complaint"),
    [
        (Shouting, "has a name in kebab-case, and networks", "Shouting Venue"),
        (Everywhere, "refuses a network that it does not know", "takes a network"),
        (Approximate, "tells its price in exact figures", "not a Decimal"),
        (Crossed, "tells its price in exact figures", "above the ask"),
        (Silent, "streams ticks", "end by themselves"),
        (Timeless, "measures its clock", "negative"),
        (Fractions, "reads the account in whole sats", "not in whole sats"),
        (Hasty, "keeps a request here that may not leave", "Confirmed"),
        (Forgetful, "opens a position once, and finds it by its client id", "does not find"),
        (Unsure, "opens a position once, and finds it by its client id", "Unknown"),
        (Taxing, "adds margin to the sat", "shrank by 1001"),
        (Raising, "refuses what it will not do, and does not raise", "not found"),
        (Deathless, "closes a position, and tells how it ended", "its end is None"),
        (Listing, "lists funding, transfers, rights and its budget", "transfers"),
        (Telling, "shows no secret", "signs requests"),
        (Once, "closes its connections, and closes them twice", "closed already"),
    ],
    ids=lambda given: given.__name__ if isinstance(given, type) else None,
)
async def test_a_broken_venue_is_caught(clock, broken, check, complaint):
    if issubclass(broken, Simulator):
        venue: Simulator = broken(clock=clock)
    else:
        venue = Venue(clock=clock)
        part = "feed_type" if issubclass(broken, SimulatorFeed) else "account_type"
        setattr(venue, part, broken)

    found = await failed(venue)

    assert complaint in found[check]


async def test_the_first_failure_is_named(clock):
    with pytest.raises(CheckFailed, match="has a name in kebab-case"):
        await check_venue(Shouting(clock=clock), clock=clock)
