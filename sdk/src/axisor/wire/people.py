"""Carries people, sessions and what signing in gives over the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.model import PlatformRole
from axisor.ports import Secret
from axisor.states import PersonState
from axisor.v1 import auth_pb2, users_pb2
from axisor.wire.scalars import enum_from_wire, time_or_none


class Person(Struct, frozen=True, kw_only=True):
    """A person, by their name `people/{person}`. Texts are empty once they are erased."""

    name: str
    email: str
    title: str
    state: PersonState
    role: PlatformRole
    email_verified: bool
    second_factor: bool
    recovery_codes: int
    created_at: datetime | None


class Session(Struct, frozen=True, kw_only=True):
    """A sign-in on a device, by its name `sessions/{session}`."""

    name: str
    device: str
    created_at: datetime | None
    used_at: datetime | None
    expires_at: datetime | None
    current: bool


class SignedIn(Struct, frozen=True, kw_only=True):
    """The tokens of a session. Keep `refresh` where only this device reads it."""

    access: Secret
    access_until: datetime | None
    refresh: Secret | None
    session: str
    person: str


class Challenge(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for a second factor."""

    challenge: Secret
    until: datetime | None


class Invitation(Struct, frozen=True, kw_only=True):
    """What somebody registers with."""

    proof: Secret
    until: datetime | None


def person_from_wire(message: users_pb2.Person) -> Person:
    """Return the person in a message. Raises FieldInvalid."""
    return Person(
        name=message.name,
        email=message.email,
        title=message.title,
        state=enum_from_wire(PersonState, message.state),
        role=enum_from_wire(PlatformRole, message.role),
        email_verified=message.email_verified,
        second_factor=message.second_factor,
        recovery_codes=message.recovery_code_count,
        created_at=time_or_none(message, "create_time"),
    )


def session_from_wire(message: users_pb2.Session) -> Session:
    """Return the session in a message. Raises FieldInvalid."""
    return Session(
        name=message.name,
        device=message.device,
        created_at=time_or_none(message, "create_time"),
        used_at=time_or_none(message, "last_use_time"),
        expires_at=time_or_none(message, "expire_time"),
        current=message.current,
    )


def signed_in_from_wire(message: auth_pb2.SignedIn) -> SignedIn:
    """Return the tokens in a message. Raises FieldInvalid."""
    return SignedIn(
        access=Secret(message.access_token),
        access_until=time_or_none(message, "access_expire_time"),
        refresh=Secret(message.refresh_token) if message.refresh_token else None,
        session=message.session,
        person=message.person,
    )


def challenge_from_wire(message: auth_pb2.Challenge) -> Challenge:
    """Return the challenge in a message. Raises FieldInvalid."""
    return Challenge(
        challenge=Secret(message.challenge), until=time_or_none(message, "expire_time")
    )
