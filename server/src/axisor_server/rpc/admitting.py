"""Lets a call in or refuses it: who calls, and whether they may do this to that account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias
from urllib.parse import unquote

from axisor.errors import (
    AccountNotFound,
    AuthError,
    ConfirmationRequired,
    PermissionDenied,
    StepUpRequired,
    TokenInvalid,
    Unauthenticated,
)
from axisor.model import Permission
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.plans import withheld
from axisor_server.rpc.calls import Call
from axisor_server.rpc.lasting import Still
from axisor_server.rpc.rules import Method
from axisor_server.services.limiting import Limits, Sort
from axisor_server.services.principals import NOBODY, Authenticator, Peer, Principal

Shown: TypeAlias = Mapping[str, Iterable[bytes]]
"""What a connection proves of its other end, as gRPC says it."""

Note: TypeAlias = Callable[..., None]
"""Keeps a refusal on record; see `Refusals.note`."""

SCHEME = "bearer "
NAMED = b"spiffe://axisor/"
FORWARDED = "x-forwarded-for"
STEP_UP_US = 5 * 60 * 1_000_000
"""How old the last proof of a caller may be for what asks for a fresh one."""


class Gate:
    """Decides by the rule of a method, and denies what no rule allows."""

    def __init__(
        self,
        doors: Authenticator,
        clock: Clock,
        *,
        holds: Still,
        note: Note,
        limits: Limits | None = None,
    ) -> None:
        """Take who knows callers, what tells whether somebody's roles are what they were, what
        notes refusals, and how often anybody may call; None is as often as they like.
        """
        self._note = note
        self._limits = limits
        self._doors = doors
        self._clock = clock
        self._holds = holds

    async def caller(
        self, method: Method, metadata: Mapping[str, str | bytes], address: str, shown: Shown
    ) -> tuple[Principal, Peer]:
        """Return who calls a method, and from where.

        Raises RateLimited or PlanLimit for one who calls too often, Unauthenticated or TokenInvalid
        for nobody, PermissionDenied for one who may call it for no account at all: before a byte of
        the request is read.
        """
        peer = Peer(address_of(address), certificate_name(shown))
        if self._limits is not None:
            forwarded = str(metadata.get(FORWARDED, ""))
            peer = Peer(self._limits.origin(peer.address, forwarded), peer.certificate_name)
            await self._limits.arrive(peer, sort_of(method))
        if method.anonymous:
            return NOBODY, peer
        token = token_of(metadata)
        try:
            principal = await self._doors.principal(token, peer)
        except AuthError as error:
            self._note(error, method.path, peer, token=token)
            raise
        try:
            await self._check(principal, method)
        except AuthError as error:
            self._note(error, method.path, peer, principal=principal)
            raise
        return principal, peer

    async def _check(self, principal: Principal, method: Method) -> None:
        self.allow(method, principal)
        if self._limits is not None:
            await self._limits.admit(principal, sort_of(method), protects=method.protects)
        if principal.until_us is not None and principal.until_us <= to_us(self._clock.now()):
            raise TokenInvalid("The token is over.")
        anywhere = principal.held if method.resource else principal.rights("")
        if method.permission not in anywhere:
            raise _denied(method, method.permission)

    @staticmethod
    def allow(method: Method, principal: Principal) -> None:
        """Refuse a token that is not for a method. Raises PermissionDenied."""
        if principal.methods is not None and method.path not in principal.methods:
            raise PermissionDenied(f"The token is not for {method.name}.", method=method.path)

    def admit(self, call: Call) -> None:
        """Refuse a call about an account that its caller may not do this to.

        An account that they may not see is not found, like one that is not there. Raises
        AccountNotFound, PermissionDenied, PlanLimit for what their plan withholds,
        ConfirmationRequired for one who may only propose, and StepUpRequired where the proof is too
        old.
        """
        if call.method.anonymous:
            return
        try:
            self._admit(call)
        except (AccountNotFound, AuthError) as error:
            self._note(
                error,
                call.method.path,
                call.peer,
                principal=call.principal,
                subject=error.metadata.get("account", "") or call.account,
            )
            raise

    def _admit(self, call: Call) -> None:
        principal = call.principal
        for account in call.accounts:
            if not principal.sees(account):
                raise AccountNotFound(f"There is no account `{account}`.", account=account)
        if call.needs not in call.rights:
            raise _denied(call.method, call.needs & ~call.rights)
        if call.needs & principal.plan.withheld and not call.method.protects:
            raise withheld(principal.plan, call.method.name)
        if principal.propose_only and not call.only_asks:
            raise ConfirmationRequired(
                f"The token may only propose: {call.method.name} takes somebody's approval.",
                method=call.method.path,
            )
        if call.method.step_up and not self._fresh(principal):
            raise StepUpRequired(method=call.method.path)

    def streaming(self, principal: Principal) -> AbstractContextManager[None]:
        """Count a stream for as long as it is open. Raises RateLimited, PlanLimit."""
        return nullcontext() if self._limits is None else self._limits.streaming(principal)

    async def still(self, principal: Principal) -> bool:
        """Return whether a caller may still do what they could when their call began."""
        return await self._doors.still(principal) and await self._holds(principal)

    def _fresh(self, principal: Principal) -> bool:
        if principal.authenticated_us is None:
            return True
        return to_us(self._clock.now()) - principal.authenticated_us <= STEP_UP_US


def token_of(metadata: Mapping[str, str | bytes]) -> str:
    """Return the token that a call came with. Raises Unauthenticated or TokenInvalid."""
    header = str(metadata.get("authorization", ""))
    if not header:
        raise Unauthenticated()
    if not header.lower().startswith(SCHEME):
        raise TokenInvalid("The authorization is not of the form `Bearer TOKEN`.")
    return header[len(SCHEME) :].strip()


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
