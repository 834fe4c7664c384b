"""Who a token stands for: a person who is signed in, or a program that one of them sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct, structs

from axisor.errors import FieldInvalid, TokenInvalid
from axisor.ports import Clock
from axisor.tokens import Bounds, bounds_of
from axisor_server.domain.journal import to_us
from axisor_server.services.narrowing import narrowed, still_covers
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.principals import owner as local_owner
from axisor_server.services.remembered import Remembered
from axisor_server.services.signing import Signing
from axisor_server.services.tokens import Tokens
from axisor_server.services.verifying import Verifier

WhoIs: TypeAlias = Callable[[str], Awaitable[Principal | None]]
"""Returns a person with all rights they hold now; None for nobody, or one who may not sign in."""

KNOWN_MS = 2_000
"""How old what is known of a person's rights may be."""


class _Held(Struct, frozen=True):
    holder: Principal | None


class Holders:
    """What persons hold, looked up again every two seconds."""

    def __init__(self, who_is: WhoIs, clock: Clock) -> None:
        self._who_is = who_is
        self._known: Remembered[_Held] = Remembered(clock, KNOWN_MS)
        self._turn = 0

    async def holder(self, person: str) -> Principal | None:
        """Return a person with their rights; for no person the owner of the core."""
        if not person:
            return local_owner()
        known = self._known.get(person)
        if known is None:
            turn = self._turn
            known = _Held(await self._who_is(person))
            if turn == self._turn:  # else it may be from before a change
                self._known.put(person, known)
        return known.holder

    def forget(self) -> None:
        """Look rights up anew from now on: this core has changed some."""
        self._turn += 1
        self._known.clear()


class SessionDoor:
    """Knows people by their access tokens."""

    def __init__(self, verifier: Verifier, holders: Holders) -> None:
        self._verifier = verifier
        self._holders = holders

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return the person. Raises TokenInvalid or SessionOver."""
        verified = await self._verifier.check(token)
        holder = await self._holders.holder(verified.person)
        if holder is None or not verified.person:
            raise TokenInvalid(fix="Sign in again: axisor auth login.")
        return structs.replace(
            holder,
            session=verified.session,
            until_us=verified.until_us,
            authenticated_us=verified.authenticated_us,
        )

    async def still(self, principal: Principal) -> bool:
        """Return whether the session goes on and the person may do all that they could."""
        session = await self._verifier.session(principal.session)
        if session is None or session.person != principal.person:
            return False
        holder = await self._holders.holder(principal.person)
        return holder is not None and still_covers(holder, principal)


class TokenDoor:
    """Knows programs by their tokens."""

    def __init__(self, tokens: Tokens, holders: Holders, clock: Clock, *, signing: Signing) -> None:
        self._tokens = tokens
        self._holders = holders
        self._clock = clock
        self._signing = signing

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return whom a token stands for. Raises TokenInvalid where a caveat does not hold."""
        proved, record = await self._tokens.check(token)
        try:
            bounds = bounds_of(proved.caveats)
        except FieldInvalid as error:
            raise TokenInvalid(
                f"A caveat of the token is not understood. {error.message}"
            ) from None
        await self._hold(bounds, record.tenant, peer)
        holder = await self._holders.holder(record.owner)
        if holder is None:
            raise TokenInvalid("Whoever made this token may not sign in any more.")
        caller = narrowed(holder, bounds, token=record.id)
        return structs.replace(caller, caveats=proved.caveats)

    async def still(self, principal: Principal) -> bool:
        """Return whether the token is there and its owner may do all that it could."""
        if not await self._tokens.there(principal.token):
            return False
        holder = await self._holders.holder(principal.person)
        if holder is None:
            return False
        now = narrowed(holder, bounds_of(principal.caveats), token=principal.token)
        return still_covers(now, principal)

    async def _hold(self, bounds: Bounds, tenant: str, peer: Peer) -> None:
        now_us = to_us(self._clock.now())
        if bounds.until_s is not None and now_us >= bounds.until_s * 1_000_000:
            raise TokenInvalid("The token has run out.")
        if bounds.tenants is not None and tenant not in bounds.tenants:
            raise TokenInvalid("The token is another tenant's.")
        issuer = await self._signing.issuer()
        if bounds.audiences is not None and issuer not in bounds.audiences:
            raise TokenInvalid("The token is for another core.")
        if not bounds.admits(peer.address):
            raise TokenInvalid("The token may not be used from this address.")
        if bounds.plugins is not None and not _is_one_of(peer, bounds.plugins):
            raise TokenInvalid("The token is a plugin's, and this caller is not that plugin.")


def _is_one_of(peer: Peer, plugins: frozenset[str]) -> bool:
    """Return whether a certificate names one of some plugins: `spiffe://local/plugin/NAME`."""
    beginning, _, name = peer.certificate_name.rpartition("/")
    return beginning == "spiffe://local/plugin" and name in plugins
