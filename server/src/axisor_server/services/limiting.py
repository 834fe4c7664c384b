"""Lets nobody call more often than they may: by address, by caller, and by what is called."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from msgspec import Struct

from axisor.errors import PlanLimit, RateLimited
from axisor_server.domain import plans
from axisor_server.domain.rates import Charge, Rate, check
from axisor_server.services.principals import Peer, Principal

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


PLAN = "plan"
"""Begins the keys that are counted by person, whatever they call with."""


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

    async def admit(self, principal: Principal, sort: Sort, *, protects: bool = False) -> None:
        """Count a call of a known caller, of their token and by their plan too.

        One that `protects` is not counted by the plan. Raises RateLimited, PlanLimit.
        """
        if sort is Sort.SIGN_IN:
            return
        rate = self._rates.caller[sort]
        charges = [Charge(f"{sort.value}/{principal.tenant}/{principal.name}", rate)]
        if principal.token:
            charges.append(Charge(f"{sort.value}/tokens/{principal.token}", rate))
        if principal.plan.calls is not None and not protects:
            charges.append(Charge(_of_plan(principal), principal.plan.calls))
        await self._take(charges, principal.plan)

    @contextmanager
    def streaming(self, principal: Principal) -> Iterator[None]:
        """Count a stream for as long as it is open, by its caller's plan too.

        The streams of a plan are those of the person, by whichever token, at this core. Raises
        RateLimited, PlanLimit.
        """
        open_now = self._open.get(principal.name, 0)
        if open_now >= self._rates.streams:
            raise RateLimited(
                f"You have {open_now} streams open, which is the most there may be.",
                fix="Close one: a stream can carry everything of its account.",
                retry_after_s="5",
            )
        of_plan = _of_plan(principal)
        most = principal.plan.streams
        what = "streams that are open at once"
        plans.check(principal.plan, "streams", most, self._open.get(of_plan, 0), what=what)
        with self._counted(principal.name), self._counted(of_plan):
            yield

    @contextmanager
    def _counted(self, key: str) -> Iterator[None]:
        self._open[key] = self._open.get(key, 0) + 1
        try:
            yield
        finally:
            left = self._open[key] - 1
            if left:
                self._open[key] = left
            else:
                del self._open[key]

    async def aclose(self) -> None:
        """Let go of what the limiter holds."""
        await self._limiter.aclose()

    async def _take(self, charges: Sequence[Charge], plan: plans.Plan = plans.UNBOUND) -> None:
        wait_us, key = await self._limiter.take(charges)
        if not wait_us:
            return
        what = key.partition("/")[0].replace("_", "-")
        wait_s = f"{-(-wait_us // 1_000) / 1_000:.3f}"
        if what == PLAN and plan.calls is not None:
            raise PlanLimit(
                f"More calls than the plan {plan.name} lets through in a minute.",
                fix="Wait as long as the answer says, or ask for another plan.",
                retry_after_s=wait_s,
                plan=plan.name,
                limit="calls",
                most=plan.calls.count,
            )
        raise RateLimited(
            f"More {what} calls than are let through.", retry_after_s=wait_s, limit=what
        )


def _of_plan(principal: Principal) -> str:
    return f"{PLAN}/{principal.person}"
