"""AuthService."""

from __future__ import annotations

from axisor.v1 import auth_pb2 as pb
from axisor.wire.names import person_name, session_name
from axisor.wire.scalars import time_to_wire
from axisor_server.domain.sessions import Device
from axisor_server.rpc.calls import Call
from axisor_server.rpc.users import person_of
from axisor_server.services.people.changing import Changing
from axisor_server.services.people.registering import Registering
from axisor_server.services.people.signing_in import Challenge, SigningIn
from axisor_server.services.sessions import Issued, Sessions


class AuthServicer:
    """Lets people in."""

    def __init__(
        self,
        *,
        registering: Registering,
        signing_in: SigningIn,
        changing: Changing,
        sessions: Sessions,
    ) -> None:
        self._registering = registering
        self._signing_in = signing_in
        self._changing = changing
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
            challenge = pb.Challenge(
                challenge=outcome.text, expire_time=time_to_wire(outcome.until)
            )
            return pb.LoginResponse(challenge=challenge)
        return pb.LoginResponse(signed_in=signed_in(outcome.issued, outcome.person))

    async def AnswerChallenge(
        self, request: pb.AnswerChallengeRequest, call: Call
    ) -> pb.AnswerChallengeResponse:
        """Let a person in by their second factor."""
        entered = await self._signing_in.answer(
            request.challenge, request.code, device=Device(key=request.device_key), peer=call.peer
        )
        return pb.AnswerChallengeResponse(signed_in=signed_in(entered.issued, entered.person))

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


def signed_in(issued: Issued, person: str) -> pb.SignedIn:
    """Return tokens as a message."""
    return pb.SignedIn(
        access_token=issued.access.reveal(),
        access_expire_time=time_to_wire(issued.access_until),
        refresh_token="" if issued.refresh is None else issued.refresh.reveal(),
        session=session_name(issued.session),
        person=person_name(person),
    )
