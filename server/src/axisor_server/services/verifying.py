"""Verifies access tokens: the signature once a minute, the session behind it every two seconds."""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import SessionOver, TokenInvalid
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.sessions import SESSION, Session, Terms, digest_of, to_session
from axisor_server.ports import Store
from axisor_server.services.jwts import LEEWAY_S, Claims
from axisor_server.services.remembered import Remembered
from axisor_server.services.signing import Signing

VERIFIED_MS = 60_000
"""How long a signature that was checked need not be checked again."""

PRESENT_MS = 2_000
"""How old what is known of a session may be: another core may have ended it."""


class Verified(Struct, frozen=True, kw_only=True):
    """Whom an access token stands for, and until when."""

    person: str
    session: str
    amr: tuple[str, ...]
    authenticated_us: int
    until_us: int


class _Seen(Struct, frozen=True):
    session: Session | None


class Verifier:
    """Knows the sessions that are there, and the access tokens that speak for them."""

    def __init__(self, store: Store, clock: Clock, *, signing: Signing, terms: Terms) -> None:
        self._store = store
        self._clock = clock
        self._signing = signing
        self._terms = terms
        self._claims: Remembered[Claims] = Remembered(clock, VERIFIED_MS)
        self._sessions: Remembered[_Seen] = Remembered(clock, PRESENT_MS)

    async def check(self, text: str) -> Verified:
        """Return whom an access token stands for. Raises TokenInvalid or SessionOver."""
        digest = digest_of(text)
        claims = self._claims.get(digest)
        if claims is None:
            claims = await self._signing.read(text)
            self._claims.put(digest, claims)
        if self._now_us() >= (claims.exp + LEEWAY_S) * 1_000_000:
            raise TokenInvalid("The token has run out.", fix="Refresh it, or sign in again.")
        session = await self.session(claims.sid)
        if session is None or (session.person, session.version) != (claims.sub, claims.sv):
            raise SessionOver()
        return Verified(
            person=session.person,
            session=session.id,
            amr=claims.amr,
            authenticated_us=claims.auth_time * 1_000_000,
            until_us=(claims.exp + LEEWAY_S) * 1_000_000,
        )

    async def session(self, id: str) -> Session | None:
        """Return a session that has not ended, as of two seconds ago or later, or None."""
        known = self._sessions.get(id)
        if known is None:
            found = await self._store.read(lambda reader: reader.document(SESSION, id))
            known = _Seen(None if found is None else to_session(found))
            self._sessions.put(id, known)
        session = known.session
        over = session is None or self._now_us() >= session.ends_us(self._terms)
        return None if over else session

    def forget(self, session: str | None = None) -> None:
        """Read a session anew from now on, or all of them: this core has changed it."""
        if session is None:
            self._sessions.clear()
            self._claims.clear()
        else:
            self._sessions.drop(session)

    def _now_us(self) -> int:
        return to_us(self._clock.now())
