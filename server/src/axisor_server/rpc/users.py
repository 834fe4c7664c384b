"""UserService."""

from __future__ import annotations

from datetime import datetime, timedelta

from axisor.errors import PermissionDenied
from axisor.model import PlatformRole
from axisor.v1 import auth_pb2
from axisor.v1 import users_pb2 as pb
from axisor.wire.names import (
    identity_id,
    identity_name,
    person_id,
    person_name,
    provider_name,
    session_id,
    session_name,
)
from axisor.wire.scalars import enum_from_wire, enum_to_wire, span_to_wire, time_to_wire
from axisor_server.domain.journal import from_us
from axisor_server.domain.sessions import Session
from axisor_server.rpc.calls import Call
from axisor_server.services import paging
from axisor_server.services.people.administering import Administering
from axisor_server.services.people.changing import Changing
from axisor_server.services.people.directory import Shown
from axisor_server.services.people.factors import Factors
from axisor_server.services.people.identities import Identities, Linked
from axisor_server.services.people.registering import Registering
from axisor_server.services.people.vouching import Vouching, Waits
from axisor_server.services.principals import Principal
from axisor_server.services.sessions import Sessions

OTHERS = "-"
"""In the place of a session: all but the one that calls."""


class UserServicer:
    """Shows people and changes who they are to the core."""

    def __init__(
        self,
        *,
        administering: Administering,
        registering: Registering,
        changing: Changing,
        factors: Factors,
        vouching: Vouching,
        identities: Identities,
        sessions: Sessions,
    ) -> None:
        self._administering = administering
        self._registering = registering
        self._changing = changing
        self._factors = factors
        self._vouching = vouching
        self._identities = identities
        self._sessions = sessions

    async def GetMe(self, request: pb.GetMeRequest, call: Call) -> pb.GetMeResponse:
        """Answer who calls."""
        shown = await self._administering.show(person_of(call).person)
        return pb.GetMeResponse(person=_person(shown, codes=True))

    async def ListUsers(self, request: pb.ListUsersRequest, call: Call) -> pb.ListUsersResponse:
        """Answer with a page of people, oldest first."""
        paging.place("people", request.page_token)
        everybody = await self._administering.all()
        by_id = {shown.person.id: shown for shown in everybody}
        page, token = paging.cut(
            list(by_id), of="people", size=request.page_size, after=request.page_token
        )
        return pb.ListUsersResponse(
            people=[_person(by_id[id]) for id in page], next_page_token=token
        )

    async def InviteUser(self, request: pb.InviteUserRequest, call: Call) -> pb.InviteUserResponse:
        """Invite somebody."""
        role = enum_from_wire(PlatformRole, request.role) if request.role else PlatformRole.NONE
        made = await self._registering.invite(
            request.email, role, silent=request.silent, caller=call.principal
        )
        return pb.InviteUserResponse(
            invitation=made.text, expire_time=time_to_wire(from_us(made.until_us))
        )

    async def ChangeRole(self, request: pb.ChangeRoleRequest, call: Call) -> pb.ChangeRoleResponse:
        """Give a person another role on the platform."""
        shown = await self._administering.give(
            person_id(request.name),
            enum_from_wire(PlatformRole, request.role),
            request=call.request(),
        )
        return pb.ChangeRoleResponse(person=_person(shown))

    async def ChangePlan(self, request: pb.ChangePlanRequest, call: Call) -> pb.ChangePlanResponse:
        """Put a person on another plan."""
        shown = await self._administering.put_on(
            person_id(request.name), request.plan, request=call.request()
        )
        return pb.ChangePlanResponse(person=_person(shown))

    async def DisableUser(
        self, request: pb.DisableUserRequest, call: Call
    ) -> pb.DisableUserResponse:
        """Keep a person out."""
        shown = await self._administering.disable(person_id(request.name), request=call.request())
        return pb.DisableUserResponse(person=_person(shown))

    async def EnableUser(self, request: pb.EnableUserRequest, call: Call) -> pb.EnableUserResponse:
        """Let a person in again."""
        shown = await self._administering.enable(person_id(request.name), request=call.request())
        return pb.EnableUserResponse(person=_person(shown))

    async def EraseUser(self, request: pb.EraseUserRequest, call: Call) -> pb.EraseUserResponse:
        """Erase a person."""
        shown = await self._administering.erase(person_id(request.name), request=call.request())
        return pb.EraseUserResponse(person=_person(shown))

    async def ChangePassword(
        self, request: pb.ChangePasswordRequest, call: Call
    ) -> pb.ChangePasswordResponse:
        """Choose another password."""
        await self._changing.change(
            request.current_password, request.password, caller=person_of(call)
        )
        return pb.ChangePasswordResponse()

    async def ChangeEmail(
        self, request: pb.ChangeEmailRequest, call: Call
    ) -> pb.ChangeEmailResponse:
        """Ask whether letters to a new address are read."""
        await self._registering.change_email(request.email, caller=person_of(call))
        return pb.ChangeEmailResponse()

    async def EnrolTotp(self, request: pb.EnrolTotpRequest, call: Call) -> pb.EnrolTotpResponse:
        """Answer with the secret of a new app."""
        secret, address = await self._factors.enrol(caller=person_of(call))
        return pb.EnrolTotpResponse(secret=secret.reveal(), address=address.reveal())

    async def ConfirmTotp(
        self, request: pb.ConfirmTotpRequest, call: Call
    ) -> pb.ConfirmTotpResponse:
        """Enrol the app, and answer with recovery codes."""
        codes = await self._factors.confirm(request.code, caller=person_of(call))
        return pb.ConfirmTotpResponse(recovery_codes=codes)

    async def DisableTotp(
        self, request: pb.DisableTotpRequest, call: Call
    ) -> pb.DisableTotpResponse:
        """Take the second factor away."""
        caller = person_of(call)
        await self._factors.disable(request=call.request())
        shown = await self._administering.show(caller.person)
        return pb.DisableTotpResponse(person=_person(shown, codes=True))

    async def RegenerateRecoveryCodes(
        self, request: pb.RegenerateRecoveryCodesRequest, call: Call
    ) -> pb.RegenerateRecoveryCodesResponse:
        """Answer with new recovery codes."""
        codes = await self._factors.renew(caller=person_of(call))
        return pb.RegenerateRecoveryCodesResponse(recovery_codes=codes)

    async def ListSessions(
        self, request: pb.ListSessionsRequest, call: Call
    ) -> pb.ListSessionsResponse:
        """Answer with a page of the caller's sessions, oldest first."""
        caller = person_of(call)
        of = f"sessions/{caller.person}"
        paging.place(of, request.page_token)
        found = {each.id: each for each in await self._sessions.of(caller.person)}
        page, token = paging.cut(
            sorted(found), of=of, size=request.page_size, after=request.page_token
        )
        current = caller.session
        return pb.ListSessionsResponse(
            sessions=[_session(found[id], current, self._sessions.ends(found[id])) for id in page],
            next_page_token=token,
        )

    async def RevokeSession(
        self, request: pb.RevokeSessionRequest, call: Call
    ) -> pb.RevokeSessionResponse:
        """End a session of the caller, or all others."""
        caller, session = person_of(call), session_id(request.name)
        if session == OTHERS:
            await self._sessions.revoke_all(caller.person, caller.session, by=caller)
        elif session in {each.id for each in await self._sessions.of(caller.person)}:
            await self._sessions.revoke(session, by=caller)
        return pb.RevokeSessionResponse()

    async def ListIdentities(
        self, request: pb.ListIdentitiesRequest, call: Call
    ) -> pb.ListIdentitiesResponse:
        """Answer with a page of the caller's identities, oldest first."""
        caller = person_of(call)
        of = f"identities/{caller.person}"
        paging.place(of, request.page_token)
        found = {each.identity.id: each for each in await self._identities.all(caller)}
        page, token = paging.cut(
            list(found), of=of, size=request.page_size, after=request.page_token
        )
        return pb.ListIdentitiesResponse(
            identities=[_identity(found[id]) for id in page], next_page_token=token
        )

    async def LinkIdentity(
        self, request: pb.LinkIdentityRequest, call: Call
    ) -> pb.LinkIdentityResponse:
        """Let an identity sign the caller in, or say that it is not finished elsewhere."""
        caller = person_of(call)
        who = await self._vouching.either(
            request.handle,
            state=request.state,
            code=request.code,
            issuer=request.issuer,
            peer=call.peer,
        )
        if isinstance(who, Waits):
            return pb.LinkIdentityResponse(waiting=waiting(who))
        linked = await self._identities.link(who, caller=caller)
        return pb.LinkIdentityResponse(identity=_identity(linked))

    async def UnlinkIdentity(
        self, request: pb.UnlinkIdentityRequest, call: Call
    ) -> pb.UnlinkIdentityResponse:
        """Let an identity sign nobody in."""
        person_of(call)
        await self._identities.unlink(identity_id(request.name), request=call.request())
        return pb.UnlinkIdentityResponse()


