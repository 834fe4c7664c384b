"""Identities at providers: who somebody is to Google, GitHub or another that vouches for people.

An identity is an issuer and what that issuer calls its person, never an e-mail address: those
change hands. It is found by a keyed hash, and what the issuer calls the person is not kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from axisor_server.domain.records import DocumentRecord

KIND = "identity"

FEDERATED = "fed"
"""The way of proving who one is that a provider vouches for, as tokens name it."""

DIGESTED = "identity"
"""What the keyed hash of an identity is made for."""

MOST_IDENTITIES = 10
"""Of one person."""

_LONGEST_URI = 256


class Asked(Struct, frozen=True, kw_only=True):
    """What a provider was asked with, and its answer must fit.

    `state` and `nonce` go through the browser, `verifier` (RFC 7636) only from core to provider.
    """

    redirect: str
    state: str
    nonce: str
    verifier: str

    def __repr__(self) -> str:
        return f"Asked(redirect={self.redirect!r}, …)"


class Vouched(Struct, frozen=True, kw_only=True):
    """Whom a provider vouches for, with an address that it has verified.

    `proved_s` is when it last asked the person for a proof, None where it does not say.
    """

    issuer: str
    subject: str
    email: str
    title: str = ""
    proved_s: int | None = None

    def __repr__(self) -> str:
        return f"Vouched(issuer={self.issuer!r}, …)"


class DeviceCode(Struct, frozen=True, kw_only=True):
    """A sign-in that is finished on another device (RFC 8628): what is typed there, and where.

    `secret` asks the provider whether that was done, at most once in `pause_s` seconds.
    """

    secret: str
    typed: str
    uri: str
    uri_complete: str = ""
    pause_s: int = 5

    def __repr__(self) -> str:
        return f"DeviceCode(uri={self.uri!r}, …)"


class NotYet(Struct, frozen=True):
    """The person has not finished on the other device; `slower` asks for longer pauses."""

    slower: bool = False


class Pending(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for its provider: at which one, and what is needed to go on.

    `sealed` is the secret of a device code, which may be asked about after `due_us`.
    """

    provider: str
    redirect: str = ""
    sealed: bytes = b""
    pause_s: int = 0
    due_us: int = 0


class Identity(Struct, frozen=True, kw_only=True):
    """An identity that signs a person in. `id` is its keyed hash, `email` sealed for the person."""

    id: str
    person: str
    issuer: str
    email: bytes
    linked_us: int


def asked(secret: str, redirect: str) -> Asked:
    """Return what a provider is asked with, all of it drawn from one secret of 256 bits.

    Whoever holds the secret can go on; whoever saw one of the three learns nothing of the others.
    """
    return Asked(
        redirect=redirect,
        state=_drawn(secret, "state"),
        nonce=_drawn(secret, "nonce"),
        verifier=_drawn(secret, "verifier"),
    )


def challenge_of(verifier: str) -> str:
    """Return what is told of a PKCE verifier first (S256)."""
    return _text(hashlib.sha256(verifier.encode()).digest())


def found_by(issuer: str, subject: str) -> str:
    """Return the text whose keyed hash finds an identity: the two cannot be shifted."""
    return msgspec.json.encode((issuer, subject)).decode()


def is_loopback(host: str) -> bool:
    """Return whether a host is an address of this machine, written as a number (RFC 8252)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_redirect(uri: str) -> bool:
    """Return whether a browser that is sent there stays on its own machine: `http://127.0.0.1:…`.

    Names are refused, `localhost` too: what they lead to is for others to say.
    """
    if len(uri) > _LONGEST_URI or not uri.isascii() or not uri.isprintable() or "\\" in uri:
        return False
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    plain = not parts.query and not parts.fragment and "?" not in uri and "#" not in uri
    numbered = port is not None and port > 0 and is_loopback(parts.hostname or "")
    return parts.scheme == "http" and "@" not in parts.netloc and plain and numbered


def to_document(identity: Identity) -> DocumentRecord:
    """Return an identity as a document of its person."""
    return DocumentRecord(
        kind=KIND,
        id=identity.id,
        owner=identity.person,
        body=msgspec.json.encode(identity),
        created_us=identity.linked_us,
        updated_us=identity.linked_us,
    )


def from_document(record: DocumentRecord) -> Identity:
    """Return the identity in a document."""
    return msgspec.json.decode(record.body, type=Identity)


def _drawn(secret: str, use: str) -> str:
    return _text(hmac.new(secret.encode(), use.encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
