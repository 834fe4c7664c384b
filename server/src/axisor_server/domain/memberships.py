"""Which role a person holds on an account, as a document about that account."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor.model import Role
from axisor_server.domain.records import DocumentRecord

KIND = "membership"


class Membership(Struct, frozen=True, kw_only=True):
    """The role of a person on an account, and since when they hold one."""

    account: str
    person: str
    role: Role
    since_us: int
    revision: int = 1


def id_of(account: str, person: str) -> str:
    """Return the id of the one document that says which role a person holds on an account."""
    return f"{account}/{person}"


def to_document(membership: Membership, *, now_us: int) -> DocumentRecord:
    """Return a membership as a document."""
    return DocumentRecord(
        kind=KIND,
        id=id_of(membership.account, membership.person),
        tenant=membership.person,
        owner=membership.person,
        about=membership.account,
        body=msgspec.json.encode(membership.role),
        revision=membership.revision,
        created_us=membership.since_us,
        updated_us=now_us,
    )


def from_document(record: DocumentRecord) -> Membership:
    """Return the membership in a document."""
    return Membership(
        account=record.about,
        person=record.owner,
        role=msgspec.json.decode(record.body, type=Role),
        since_us=record.created_us,
        revision=record.revision,
    )
