"""A line to the venue for measuring: every call, an account, and ways to misbehave on purpose."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from axisor.ports import Credentials, Secret
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import Address, address_of
from axisor_lnmarkets.limiter import AUTHENTICATED, PUBLIC, Limiter, Rate
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.sim.clock import SystemClock
from axisor_lnmarkets.transport import Transport

SEED = 20_261_101
UNLIMITED = Rate(requests=10_000, reserve=0)
NAMES = ("AXISOR_SIGNET_KEY", "AXISOR_SIGNET_SECRET", "AXISOR_SIGNET_PASSPHRASE")


@dataclass
class Line:
    """How to reach a venue.

    `blunt` does not know the venue's clock, so it sends stamps that a careful client would not.
    `hasty` has no rate limiter and `wrong` not the right secret. `nudge` moves the price and
    `settle` brings the next settlement of funding; where nobody can, they are None and what needs
    them is measured only if the market does it by itself. `samples` is how often to measure a time.
    """

    rest: Rest
    blunt: Rest
    hasty: Rest
    wrong: Rest
    account: LnMarketsAccount
    samples: int
    nudge: Callable[[Decimal], Awaitable[None]] | None = None
    settle: Callable[[], Awaitable[None]] | None = None

    @property
    def clock(self) -> SystemClock:
        """Return the clock of this machine."""
        return SystemClock()

    def venue_now_ms(self) -> int:
        """Return the venue's time, unix milliseconds."""
        return self.rest.transport.venue_now_ms()


def credentials_of_signet() -> Credentials | None:
    """Return the key that the environment holds for signet, or None."""
    key, secret, passphrase = (os.environ.get(name, "") for name in NAMES)
    if not (key and secret and passphrase):
        return None
    return Credentials(Secret(key), Secret(secret), Secret(passphrase))


@asynccontextmanager
async def line_to(
    address: Address, keys: Credentials, *, limited: bool, samples: int
) -> AsyncIterator[Line]:
    """Open a line; `limited` keeps to the venue's rate."""
    clock = SystemClock()
    rate = AUTHENTICATED if limited else UNLIMITED
    public = Limiter(clock, PUBLIC if limited else UNLIMITED)
    private = Limiter(clock, rate)
    wrong = Credentials(keys.key, Secret("not-the-secret"), keys.passphrase)

    def client(key: Credentials, limiter: Limiter) -> Rest:
        signer = Signer(key)
        return Rest(Transport(address, clock=clock, public=public, private=limiter, signer=signer))

    rests = [client(keys, private), client(keys, private), client(keys, Limiter(clock, UNLIMITED))]
    rests.append(client(wrong, private))
    account = LnMarketsAccount(
        address, keys, clock=clock, public=public, rng=Random(SEED), rate=rate
    )
    async with AsyncExitStack() as stack:
        for rest in rests:
            stack.push_async_callback(rest.transport.aclose)
        stack.push_async_callback(account.aclose)
        await rests[0].transport.warm()
        yield Line(
            rest=rests[0],
            blunt=rests[1],
            hasty=rests[2],
            wrong=rests[3],
            account=account,
            samples=samples,
        )


def signet() -> Address:
    """Return the address of the venue's test network."""
    return address_of("signet", None)
