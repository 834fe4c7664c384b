"""People: who they are to the core, what they sign in with, and whether they may.

A person's address and name are sealed with a key of their own, so that erasing that key erases
them wherever they were written; everything else names people by id.
"""

from __future__ import annotations

import enum
import re

import msgspec
from msgspec import Struct

from axisor.errors import FieldInvalid
from axisor.model import PlatformRole
from axisor.states import PersonState
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.totp import (
    Totp,
    accepted_step,
    looks_like_recovery,
    recovery_hash,
    without,
)

KIND = "person"
FIRST = "first"
"""The key that the first person holds, so that there is only one."""

PASSWORD = "pwd"  # noqa: S105 - a way of proving
OTP = "otp"
RECOVERY = "rc"
"""Ways of proving who one is, as tokens name them."""

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9.-]{1,189}")


class Joined(enum.StrEnum):
    """How a person came to be here."""

    FIRST = "first"
    INVITED = "invited"
    OPEN = "open"
    PROVIDER = "provider"
    """By signing in at somebody who vouches for their address."""


class Person(Struct, frozen=True, kw_only=True):
    """A person. `email` and `title` are sealed; `recovery` are hashes of unused recovery codes.

    `email_key` finds the person by the address, `password` is its hash, empty where there is none.
    `plan` names what bounds their use, empty where nothing does.
    """

    id: str
    email: bytes
    email_key: str
    title: bytes
    role: PlatformRole
    joined: Joined
    state: PersonState = PersonState.ACTIVE
    password: str = ""
    verified_us: int | None = None
    totp: Totp | None = None
    recovery: tuple[str, ...] = ()
    plan: str = ""
    revision: int = 1
    created_us: int
    updated_us: int

    @property
    def second_factor(self) -> bool:
        """Return whether a sign-in needs a second factor."""
        return self.totp is not None and self.totp.confirmed_us is not None

    @property
    def may_sign_in(self) -> bool:
        """Return whether the right password lets the person in."""
        return self.state is PersonState.ACTIVE


def principal_of(person: str) -> str:
    """Return the name by which the journal knows a person."""
    return f"people/{person}"


def to_document(person: Person) -> tuple[DocumentRecord, tuple[str, ...]]:
    """Return a person as a document, and the keys it is found by."""
    keys = [f"email/{person.email_key}"] if person.email_key else []
    if person.joined is Joined.FIRST:
        keys.append(FIRST)
    record = DocumentRecord(
        kind=KIND,
        id=person.id,
        owner=person.id,
        body=msgspec.json.encode(person),
        revision=person.revision,
        created_us=person.created_us,
        updated_us=person.updated_us,
    )
    return record, tuple(keys)


def from_document(record: DocumentRecord) -> Person:
    """Return the person in a document, with the document's revision."""
    person = msgspec.json.decode(record.body, type=Person)
    return msgspec.structs.replace(person, revision=record.revision)


class _OnPlan(Struct, frozen=True):
    plan: str = ""


def plan_in(record: DocumentRecord) -> str:
    """Return the plan of the person in a document, empty for none; nothing else is read of it."""
    return msgspec.json.decode(record.body, type=_OnPlan).plan


def plain_email(text: str, field: str = "email") -> str:
    """Return an e-mail address in the form it is compared in. Raises FieldInvalid."""
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise FieldInvalid("This is no e-mail address.", field=field)
    return email


def erased(person: Person, *, now_us: int) -> Person:
    """Return what stays of a person: an id that others' entries refer to."""
    return msgspec.structs.replace(
        person,
        email=b"",
        email_key="",
        title=b"",
        state=PersonState.ERASED,
        password="",
        verified_us=None,
        totp=None,
        recovery=(),
        updated_us=now_us,
    )


def after_code(person: Person, *, secret: str, code: str, now_us: int) -> tuple[Person, str] | None:
    """Return a person after a right second factor, and which it was (RFC 8176); None for a wrong.

    A code of the app and a recovery code each count once.
    """
    if person.totp is None:
        return None
    if looks_like_recovery(code):
        left = without(person.recovery, recovery_hash(person.id, code))
        return None if left is None else (msgspec.structs.replace(person, recovery=left), RECOVERY)
    step = accepted_step(secret, code, now_us=now_us, after=person.totp.last_step)
    if step is None:
        return None
    totp = msgspec.structs.replace(person.totp, last_step=step)
    return msgspec.structs.replace(person, totp=totp), OTP
