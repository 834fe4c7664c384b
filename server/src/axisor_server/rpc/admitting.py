"""Lets a call in or refuses it: who calls, and whether they may do this to that account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias
from urllib.parse import unquote

from axisor.errors import (
    AccountNotFound,
    ConfirmationRequired,
    PermissionDenied,
    StepUpRequired,
    TokenInvalid,
    Unauthenticated,
)
from axisor.model import Permission
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.rpc.calls import Call
from axisor_server.rpc.lasting import Still
from axisor_server.rpc.rules import Method
from axisor_server.services.limiting import Limits, Sort
from axisor_server.services.principals import NOBODY, Authenticator, Peer, Principal

Shown: TypeAlias = Mapping[str, Iterable[bytes]]
"""What a connection proves of its other end, as gRPC says it."""

SCHEME = "bearer "
NAMED = b"spiffe://axisor/"
FORWARDED = "x-forwarded-for"
STEP_UP_US = 5 * 60 * 1_000_000
"""How old the last proof of a caller may be for what asks for a fresh one."""


class Gate:
    """Decides by the rule of a method, and denies what no rule allows."""

    def __init__(
        self, doors: Authenticator, clock: Clock, *, holds: Still, limits: Limits | None = None
    ) -> None:
        """Take who knows callers, what tells whether somebody's roles are what they were, and how
        often anybody may call; None is as often as they like.
        """
        self._limits = limits
        self._doors = doors
        self._clock = clock
        self._holds = holds

    async def caller(
        self, method: Method, metadata: Mapping[str, str | bytes], address: str, shown: Shown
    ) -> tuple[Principal, Peer]:
        """Return who calls a method, and from where.

        Raises RateLimited for one who calls too often, Unauthenticated or TokenInvalid for nobody,
        PermissionDenied for one who may call it for no account at all: before a byte of the request
        is read.
        """
        peer = Peer(address_of(address), certificate_name(shown))
        if self._limits is not None:
            forwarded = str(metadata.get(FORWARDED, ""))
            peer = Peer(self._limits.origin(peer.address, forwarded), peer.certificate_name)
            await self._limits.arrive(peer, sort_of(method))
        if method.anonymous:
            return NOBODY, peer
        header = str(metadata.get("authorization", ""))
        if not header:
            raise Unauthenticated()
        if not header.lower().startswith(SCHEME):
            raise TokenInvalid("The authorization is not of the form `Bearer TOKEN`.")
        principal = await self._doors.principal(header[len(SCHEME) :].strip(), peer)
        self.allow(method, principal)
        if self._limits is not None:
            await self._limits.admit(principal, sort_of(method))
        if principal.until_us is not None and principal.until_us <= to_us(self._clock.now()):
            raise TokenInvalid("The token is over.")
        anywhere = principal.held if method.resource else principal.rights("")
        if method.permission not in anywhere:
            raise _denied(method, method.permission)
        return principal, peer

    @staticmethod
    def allow(method: Method, principal: Principal) -> None:
        """Refuse a token that is not for a method. Raises PermissionDenied."""
        if principal.methods is not None and method.path not in principal.methods:
            raise PermissionDenied(f"The token is not for {method.name}.", method=method.path)

    def admit(self, call: Call) -> None:
        """Refuse a call about an account that its caller may not do this to.

        An account that they may not see is not found, like one that is not there. Raises
        AccountNotFound, PermissionDenied, ConfirmationRequired for one who may only propose, and
        StepUpRequired where the proof is too old.
        """
        if call.method.anonymous:
            return
        principal = call.principal
        for account in call.accounts:
            if not principal.sees(account):
                raise AccountNotFound(f"There is no account `{account}`.", account=account)
        if call.needs not in call.rights:
            raise _denied(call.method, call.needs & ~call.rights)
        if principal.propose_only and not call.only_asks:
            raise ConfirmationRequired(
                f"The token may only propose: {call.method.name} takes somebody's approval.",
                method=call.method.path,
            )
        if call.method.step_up and not self._fresh(principal):
            raise StepUpRequired(method=call.method.path)

    def streaming(self, principal: Principal) -> AbstractContextManager[None]:
        """Count a stream for as long as it is open. Raises RateLimited."""
        return nullcontext() if self._limits is None else self._limits.streaming(principal)

    async def still(self, principal: Principal) -> bool:
        """Return whether a caller may still do what they could when their call began."""
        return await self._doors.still(principal) and await self._holds(principal)

    def _fresh(self, principal: Principal) -> bool:
        if principal.authenticated_us is None:
            return True
        return to_us(self._clock.now()) - principal.authenticated_us <= STEP_UP_US


def sort_of(method: Method) -> Sort:
    """Return what a call of a method is to the core, by what it costs."""
    if method.anonymous:
        return Sort.SIGN_IN
    if method.streams:
        return Sort.STREAM
    if method.reads:
        return Sort.READ
    return Sort.MONEY if method.moves_money else Sort.CHANGE


def certificate_name(shown: Shown) -> str:
    """Return the name in the certificate that a caller showed, empty where there is none."""
    for name in shown.get("x509_subject_alternative_name", ()):
        if name.startswith(NAMED):
            return name[len(NAMED) :].decode("ascii", "replace")
    return ""


def address_of(peer: str) -> str:
    """Return the address in what gRPC says of a peer, such as `ipv4:127.0.0.1:40000`."""
    kind, _, rest = unquote(peer).partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return rest.rpartition(":")[0].strip("[]")


def _denied(method: Method, lacking: Permission) -> PermissionDenied:
    return PermissionDenied(
        f"{method.name} needs the right {lacking.name}.",
        permission=lacking.name,
        method=method.path,
    )
