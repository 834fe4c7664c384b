"""What a refresh token gives: its successor once, the same again where it was lost, or the end."""

from __future__ import annotations

from msgspec import Struct, structs

from axisor.errors import SessionOver, TokenInvalid
from axisor.identity import RefreshReused, SessionEnded
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.sessions import (
    REFRESH,
    SESSION,
    Presented,
    Refresh,
    Session,
    Terms,
    answer_was_lost,
    digest_of,
    refresh_document,
    refresh_text,
    same,
    session_document,
    to_refresh,
    to_session,
)
from axisor_server.ports import Sealer, Transaction
from axisor_server.services.recording import Say

SUCCESSOR = "refresh token"
ANEW = "Sign in again: axisor auth login."


class Turn(Struct, frozen=True):
    """What came of a refresh token: the session and the next token; none where it was copied."""

    session: Session
    text: str | None = None


class Turns:
    """Exchanges refresh tokens, each within a unit of its caller."""

    def __init__(self, clock: Clock, vault: Sealer, terms: Terms) -> None:
        self._clock = clock
        self._vault = vault
        self._terms = terms

    def take(
        self,
        tx: Transaction,
        say: Say,
        come: Presented,
        *,
        device: str,
        next_id: str,
        secret: str,
    ) -> Turn:
        """Exchange a token that comes from a device, the next one being of this id and secret.

        A copied token ends the session: that is returned, not raised, so that it becomes durable.
        Raises TokenInvalid and SessionOver.
        """
        found = tx.document(REFRESH, come.id)
        token = None if found is None else to_refresh(found)
        if found is None or token is None or not same(token.digest, come.digest):
            raise TokenInvalid(fix=ANEW)
        holder = tx.document(SESSION, token.session)
        session = None if holder is None else to_session(holder)
        if holder is None or session is None or self._now_us() >= session.ends_us(self._terms):
            raise SessionOver()
        if session.device and not same(session.device, device):
            return _copied(tx, say, session, "it came from another device")
        if token.used_us is not None:
            return self._repeat(tx, say, found, token, session)
        text = refresh_text(next_id, secret)
        self._use(tx, found, token, next_id, text)
        on = self._go_on(tx, holder, session, next_id)
        successor = token_of(on, secret, made_us=on.used_us, terms=self._terms)
        tx.put_document(refresh_document(successor), revision=None)
        return Turn(on, text)

    def _use(
        self, tx: Transaction, found: DocumentRecord, token: Refresh, next_id: str, text: str
    ) -> None:
        now_us = self._now_us()
        used = structs.replace(
            token,
            used_us=now_us,
            until_us=now_us + self._terms.idle_us,
            successor=next_id,
            sealed=self._vault.seal(text.encode(), purpose=SUCCESSOR, bound=(token.id, next_id)),
        )
        tx.put_document(refresh_document(used, before=found), revision=found.revision)

    def _go_on(
        self, tx: Transaction, holder: DocumentRecord, session: Session, next_id: str
    ) -> Session:
        on = structs.replace(
            session, refresh=next_id, generation=session.generation + 1, used_us=self._now_us()
        )
        replace(tx, holder, on, terms=self._terms)
        return on

    def _repeat(
        self, tx: Transaction, say: Say, found: DocumentRecord, token: Refresh, session: Session
    ) -> Turn:
        """Answer a token that was used: once more the same, where its own device lost the answer.

        Further repeats by that device at that moment are refused, and end nothing.
        """
        after = tx.document(REFRESH, token.successor)
        successor = None if after is None else to_refresh(after)
        if not session.device or not answer_was_lost(token, successor, now_us=self._now_us()):
            return _copied(tx, say, session, "it was used before")
        if token.again:
            raise TokenInvalid(
                "This refresh token was just exchanged, and its answer repeated.",
                fix="Use the answer that came.",
            )
        bound = (token.id, token.successor)
        text = self._vault.unseal(token.sealed, purpose=SUCCESSOR, bound=bound).decode()
        told = structs.replace(token, again=True, sealed=b"")
        tx.put_document(refresh_document(told, before=found), revision=found.revision)
        return Turn(session, text)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def token_of(session: Session, secret: str, *, made_us: int, terms: Terms) -> Refresh:
    """Return the record of a session's present refresh token."""
    return Refresh(
        id=session.refresh,
        session=session.id,
        person=session.person,
        generation=session.generation,
        digest=digest_of(secret),
        made_us=made_us,
        until_us=session.ends_us(terms),
    )


def replace(tx: Transaction, found: DocumentRecord, session: Session, *, terms: Terms) -> None:
    """Put a session where an older state of it stands."""
    document = session_document(session, terms=terms, before=found)
    tx.put_document(document, revision=found.revision)


def end(tx: Transaction, say: Say, session: Session, cause: str) -> None:
    """End a session; its refresh tokens lead nowhere without it, and are forgotten in time."""
    tx.delete_document(SESSION, session.id)
    say(SessionEnded(person=named(session.person), session=session.id, cause=cause))


def named(person: str) -> str:
    """Return how a person is named in the journal."""
    return f"people/{person}"


def _copied(tx: Transaction, say: Say, session: Session, how: str) -> Turn:
    say(RefreshReused(person=named(session.person), session=session.id, text=how))
    end(tx, say, session, "copied")
    return Turn(session)
