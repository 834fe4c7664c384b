"""Lets nobody call more often than they may: by address, by caller, and by what is called."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from msgspec import Struct

from axisor.errors import RateLimited
from axisor_server.domain.rates import Charge, Rate, check
from axisor_server.services.principals import Peer, Principal

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Sort(enum.Enum):
    """What a call is to the core, by what it costs."""

    SIGN_IN = "sign_in"
    """Without a token: login, refresh, reset."""

    READ = "read"
    STREAM = "stream"
    CHANGE = "change"
    MONEY = "money"
    """Moves money, or can."""


class Limiter(Protocol):
    """Keeps rates."""

    async def take(self, charges: Sequence[Charge]) -> tuple[int, str]:
        """Take from all keys, or from none: then the wait in microseconds, and whose it is."""
        ...

    async def aclose(self) -> None:
        """Let go of what is held."""
        ...


class Rates(Struct, frozen=True, kw_only=True):
    """How much is let through; `address` before anything is known of a caller."""

    address: Rate
    caller: Mapping[Sort, Rate]
    streams: int
    proxies: tuple[Network, ...] = ()


class Limits:
    """Counts calls and open streams."""

    def __init__(self, limiter: Limiter, rates: Rates) -> None:
        self._limiter = limiter
        self._rates = rates
        self._open: dict[str, int] = {}
        for rate in (rates.address, *rates.caller.values()):
            check(rate)

    def origin(self, address: str, forwarded: str) -> str:
        """Return whose address a call came from: the last that no trusted proxy of ours has.

        `forwarded` is what the proxies say, the nearest last; nobody else is believed.
        """
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        while hops and self._trusts(address):
            address = hops.pop()
        return address

    def _trusts(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._rates.proxies)

    async def arrive(self, peer: Peer, sort: Sort) -> None:
        """Count a call before its caller is known. Raises RateLimited."""
        charges = [Charge(f"address/{peer.address}", self._rates.address)]
        if sort is Sort.SIGN_IN:
            rate = self._rates.caller[sort]
            charges.append(Charge(f"sign_in/{peer.address}", rate, strict=True))
        await self._take(charges)

    async def admit(self, principal: Principal, sort: Sort) -> None:
        """Count a call of a known caller, of their token too. Raises RateLimited."""
        if sort is Sort.SIGN_IN:
            return
        rate = self._rates.caller[sort]
        charges = [Charge(f"{sort.value}/{principal.tenant}/{principal.name}", rate)]
        if principal.token:
            charges.append(Charge(f"{sort.value}/tokens/{principal.token}", rate))
        await self._take(charges)

    @contextmanager
    def streaming(self, principal: Principal) -> Iterator[None]:
        """Count a stream for as long as it is open. Raises RateLimited."""
        open_now = self._open.get(principal.name, 0)
        if open_now >= self._rates.streams:
            raise RateLimited(
                f"You have {open_now} streams open, which is the most there may be.",
                fix="Close one: a stream can carry everything of its account.",
                retry_after_s="5",
            )
        self._open[principal.name] = open_now + 1
        try:
            yield
        finally:
            left = self._open[principal.name] - 1
            if left:
                self._open[principal.name] = left
            else:
                del self._open[principal.name]

    async def aclose(self) -> None:
        """Let go of what the limiter holds."""
        await self._limiter.aclose()

    async def _take(self, charges: Sequence[Charge]) -> None:
        wait_us, key = await self._limiter.take(charges)
        if wait_us:
            what = key.partition("/")[0].replace("_", "-")
            raise RateLimited(
                f"More {what} calls than are let through.",
                retry_after_s=f"{-(-wait_us // 1_000) / 1_000:.3f}",
                limit=what,
            )
