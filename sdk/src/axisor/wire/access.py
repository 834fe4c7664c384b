"""Carries who may do what with an account over the wire."""

from __future__ import annotations

from axisor.model import Role
from axisor.v1 import access_pb2
from axisor.wire.names import account_part, last_part, member_name, person_name
from axisor.wire.records import Member
from axisor.wire.scalars import enum_from_wire, enum_to_wire, time_from_wire, time_to_wire


def member_to_wire(member: Member) -> access_pb2.Member:
    """Return a member as a message."""
    return access_pb2.Member(
        name=member_name(member.account, member.person),
        person=person_name(member.person),
        role=enum_to_wire(member.role),
        join_time=time_to_wire(member.since, "join_time"),
    )


def member_from_wire(message: access_pb2.Member) -> Member:
    """Return the member in a message. Raises FieldInvalid."""
    return Member(
        account=account_part(message.name),
        person=last_part(message.person),
        role=enum_from_wire(Role, message.role),
        since=time_from_wire(message.join_time, "join_time"),
    )
