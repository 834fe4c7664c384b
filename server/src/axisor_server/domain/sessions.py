"""Sign-ins of people: sessions, and the refresh tokens that keep them going one after another.

A session is a family of refresh tokens. Each is used once, for its successor; one that comes a
second time was copied, so the family ends. The token itself is not here, only its SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import Struct, structs

from axisor_server.domain.records import DocumentRecord

SESSION = "session"
REFRESH = "refresh_token"
"""The kinds of documents."""

PREFIX = "rt_"

GRACE_US = 10_000_000
"""How long the same device may ask for the same successor again, because the answer was lost."""

MOST_SESSIONS = 50
"""Of one person; the one that was used longest ago ends for a new one."""

_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000


class Terms(Struct, frozen=True, kw_only=True):
    """How long sign-ins last."""

    access_us: int = 15 * _MINUTE_US
    idle_us: int = 7 * _DAY_US
    absolute_us: int = 30 * _DAY_US


USUAL = Terms()


class Device(Struct, frozen=True):
    """What a client says of where it runs: a text that only it knows, and a name for lists.

    Without a key a lost answer to a refresh cannot be asked for again.
    """

    key: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return f"Device(name={self.name!r}, …)"


class Session(Struct, frozen=True, kw_only=True):
    """One sign-in of a person, on record.

    `version` is that of its access tokens: those of an older one are void. `amr` is how the person
    proved who it is (RFC 8176) and `authenticated_us` when it last did. `address` is sealed.
    `generation` counts its refresh tokens, of which `refresh` is the one not used yet.
    """

    id: str
    person: str
    version: int = 1
    amr: tuple[str, ...]
    device: str = ""
    device_name: str = ""
    sealed: bytes = b""
    refresh: str
    generation: int = 1
    opened_us: int
    used_us: int
    authenticated_us: int
    until_us: int

    def ends_us(self, terms: Terms) -> int:
        """Return when it ends unless it is used before."""
        return min(self.until_us, self.used_us + terms.idle_us)


class Refresh(Struct, frozen=True, kw_only=True):
    """One refresh token, on record: what it hashes to, and what became of it."""

    id: str
    session: str
    person: str
    generation: int
    digest: str
    made_us: int
    until_us: int
    used_us: int | None = None
    successor: str = ""
    again: bool = False
    sealed: bytes = b""
    """The successor, sealed, while it may be asked for again."""


class Presented(Struct, frozen=True):
    """A refresh token as it came: its id and the hash of its secret."""

    id: str
    digest: str


def refresh_text(id: str, secret: str) -> str:
    """Return a refresh token."""
    return f"{PREFIX}{id}_{secret}"


def presented(text: str) -> Presented | None:
    """Return what a text presents, or None where it has not the form of a refresh token."""
    id, _, secret = text.removeprefix(PREFIX).partition("_")
    if not text.startswith(PREFIX) or not secret or not 1 <= len(id) <= 64 or len(text) > 256:
        return None
    return Presented(id, digest_of(secret))


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret of 256 random bits, as hex; empty for none."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest() if secret else ""


def same(one: str, other: str) -> bool:
    """Return whether two digests are the same, in a time that tells nothing about them."""
    return hmac.compare_digest(one.encode(), other.encode())


def answer_was_lost(used: Refresh, successor: Refresh | None, *, now_us: int) -> bool:
    """Return whether a token was used so short ago that its answer may not have come home."""
    if used.used_us is None or successor is None or successor.used_us is not None:
        return False
    return 0 <= now_us - used.used_us <= GRACE_US


def session_document(
    session: Session, *, terms: Terms, before: DocumentRecord | None = None
) -> DocumentRecord:
    """Return a session as it is stored, following what was stored before."""
    record = DocumentRecord(
        kind=SESSION,
        id=session.id,
        owner=session.person,
        body=msgspec.json.encode(session),
        until_us=session.ends_us(terms),
        created_us=session.opened_us,
        updated_us=session.used_us,
    )
    return record if before is None else structs.replace(record, revision=before.revision + 1)


def refresh_document(refresh: Refresh, *, before: DocumentRecord | None = None) -> DocumentRecord:
    """Return a refresh token as it is stored, following what was stored before."""
    record = DocumentRecord(
        kind=REFRESH,
        id=refresh.id,
        owner=refresh.person,
        about=refresh.session,
        body=msgspec.json.encode(refresh),
        until_us=refresh.until_us,
        created_us=refresh.made_us,
        updated_us=refresh.made_us if refresh.used_us is None else refresh.used_us,
    )
    return record if before is None else structs.replace(record, revision=before.revision + 1)


def to_session(record: DocumentRecord) -> Session:
    """Return the session a document holds."""
    return msgspec.json.decode(record.body, type=Session)


def to_refresh(record: DocumentRecord) -> Refresh:
    """Return the refresh token a document holds."""
    return msgspec.json.decode(record.body, type=Refresh)
