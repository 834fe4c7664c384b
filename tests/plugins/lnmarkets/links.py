"""Clients of the tests' server, with a clock that jumps and a key made for tests."""

from __future__ import annotations

from random import Random

import httpx
from tests.plugins.lnmarkets.clocks import JumpingClock

from axisor.ports import Clock, Credentials, Secret
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import address_of
from axisor_lnmarkets.limiter import Limiter
from axisor_lnmarkets.rest import Rest
from axisor_lnmarkets.signing import Signer
from axisor_lnmarkets.transport import TIMEOUT, Transport

KEY, SECRET, PASSPHRASE = "canary-key-17", "canary-secret-42", "canary-passphrase-99"
SEED = 20_261_001


def credentials() -> Credentials:
    return Credentials(Secret(KEY), Secret(SECRET), Secret(PASSPHRASE))


def rest_client(url: str, clock: Clock | None = None, *, timeout: httpx.Timeout = TIMEOUT) -> Rest:
    """Return a client of every endpoint, withdrawals too."""
    clock = JumpingClock() if clock is None else clock
    limiter = Limiter(clock)
    return Rest(
        Transport(
            address_of("sim", url),
            clock=clock,
            public=limiter,
            signer=Signer(credentials()),
            timeout=timeout,
        )
    )


def account_client(url: str, clock: Clock | None = None) -> LnMarketsAccount:
    held = JumpingClock() if clock is None else clock
    return LnMarketsAccount(
        address_of("sim", url),
        credentials(),
        clock=held,
        public=Limiter(held),
        rng=Random(SEED),
    )
