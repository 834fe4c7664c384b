"""Who calls: what they may do, on which accounts, until when, and how that is found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from axisor.errors import TokenInvalid
from axisor.model import Permission
from axisor_server.domain.plans import UNBOUND, Plan
from axisor_server.domain.records import TENANT
from axisor_server.domain.roles import EVERYTHING

OWNER = "owner"
SESSION_SHAPE = "eyJ"
TOKEN_SHAPE = "at_"  # noqa: S105 - how one begins


class Peer(Struct, frozen=True):
    """Where a call comes from: its address, and the name in its certificate, if it showed one."""

    address: str = ""
    certificate_name: str = ""


class Principal(Struct, frozen=True, kw_only=True):
    """Who calls, and what they may do.

    `platform` holds in calls about no account; `accounts` says what holds on which account, and
    None that `platform` holds on every one. `everywhere` holds on every account beside that.
    `until_us` is when all of it ends, None for never; `authenticated_us` when they last proved who
    they are, None for whoever proves it with every call. `caveats` are what a token was narrowed
    by: `methods` the only ones it is for, `sats_per_day` what it may move, None without a bound.
    `propose_only` says that they may ask for changes, and make none. `plan` bounds how much they
    use.
    """

    name: str
    tenant: str = TENANT
    person: str = ""
    platform: Permission
    accounts: Mapping[str, Permission] | None = None
    everywhere: Permission = Permission.NONE
    session: str = ""
    token: str = ""
    until_us: int | None = None
    authenticated_us: int | None = 0
    caveats: tuple[str, ...] = ()
    methods: frozenset[str] | None = None
    sats_per_day: int | None = None
    propose_only: bool = False
    plan: Plan = UNBOUND

    def rights(self, account: str) -> Permission:
        """Return what the caller may do with an account; with none named, with the core."""
        if not account:
            return self.platform
        if self.accounts is None:
            return self.platform & ~Permission.SELF
        return self.everywhere | self.accounts.get(account, Permission.NONE)

    def sees(self, account: str) -> bool:
        """Return whether the account exists, as far as the caller is told."""
        return Permission.READ in self.rights(account)

    @property
    def sees_all(self) -> bool:
        """Return whether the caller is told of every account."""
        return self.accounts is None or Permission.READ in self.everywhere

    @property
    def held(self) -> Permission:
        """Return every right the caller has, on the core or on any account."""
        found = self.platform | self.everywhere
        for rights in (self.accounts or {}).values():
            found |= rights
        return found


NOBODY = Principal(name="anonymous", platform=Permission.NONE, accounts={})
"""Who calls a method that takes no token."""


def owner() -> Principal:
    """Return who holds the owner token: everything on every account, but no sign-in of their own.

    Whoever reads that file proves it with every call.
    """
    return Principal(name=OWNER, platform=EVERYTHING, authenticated_us=None)


class Authenticator(Protocol):
    """Knows callers by their tokens."""

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return who holds a token. Raises TokenInvalid."""
        ...

    async def still(self, principal: Principal) -> bool:
        """Return whether a caller may still do all that they could when their call began."""
        ...


class Doors:
    """Knows the owner by the owner token, and others by asking who issues tokens of that shape."""

    def __init__(
        self,
        *,
        is_owner: Callable[[str], bool],
        sessions: Authenticator | None = None,
        tokens: Authenticator | None = None,
        others: Authenticator | None = None,
    ) -> None:
        """Take what tells the owner token, and the issuers of session, API and other tokens."""
        self._is_owner = is_owner
        self._sessions = sessions
        self._tokens = tokens
        self._others = others

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return who holds a token. Raises TokenInvalid, and what its issuer raises."""
        if self._is_owner(token):
            return owner()
        if token.startswith(SESSION_SHAPE) and self._sessions is not None:
            return await self._sessions.principal(token, peer)
        if token.startswith(TOKEN_SHAPE) and self._tokens is not None:
            return await self._tokens.principal(token, peer)
        if self._others is not None:
            return await self._others.principal(token, peer)
        raise TokenInvalid()

    async def still(self, principal: Principal) -> bool:
        """Ask whoever issued the token; the owner's holds as long as the core runs."""
        if principal.token:
            return self._tokens is not None and await self._tokens.still(principal)
        if principal.session:
            return self._sessions is not None and await self._sessions.still(principal)
        if self._others is not None and principal.name != OWNER:
            return await self._others.still(principal)
        return principal.name == OWNER
