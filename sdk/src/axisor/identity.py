"""What journals hold about who may do what: people, sessions, tokens, grants, keys.

They name people, accounts and tokens by their resource names and hold no secret, no address and no
other personal data. A field has the name it has in the contract, and is a text, a number, a yes or
no, an enum or a time: that is how it goes over the wire, whatever the kind. `principal` is filled
in by the core that writes the entry.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from axisor.model import Role


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


IdentityPayload: TypeAlias = AccessGranted | AccessRevoked
"""Everything a journal can hold about who may do what."""
