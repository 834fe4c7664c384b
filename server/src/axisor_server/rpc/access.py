"""AccessService."""

from __future__ import annotations

from axisor.model import Role
from axisor.v1 import access_pb2 as pb
from axisor.wire.access import member_to_wire
from axisor.wire.names import account_id, member_id, top_id
from axisor.wire.records import Member
from axisor.wire.scalars import enum_asked
from axisor_server.domain.journal import from_us
from axisor_server.domain.memberships import Membership
from axisor_server.rpc.calls import Call
from axisor_server.services import paging
from axisor_server.services.access import Access


class AccessServicer:
    """Gives, takes and shows roles on accounts."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def Grant(self, request: pb.GrantRequest, call: Call) -> pb.GrantResponse:
        """Give a person a role."""
        member = await self._access.grant(
            account_id(request.parent, "parent"),
            top_id(request.person, "people", "person"),
            enum_asked(Role, request.role, "role"),
            call.request(),
        )
        return pb.GrantResponse(member=member_to_wire(member_of(member)))

    async def Revoke(self, request: pb.RevokeRequest, call: Call) -> pb.RevokeResponse:
        """Take a person's role away."""
        account, person = member_id(request.name)
        member = await self._access.revoke(account, person, call.request())
        return pb.RevokeResponse(member=member_to_wire(member_of(member)))

    async def ListMembers(
        self, request: pb.ListMembersRequest, call: Call
    ) -> pb.ListMembersResponse:
        """Answer with a page of members."""
        account = account_id(request.parent, "parent")
        of = f"members/{account}"
        paging.place(of, request.page_token)
        found = await self._access.members(account)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListMembersResponse(
            members=[member_to_wire(member_of(member)) for member in page], next_page_token=token
        )


def member_of(membership: Membership) -> Member:
    """Return a membership as clients see it."""
    return Member(
        account=membership.account,
        person=membership.person,
        role=membership.role,
        since=from_us(membership.since_us),
    )
