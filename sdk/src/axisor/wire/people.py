"""Carries people, sessions, identities and what signing in gives over the wire."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from axisor.model import PlatformRole
from axisor.ports import Secret
from axisor.states import PersonState
from axisor.v1 import auth_pb2, users_pb2
from axisor.wire.scalars import enum_from_wire, span_or_none, time_or_none

LEAST_PAUSE = timedelta(seconds=1)
"""Between two questions, whatever a message says."""


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
    plan: str


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


class Provider(Struct, frozen=True, kw_only=True):
    """Somebody who vouches for people, by their name `identityProviders/{provider}`."""

    name: str
    issuer: str
    devices: bool


class External(Struct, frozen=True, kw_only=True):
    """A sign-in that a browser takes to a provider. Keep `handle` where it began."""

    handle: Secret
    uri: Secret
    until: datetime | None


class Elsewhere(Struct, frozen=True, kw_only=True):
    """A sign-in that is finished on another device: what is typed there, and where."""

    handle: Secret
    typed: Secret
    uri: str
    uri_complete: Secret
    pause: timedelta
    until: datetime | None


class Waiting(Struct, frozen=True, kw_only=True):
    """A sign-in that is not finished yet on the other device."""

    pause: timedelta


class Identity(Struct, frozen=True, kw_only=True):
    """An identity that signs a person in, by its name `identities/{identity}`.

    `provider` is empty where that one vouches for nobody here any more.
    """

    name: str
    provider: str
    issuer: str
    email: str
    created_at: datetime | None


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
        plan=message.plan,
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


def provider_from_wire(message: auth_pb2.IdentityProvider) -> Provider:
    """Return the provider in a message."""
    return Provider(name=message.name, issuer=message.issuer, devices=message.devices)


def external_from_wire(message: auth_pb2.BeginExternalSignInResponse) -> External:
    """Return the sign-in in a message. Raises FieldInvalid."""
    return External(
        handle=Secret(message.handle),
        uri=Secret(message.authorization_uri),
        until=time_or_none(message, "expire_time"),
    )


def elsewhere_from_wire(message: auth_pb2.BeginDeviceSignInResponse) -> Elsewhere:
    """Return the sign-in in a message. Raises FieldInvalid."""
    return Elsewhere(
        handle=Secret(message.handle),
        typed=Secret(message.user_code),
        uri=message.verification_uri,
        uri_complete=Secret(message.verification_uri_complete),
        pause=span_or_none(message, "pause") or LEAST_PAUSE,
        until=time_or_none(message, "expire_time"),
    )


def waiting_from_wire(message: auth_pb2.Waiting) -> Waiting:
    """Return how long a message says to wait. Raises FieldInvalid."""
    return Waiting(pause=span_or_none(message, "pause") or LEAST_PAUSE)


def identity_from_wire(message: users_pb2.Identity) -> Identity:
    """Return the identity in a message. Raises FieldInvalid."""
    return Identity(
        name=message.name,
        provider=message.provider,
        issuer=message.issuer,
        email=message.email,
        created_at=time_or_none(message, "create_time"),
    )
