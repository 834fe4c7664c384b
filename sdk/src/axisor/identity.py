"""What journals hold about who may do what: people, sessions, tokens, grants, keys.

They name people, accounts and tokens by their resource names and hold no secret, no address and no
other personal data. A field has the name it has in the contract, and is a text, a number, a yes or
no, an enum or a time: that is how it goes over the wire, whatever the kind. `principal` is filled
in by the core that writes the entry.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from axisor.model import PlatformRole, Role
from axisor.states import PersonChange


class AccessGranted(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person holds a role on an account from now on, instead of the one they had."""

    person: str
    account: str
    role: Role
    principal: str = ""


class AccessRevoked(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person holds nothing on an account any more."""

    person: str
    account: str
    principal: str = ""


class PersonInvited(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Somebody may register, and will hold a role on the platform."""

    invitation: str
    role: PlatformRole
    principal: str = ""


class PersonRegistered(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person is here from now on; `joined` is `first`, `invited`, `open` or `provider`."""

    person: str
    role: PlatformRole
    joined: str
    principal: str = ""


class PersonChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Something about a person or how they sign in is another from now on."""

    person: str
    change: PersonChange
    principal: str = ""


class SignInFailed(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Somebody did not get in; `person` is empty where there is no such person.

    `cause` is what was wrong, `place` a keyed hash of the network address they came from.
    """

    person: str
    cause: str
    place: str
    principal: str = ""


IdentityPayload: TypeAlias = (
    AccessGranted
    | AccessRevoked
    | PersonInvited
    | PersonRegistered
    | PersonChanged
    | SignInFailed
)
"""Everything a journal can hold about who may do what."""
