"""Sign-ins of people: opened, kept going by refresh tokens, shown, and ended.

Each change is one unit with its entry in the journal. A refresh token that is used a second time
ends its session, whoever of the two holders came first: nobody can tell which one is the thief.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct, structs

from axisor.errors import SessionOver, TokenInvalid
from axisor.identity import SessionOpened, SessionProved
from axisor.model import Permission
from axisor.ports import Clock, Secret
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.sessions import (
    MOST_SESSIONS,
    REFRESH,
    SESSION,
    Device,
    Session,
    Terms,
    digest_of,
    presented,
    refresh_document,
    refresh_text,
    session_document,
    to_session,
)
from axisor_server.ports import Ids, Reader, Sealer, Store, Transaction
from axisor_server.services.jwts import AUDIENCE, Claims
from axisor_server.services.principals import Peer, Principal
from axisor_server.services.recording import Recorder, Say
from axisor_server.services.refreshing import ANEW, Turn, Turns, end, named, replace, token_of
from axisor_server.services.signing import Signing
from axisor_server.services.verifying import Verifier

Roles: TypeAlias = Callable[[Reader, str], tuple[str, ...]]
"""Says what a person is, for tokens to show; nothing is decided by it."""

MOST_NAME = 64
ADDRESS = "session address"
"""What is sealed."""


class Issued(Struct, frozen=True, kw_only=True):
    """What a client gets: an access token, its end, and a refresh token.

    Without a refresh token the one that the client has goes on.
    """

    session: str
    access: Secret
    access_until: datetime
    refresh: Secret | None = None


class Sessions:
    """The sessions of people, and the tokens they hold."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Sealer,
        recorder: Recorder,
        *,
        signing: Signing,
        verifier: Verifier,
        terms: Terms,
        roles: Roles = lambda reader, person: (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._recorder = recorder
        self._signing = signing
        self._verifier = verifier
        self._terms = terms
        self._roles = roles
        self._turns = Turns(clock, vault, terms)

    async def open(
        self,
        person: str,
        *,
        amr: Sequence[str],
        device: Device,
        peer: Peer,
        proved_us: int | None = None,
    ) -> Issued:
        """Sign a person in who has proved, as `amr` says, who it is; now, or at `proved_us`."""
        id, first, secret = self._ids.new(), self._ids.new(), self._ids.token()
        now_us = self._now_us()
        session = Session(
            id=id,
            person=person,
            amr=tuple(amr),
            device=digest_of(device.key),
            device_name=device.name[:MOST_NAME],
            sealed=self._vault.seal(peer.address.encode(), purpose=ADDRESS, bound=(id, person)),
            refresh=first,
            opened_us=now_us,
            used_us=now_us,
            authenticated_us=now_us if proved_us is None else min(proved_us, now_us),
            until_us=now_us + self._terms.absolute_us,
        )

        def unit(tx: Transaction, say: Say) -> tuple[str, ...]:
            self._make_room(tx, say, person)
            tx.put_document(session_document(session, terms=self._terms), revision=None)
            refresh = token_of(session, secret, made_us=now_us, terms=self._terms)
            tx.put_document(refresh_document(refresh), revision=None)
            say(SessionOpened(person=named(person), session=id, amr=" ".join(amr)))
            return self._roles(tx, person)

        roles = await self._recorder.write(unit, by=signed_in(person))
        return await self._issue(session, roles, refresh=refresh_text(first, secret))

    async def refresh(self, refresh: str, device: Device) -> Issued:
        """Exchange a refresh token for the next one and an access token.

        Raises TokenInvalid for a text that is none, and SessionOver when the session has ended, has
        not been used for too long, or ends now because the token was copied.
        """
        come = presented(refresh)
        if come is None:
            raise TokenInvalid(fix=ANEW)
        next_id, secret, key = self._ids.new(), self._ids.token(), digest_of(device.key)

        found = await self._store.read(lambda reader: reader.document(REFRESH, come.id))
        if found is None:
            raise TokenInvalid(fix=ANEW)

        def unit(tx: Transaction, say: Say) -> tuple[Turn, tuple[str, ...]]:
            turn = self._turns.take(tx, say, come, device=key, next_id=next_id, secret=secret)
            return turn, self._roles(tx, turn.session.person)

        turn, roles = await self._recorder.write(unit, by=signed_in(found.owner))
        self._verifier.forget(turn.session.id)
        if turn.text is None:
            raise SessionOver(
                "This refresh token was used before: somebody has a copy of it.",
                money="Every token of this sign-in is void from now on.",
            )
        return await self._issue(turn.session, roles, refresh=turn.text)

    async def step_up(self, session: str, amr: Sequence[str]) -> Issued:
        """Take note that a person proved again who it is. Raises SessionOver."""
        holder = await self._verifier.session(session)
        if holder is None:
            raise SessionOver()

        def unit(tx: Transaction, say: Say) -> tuple[Session, tuple[str, ...]]:
            found = tx.document(SESSION, session)
            if found is None:
                raise SessionOver()
            before = to_session(found)
            ways = tuple(dict.fromkeys((*before.amr, *amr)))
            proved = structs.replace(before, amr=ways, authenticated_us=self._now_us())
            replace(tx, found, proved, terms=self._terms)
            say(SessionProved(person=named(proved.person), session=session, amr=" ".join(amr)))
            return proved, self._roles(tx, proved.person)

        proved, roles = await self._recorder.write(unit, by=signed_in(holder.person))
        self._verifier.forget(session)
        return await self._issue(proved, roles, refresh=None)

    async def of(self, person: str) -> list[Session]:
        """Return a person's sessions that have not ended, the latest used first."""
        found = await self._store.read(lambda reader: reader.documents(SESSION, owner=person))
        now_us = self._now_us()
        alive = [one for one in map(to_session, found) if now_us < one.ends_us(self._terms)]
        return sorted(alive, key=lambda one: (one.used_us, one.id), reverse=True)

    def ends(self, session: Session) -> datetime:
        """Return when a session ends unless it is used before."""
        return from_us(session.ends_us(self._terms))

    def address(self, session: Session) -> str:
        """Return from where a session was opened."""
        bound = (session.id, session.person)
        return self._vault.unseal(session.sealed, purpose=ADDRESS, bound=bound).decode()

    async def revoke(self, session: str, *, by: Principal, cause: str = "revoked") -> bool:
        """End a session now; returns whether there was one."""

        def unit(tx: Transaction, say: Say) -> bool:
            found = tx.document(SESSION, session)
            if found is not None:
                end(tx, say, to_session(found), cause)
            return found is not None

        ended = await self._recorder.write(unit, by=by)
        self._verifier.forget(session)
        return ended

    async def revoke_all(
        self, person: str, but: str = "", *, by: Principal, cause: str = "revoked"
    ) -> int:
        """End a person's sessions now, all or all but one, and return how many.

        The one that stays must refresh: whoever holds a copy of its access token has nothing.
        """
        ended = await self._recorder.write(
            lambda tx, say: self.revoke_in(tx, say, person, but, cause=cause), by=by
        )
        self._verifier.forget()
        return ended

    def revoke_in(
        self, tx: Transaction, say: Say, person: str, but: str = "", *, cause: str = "revoked"
    ) -> int:
        """Do as `revoke_all` does within a unit of the caller's, such as one that disables it.

        Every core takes note of it within two seconds; this one at once after `forget`.
        """
        ended = 0
        for found in tx.documents(SESSION, owner=person):
            session = to_session(found)
            if session.id == but:
                anew = structs.replace(session, version=session.version + 1)
                replace(tx, found, anew, terms=self._terms)
            else:
                end(tx, say, session, cause)
                ended += 1
        return ended

    def forget(self) -> None:
        """Read sessions anew from now on, after a unit with `revoke_in`."""
        self._verifier.forget()

    async def keep(self) -> None:
        """Make the next signing key where it is due, and forget what has run out."""
        await self._signing.keep()
        now_us = self._now_us()
        await self._store.write(lambda tx: tx.forget_documents(before_us=now_us))

    def _make_room(self, tx: Transaction, say: Say, person: str) -> None:
        held = [to_session(found) for found in tx.documents(SESSION, owner=person)]
        by_use = sorted(held, key=lambda one: (one.used_us, one.id))
        for session in by_use[: max(0, len(held) - MOST_SESSIONS + 1)]:
            end(tx, say, session, "too many")

    async def _issue(
        self, session: Session, roles: tuple[str, ...], *, refresh: str | None
    ) -> Issued:
        now_us = self._now_us()
        until_us = min(now_us + self._terms.access_us, session.until_us)
        claims = Claims(
            iss=await self._signing.issuer(),
            aud=AUDIENCE,
            sub=session.person,
            tid=session.person,
            sid=session.id,
            jti=self._ids.new(),
            iat=now_us // 1_000_000,
            exp=until_us // 1_000_000,
            auth_time=session.authenticated_us // 1_000_000,
            amr=session.amr,
            roles=roles,
            sv=session.version,
        )
        return Issued(
            session=session.id,
            access=Secret(await self._signing.write(claims)),
            access_until=from_us(claims.exp * 1_000_000),
            refresh=None if refresh is None else Secret(refresh),
        )

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def signed_in(person: str) -> Principal:
    """Return a person as whoever changes their own sign-in, with no other right."""
    return Principal(
        name=named(person), tenant=person, person=person, platform=Permission.SELF, accounts={}
    )
