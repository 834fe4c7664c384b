"""What journals hold about who may do what: people, tokens, grants, confirmations.

They name people, accounts and tokens by their resource names and hold no secret, no address and no
other personal data. A field has the name it has in the contract, and is a text, a number, a yes or
no, an enum or a time: that is how it goes over the wire, whatever the kind. `principal` is filled
in by the core that writes the entry.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from axisor.model import PlatformRole, Role
from axisor.states import ConfirmationState, PersonChange


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


class SessionOpened(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person signed in. `amr` is how they proved who they are, parted by spaces (RFC 8176)."""

    person: str
    session: str
    amr: str
    principal: str = ""


class SessionProved(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person who is signed in proved again who they are."""

    person: str
    session: str
    amr: str
    principal: str = ""


class SessionEnded(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A sign-in ended before its time, and every token of it with it."""

    person: str
    session: str
    cause: str
    principal: str = ""


class RefreshReused(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A refresh token came a second time or from another device: somebody has a copy of it."""

    person: str
    session: str
    text: str
    principal: str = ""


class SigningKeyMade(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A key for access tokens was made; it signs from `begin_time` on."""

    key: str
    begin_time: datetime
    principal: str = ""


class TokenIssued(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A token for a program was made. `caveats` narrow it, parted by spaces."""

    token: str
    owner: str
    caveats: str
    principal: str = ""


class TokenRevoked(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A token for a program was revoked, and every one that was made of it by narrowing."""

    token: str
    owner: str
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


class VaultKeysChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """The ring of vault keys is another; `opens` are the ids of those that do not seal, parted by
    spaces.
    """

    seals: str
    opens: str
    principal: str = ""


class ConfirmationPrepared(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A call was checked and kept, to be carried out once somebody confirms it."""

    confirmation: str
    method: str
    summary: str
    expire_time: datetime
    principal: str = ""


class ConfirmationSettled(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A confirmation ended; a committed one is carried out from here on, under `request_id`."""

    confirmation: str
    state: ConfirmationState
    method: str
    request_id: str = ""
    reason: str = ""
    principal: str = ""


class PlatformRoleChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person may do other things with the platform than before; `former` is what they held."""

    person: str
    role: PlatformRole
    former: PlatformRole
    principal: str = ""


class PlanChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A person is on another plan than before; empty is none, and `former` the one they were on."""

    person: str
    plan: str
    former: str
    principal: str = ""


class PluginChanged(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """A plugin was enabled, disabled or configured while the core ran.

    `settings` is SHA-256 of those it was handed, in hex, empty where those of the file hold.
    """

    plugin: str
    enabled: bool
    settings: str = ""
    principal: str = ""


class CallsRefused(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Calls were refused, of one caller to one method for one reason, within about a minute.

    `claimed` is whose token it said it was, which nobody proved, `subject` the account that the
    first one named, `place` a keyed hash of the network address it came from. Where there were too
    many to tell apart, `cause` is `OTHERS` and there is no method.
    """

    method: str
    cause: str
    refused_count: int
    claimed: str = ""
    subject: str = ""
    place: str = ""
    principal: str = ""


IdentityPayload: TypeAlias = (
    AccessGranted
    | AccessRevoked
    | SessionOpened
    | SessionProved
    | SessionEnded
    | RefreshReused
    | SigningKeyMade
    | TokenIssued
    | TokenRevoked
    | PersonInvited
    | PersonRegistered
    | PersonChanged
    | SignInFailed
    | PlatformRoleChanged
    | PlanChanged
    | PluginChanged
    | CallsRefused
    | VaultKeysChanged
    | ConfirmationPrepared
    | ConfirmationSettled
)
"""Everything a journal can hold about who may do what."""
