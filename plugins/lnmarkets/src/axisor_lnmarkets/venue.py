"""The venue that the plugin registers: makes feeds and accounts of LN Markets for a network."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from decimal import Decimal
from random import Random, SystemRandom

from axisor.errors import NotSupported, SettingsInvalid
from axisor.model import Price
from axisor.ports import Clock, Credentials, Pace
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import NETWORKS, SIM, address_of, check_proxy
from axisor_lnmarkets.breaker import Breaker
from axisor_lnmarkets.hour import VenueHour
from axisor_lnmarkets.limiter import AUTHENTICATED, PUBLIC, Limiter, Rate
from axisor_lnmarkets.market import LnMarketsFeed


class LnMarkets:
    """LN Markets, mainnet and signet, and its simulator.

    `authenticated` is the rate of one key's requests, `public` that of all unsigned requests to one
    host from this process. `rng` makes nonces and jitter; without one the system's is used.
    """

    name: str = "lnmarkets"
    networks: Mapping[str, str] = {
        **{network: address.rest for network, address in NETWORKS.items()},
        SIM: "",
    }

    def __init__(
        self,
        *,
        authenticated: Rate = AUTHENTICATED,
        public: Rate = PUBLIC,
        rng: Random | None = None,
    ) -> None:
        self._authenticated = authenticated
        self._public = public
        self._rng = SystemRandom() if rng is None else rng
        self._proxy = ""
        self._doors: dict[tuple[str, int], tuple[Clock, Limiter, Breaker, VenueHour]] = {}

    def keep_pace(self, pace: Pace) -> None:
        """Keep the operator's pace. Raises SettingsInvalid where the guard leaves nothing."""
        try:
            self._authenticated = Rate(requests=pace.signed, reserve=pace.reserve)
            self._public = Rate(requests=pace.public, reserve=0)
        except ValueError as error:
            raise SettingsInvalid(f"The venue's pace makes no sense: {error}.") from error

    def use_proxy(self, url: str) -> None:
        """Go through a proxy from now on. Raises SettingsInvalid where it is none."""
        self._proxy = check_proxy(url)

    async def move_price(self, *, network: str, url: str, percent: Decimal, over_s: int) -> Price:
        """Move the price of a simulator that runs here, by percent, and hold it; returns the last.

        Raises NotSupported where it is not the simulator's network or none of this user runs there,
        VenueUnavailable where it does not answer, FieldInvalid where it refuses.
        """
        if network != SIM:
            raise NotSupported("Only a simulator's price can be moved.", network=network)
        steering = importlib.import_module("axisor_lnmarkets.sim.steering")
        moved: Price = await asyncio.to_thread(steering.move_price, url, percent, over_s)
        return moved

    def market(self, *, network: str, url: str | None, clock: Clock) -> LnMarketsFeed:
        """Return a feed of prices of a network.

        Raises SettingsInvalid for an unknown network or an unsafe address.
        """
        address = address_of(network, url).through(self._proxy)
        public, breaker, hour = self._door_of(address.rest, clock)
        return LnMarketsFeed(
            address, clock=clock, public=public, rng=self._rng, breaker=breaker, hour=hour
        )

    def account(
        self, *, network: str, url: str | None, credentials: Credentials, clock: Clock
    ) -> LnMarketsAccount:
        """Return an account. Raises SettingsInvalid for an unknown network or an unsafe address."""
        address = address_of(network, url).through(self._proxy)
        public, breaker, hour = self._door_of(address.rest, clock)
        return LnMarketsAccount(
            address,
            credentials,
            clock=clock,
            public=public,
            rng=self._rng,
            rate=self._authenticated,
            breaker=breaker,
            hour=hour,
        )

    def _door_of(self, host: str, clock: Clock) -> tuple[Limiter, Breaker, VenueHour]:
        """Return what all share at a host: limiter and breaker of unsigned requests, its time."""
        key = (host, id(clock))
        if key not in self._doors:
            # The clock is kept so that its identity is not given to another.
            public = Limiter(clock, self._public)
            self._doors[key] = (clock, public, Breaker("public", clock), VenueHour())
        return self._doors[key][1:]