def waiting(waits: Waits) -> auth_pb2.Waiting:
    """Return how long to wait as a message."""
    return auth_pb2.Waiting(pause=span_to_wire(timedelta(seconds=waits.pause_s)))


def person_of(call: Call) -> Principal:
    """Return who calls, if that is a person who signed in. Raises PermissionDenied."""
    if not call.principal.person:
        raise PermissionDenied(
            "Only a person who is signed in has a sign-in of their own.",
            fix="Sign in: axisor auth login.",
            permission=call.method.permission.name,
            method=call.method.path,
        )
    return call.principal


def _person(shown: Shown, *, codes: bool = False) -> pb.Person:
    person = shown.person
    return pb.Person(
        name=person_name(person.id),
        email=shown.email,
        title=shown.title,
        state=enum_to_wire(person.state),
        role=enum_to_wire(person.role),
        email_verified=person.verified_us is not None,
        second_factor=person.second_factor,
        recovery_code_count=len(person.recovery) if codes else 0,
        create_time=time_to_wire(from_us(person.created_us)),
        plan=person.plan,
    )


def _identity(linked: Linked) -> pb.Identity:
    identity = linked.identity
    return pb.Identity(
        name=identity_name(identity.id),
        provider=provider_name(linked.provider),
        issuer=identity.issuer,
        email=linked.email,
        create_time=time_to_wire(from_us(identity.linked_us)),
    )


def _session(session: Session, current: str, ends: datetime) -> pb.Session:
    return pb.Session(
        name=session_name(session.id),
        device=session.device_name,
        create_time=time_to_wire(from_us(session.opened_us)),
        last_use_time=time_to_wire(from_us(session.used_us)),
        expire_time=time_to_wire(ends),
        current=session.id == current,
    )
