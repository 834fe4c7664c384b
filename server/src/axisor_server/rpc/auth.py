"""AuthService."""

from __future__ import annotations

from datetime import timedelta

from axisor.v1 import auth_pb2 as pb
from axisor.wire.names import person_name, provider_id, provider_name, session_name
from axisor.wire.scalars import span_to_wire, time_to_wire
from axisor_server.domain.sessions import Device
from axisor_server.rpc.calls import Call
from axisor_server.rpc.users import person_of, waiting
from axisor_server.services import paging
from axisor_server.services.people.changing import Changing
from axisor_server.services.people.identities import Identities
from axisor_server.services.people.registering import Registering
from axisor_server.services.people.signing_in import Challenge, Entered, SigningIn
from axisor_server.services.people.vouching import Vouching, Waits
from axisor_server.services.sessions import Issued, Sessions


class AuthServicer:
    """Lets people in."""

    def __init__(
        self,
        *,
        registering: Registering,
        signing_in: SigningIn,
        changing: Changing,
        vouching: Vouching,
        identities: Identities,
        sessions: Sessions,
    ) -> None:
        self._registering = registering
        self._signing_in = signing_in
        self._changing = changing
        self._vouching = vouching
        self._identities = identities
        self._sessions = sessions

    async def Register(self, request: pb.RegisterRequest, call: Call) -> pb.RegisterResponse:
        """Make a person."""
        await self._registering.register(
            request.email,
            request.password,
            title=request.title,
            invitation=request.invitation,
            peer=call.peer,
        )
        return pb.RegisterResponse()

    async def Login(self, request: pb.LoginRequest, call: Call) -> pb.LoginResponse:
        """Let a person in, or ask for the second factor."""
        device = Device(key=request.device_key, name=request.device)
        outcome = await self._signing_in.login(
            request.email, request.password, device=device, peer=call.peer
        )
        if isinstance(outcome, Challenge):
            return pb.LoginResponse(challenge=_challenge(outcome))
        return pb.LoginResponse(signed_in=_entered(outcome))

    async def AnswerChallenge(
        self, request: pb.AnswerChallengeRequest, call: Call
    ) -> pb.AnswerChallengeResponse:
        """Let a person in by their second factor."""
        entered = await self._signing_in.answer(
            request.challenge, request.code, device=Device(key=request.device_key), peer=call.peer
        )
        return pb.AnswerChallengeResponse(signed_in=_entered(entered))

    async def Refresh(self, request: pb.RefreshRequest, call: Call) -> pb.RefreshResponse:
        """Answer with the next pair of tokens."""
        issued = await self._sessions.refresh(request.refresh_token, Device(key=request.device_key))
        return pb.RefreshResponse(signed_in=signed_in(issued, ""))

    async def Logout(self, request: pb.LogoutRequest, call: Call) -> pb.LogoutResponse:
        """End the caller's session."""
        caller = person_of(call)
        await self._sessions.revoke(caller.session, by=caller, cause="signed out")
        return pb.LogoutResponse()

    async def StepUp(self, request: pb.StepUpRequest, call: Call) -> pb.StepUpResponse:
        """Take note that the caller proved again who they are."""
        issued = await self._signing_in.step_up(person_of(call), request.password, request.code)
        return pb.StepUpResponse(
            access_token=issued.access.reveal(),
            access_expire_time=time_to_wire(issued.access_until),
        )

    async def RequestPasswordReset(
        self, request: pb.RequestPasswordResetRequest, call: Call
    ) -> pb.RequestPasswordResetResponse:
        """Have a letter sent, if there is such a person."""
        await self._changing.request_reset(request.email, peer=call.peer)
        return pb.RequestPasswordResetResponse()

    async def ResetPassword(
        self, request: pb.ResetPasswordRequest, call: Call
    ) -> pb.ResetPasswordResponse:
        """Choose a password by letter."""
        await self._changing.reset(request.proof, request.password)
        return pb.ResetPasswordResponse()

    async def RequestEmailVerification(
        self, request: pb.RequestEmailVerificationRequest, call: Call
    ) -> pb.RequestEmailVerificationResponse:
        """Have a letter sent, if there is something to verify."""
        await self._registering.request_verification(request.email, peer=call.peer)
        return pb.RequestEmailVerificationResponse()

    async def VerifyEmail(
        self, request: pb.VerifyEmailRequest, call: Call
    ) -> pb.VerifyEmailResponse:
        """Verify an address."""
        await self._registering.verify(request.proof)
        return pb.VerifyEmailResponse()

    async def ListIdentityProviders(
        self, request: pb.ListIdentityProvidersRequest, call: Call
    ) -> pb.ListIdentityProvidersResponse:
        """Answer with a page of who vouches for people, by name."""
        found = {each.name: each for each in self._vouching.providers}
        page, token = paging.cut(
            sorted(found), of="providers", size=request.page_size, after=request.page_token
        )
        providers = [
            pb.IdentityProvider(
                name=provider_name(name), issuer=found[name].issuer, devices=found[name].devices
            )
            for name in page
        ]
        return pb.ListIdentityProvidersResponse(providers=providers, next_page_token=token)

    async def BeginExternalSignIn(
        self, request: pb.BeginExternalSignInRequest, call: Call
    ) -> pb.BeginExternalSignInResponse:
        """Answer with where a browser is to be sent."""
        provider = provider_id(request.provider, "provider")
        begun = await self._vouching.begin(provider, request.redirect_uri, peer=call.peer)
        return pb.BeginExternalSignInResponse(
            handle=begun.handle,
            authorization_uri=begun.uri,
            expire_time=time_to_wire(begun.until),
        )

    async def FinishExternalSignIn(
        self, request: pb.FinishExternalSignInRequest, call: Call
    ) -> pb.FinishExternalSignInResponse:
        """Let a person in whom a provider vouches for, or ask for the second factor."""
        who = await self._vouching.finish(
            request.handle,
            state=request.state,
            code=request.code,
            issuer=request.issuer,
            peer=call.peer,
        )
        outcome = await self._identities.enter(
            who,
            invitation=request.invitation,
            device=Device(key=request.device_key, name=request.device),
            peer=call.peer,
        )
        if isinstance(outcome, Challenge):
            return pb.FinishExternalSignInResponse(challenge=_challenge(outcome))
        return pb.FinishExternalSignInResponse(signed_in=_entered(outcome))

    async def BeginDeviceSignIn(
        self, request: pb.BeginDeviceSignInRequest, call: Call
    ) -> pb.BeginDeviceSignInResponse:
        """Answer with what is typed on another device."""
        provider = provider_id(request.provider, "provider")
        begun = await self._vouching.begin_device(provider, peer=call.peer)
        return pb.BeginDeviceSignInResponse(
            handle=begun.handle,
            user_code=begun.code.typed,
            verification_uri=begun.code.uri,
            verification_uri_complete=begun.code.uri_complete,
            pause=span_to_wire(timedelta(seconds=begun.code.pause_s)),
            expire_time=time_to_wire(begun.until),
        )

    async def PollDeviceSignIn(
        self, request: pb.PollDeviceSignInRequest, call: Call
    ) -> pb.PollDeviceSignInResponse:
        """Let a person in who finished on another device, or say that they did not yet."""
        who = await self._vouching.poll(request.handle, peer=call.peer)
        if isinstance(who, Waits):
            return pb.PollDeviceSignInResponse(waiting=waiting(who))
        outcome = await self._identities.enter(
            who,
            invitation=request.invitation,
            device=Device(key=request.device_key, name=request.device),
            peer=call.peer,
        )
        if isinstance(outcome, Challenge):
            return pb.PollDeviceSignInResponse(challenge=_challenge(outcome))
        return pb.PollDeviceSignInResponse(signed_in=_entered(outcome))


def _challenge(challenge: Challenge) -> pb.Challenge:
    return pb.Challenge(challenge=challenge.text, expire_time=time_to_wire(challenge.until))


def _entered(entered: Entered) -> pb.SignedIn:
    return signed_in(entered.issued, entered.person)


def signed_in(issued: Issued, person: str) -> pb.SignedIn:
    """Return tokens as a message."""
    return pb.SignedIn(
        access_token=issued.access.reveal(),
        access_expire_time=time_to_wire(issued.access_until),
        refresh_token="" if issued.refresh is None else issued.refresh.reveal(),
        session=session_name(issued.session),
        person=person_name(person),
    )
