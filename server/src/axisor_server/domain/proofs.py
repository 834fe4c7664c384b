"""Proofs that are good once: a letter's link, a challenge between password and second factor.

What is handed out is `{kind}_{id}_{secret}`; what is kept is the hash of the secret, whom it is
for, and until when. Using one removes it, so that it works once whatever happens.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from datetime import timedelta

import msgspec
from msgspec import Struct

from axisor.model import PlatformRole
from axisor_server.domain.identities import Pending
from axisor_server.domain.records import DocumentRecord

KIND = "proof"


class Purpose(enum.StrEnum):
    """What a proof is good for; the value begins its text."""

    CHALLENGE = "ch"
    """Going on with a sign-in whose password was right."""

    INVITATION = "in"
    """Registering."""

    RESET = "pr"
    """Choosing a new password."""

    EMAIL = "ev"
    """Showing that letters to an address are read."""

    EXTERNAL = "xs"
    """Going on with a sign-in that a browser took to a provider."""

    DEVICE = "xd"
    """Going on with a sign-in that is finished on another device."""


LASTS = {
    Purpose.CHALLENGE: timedelta(minutes=5),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.RESET: timedelta(minutes=15),
    Purpose.EMAIL: timedelta(hours=24),
    Purpose.EXTERNAL: timedelta(minutes=10),
    Purpose.DEVICE: timedelta(minutes=10),
}
"""How long each kind is good."""

MOST_TRIES = 5
"""Wrong second factors after which a sign-in begins again."""

_TEXT = re.compile(r"(ch|in|pr|ev|xs|xd)_([0-9a-f-]{36})_([A-Za-z0-9_-]{43})")


class Proof(Struct, frozen=True, kw_only=True):
    """A proof as it is kept: the hash of its secret, and what it says when it is used.

    `email` is sealed for its person, `email_key` what finds it, `role` what an invitation gives,
    `tries` what failed with it, `device` the name of the device that a sign-in began on, `way` what
    was proved with before, `pending` what a provider is to vouch for.
    """

    digest: bytes = b""
    person: str = ""
    email: bytes = b""
    email_key: str = ""
    role: PlatformRole = PlatformRole.NONE
    device: str = ""
    tries: int = 0
    way: str = ""
    pending: Pending | None = None


def text_of(purpose: Purpose, id: str, secret: str) -> str:
    """Return a proof as it is handed out."""
    return f"{purpose.value}_{id}_{secret}"


def parse(text: str, purpose: Purpose) -> tuple[str, str] | None:
    """Return id and secret of a proof's text, None where it has not that form or purpose."""
    found = _TEXT.fullmatch(text)
    if found is None or found[1] != purpose.value:
        return None
    return found[2], found[3]


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret of 256 bits."""
    return hashlib.sha256(secret.encode()).digest()


def fits(proof: Proof, secret: str) -> bool:
    """Return whether a secret is a proof's, in a time that tells nothing about it."""
    return hmac.compare_digest(proof.digest, digest_of(secret))


def to_document(
    proof: Proof, purpose: Purpose, *, id: str, now_us: int, until_us: int, revision: int = 1
) -> DocumentRecord:
    """Return a proof as a document of its person."""
    return DocumentRecord(
        kind=KIND,
        id=id,
        owner=proof.person,
        about=purpose.value,
        body=msgspec.json.encode(proof),
        revision=revision,
        until_us=until_us,
        created_us=now_us,
        updated_us=now_us,
    )


def from_document(record: DocumentRecord) -> Proof:
    """Return the proof in a document."""
    return msgspec.json.decode(record.body, type=Proof)
