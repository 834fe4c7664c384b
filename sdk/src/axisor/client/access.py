"""Calls about who may do what with an account."""

from __future__ import annotations

from datetime import datetime

from axisor.client.calls import Caller, Page, new_request_id
from axisor.model import Role
from axisor.v1 import access_pb2 as pb
from axisor.v1.access_pb2_grpc import AccessServiceStub
from axisor.wire.access import member_from_wire
from axisor.wire.names import account_name, member_name, person_name
from axisor.wire.records import Member
from axisor.wire.scalars import enum_to_wire, time_to_wire


class Access:
    """The methods of AccessService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = AccessServiceStub(caller.channel)

    async def list(self, account: str, *, page_size: int = 0, page_token: str = "") -> Page[Member]:
        """Return who holds a role on an account, the longest first. Raises AccountNotFound."""
        request = pb.ListMembersRequest(
            parent=account_name(account), page_size=page_size, page_token=page_token
        )
        answer = await self._call.unary(self._stub.ListMembers, request)
        return Page(tuple(map(member_from_wire, answer.members)), answer.next_page_token)

    async def grant(
        self,
        account: str,
        person: str,
        role: Role,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Member:
        """Give a person a role on an account, instead of the one they had.

        Raises MemberNotFound where there is no such person, LastOwner, StepUpRequired.
        """
        request = pb.GrantRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
            person=person_name(person),
            role=enum_to_wire(role),
        )
        return member_from_wire((await self._call.unary(self._stub.Grant, request)).member)

    async def revoke(
        self,
        account: str,
        person: str,
        *,
        validate_only: bool = False,
        not_after: datetime | None = None,
        request_id: str | None = None,
    ) -> Member:
        """Take a person's role on an account away, and return what it was.

        Raises MemberNotFound, LastOwner, StepUpRequired.
        """
        request = pb.RevokeRequest(
            name=member_name(account, person),
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after, "not_after_time"),
            validate_only=validate_only,
        )
        return member_from_wire((await self._call.unary(self._stub.Revoke, request)).member)
