"""Calls by which people come in, and calls about people.

What they carry is secret: it is not kept by the core, and these calls are not repeated by
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from axisor.client.calls import Caller, Page, new_request_id
from axisor.model import PlatformRole
from axisor.ports import Secret
from axisor.v1 import auth_pb2, users_pb2
from axisor.v1.auth_pb2_grpc import AuthServiceStub
from axisor.v1.users_pb2_grpc import UserServiceStub
from axisor.wire.names import identity_name, person_name, provider_name, session_name
from axisor.wire.people import (
    Challenge,
    Elsewhere,
    External,
    Identity,
    Invitation,
    Person,
    Provider,
    Session,
    SignedIn,
    Waiting,
    challenge_from_wire,
    elsewhere_from_wire,
    external_from_wire,
    identity_from_wire,
    person_from_wire,
    provider_from_wire,
    session_from_wire,
    signed_in_from_wire,
    waiting_from_wire,
)
from axisor.wire.scalars import enum_to_wire, time_or_none


class Auth:
    """The methods of AuthService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = AuthServiceStub(caller.channel)

    async def register(
        self, email: str, password: Secret, *, title: str = "", invitation: Secret | None = None
    ) -> None:
        """Register. Raises RegistrationClosed, ProofInvalid, PasswordRefused, RateLimited."""
        request = auth_pb2.RegisterRequest(
            email=email,
            password=password.reveal(),
            title=title,
            invitation="" if invitation is None else invitation.reveal(),
        )
        await self._call.once(self._stub.Register, request)

    async def login(
        self, email: str, password: Secret, *, device: str = "", device_key: Secret | None = None
    ) -> SignedIn | Challenge:
        """Sign in, or get a challenge. Raises SignInRefused, EmailUnverified, RateLimited."""
        request = auth_pb2.LoginRequest(
            email=email,
            password=password.reveal(),
            device=device,
            device_key="" if device_key is None else device_key.reveal(),
        )
        answer = await self._call.once(self._stub.Login, request)
        if answer.WhichOneof("outcome") == "challenge":
            return challenge_from_wire(answer.challenge)
        return signed_in_from_wire(answer.signed_in)

    async def answer(
        self, challenge: Challenge, code: Secret, *, device_key: Secret | None = None
    ) -> SignedIn:
        """Finish a sign-in by a second factor. Raises SignInRefused, ProofInvalid, RateLimited."""
        request = auth_pb2.AnswerChallengeRequest(
            challenge=challenge.challenge.reveal(),
            code=code.reveal(),
            device_key="" if device_key is None else device_key.reveal(),
        )
        answer = await self._call.once(self._stub.AnswerChallenge, request)
        return signed_in_from_wire(answer.signed_in)

    async def refresh(self, refresh: Secret, *, device_key: Secret | None = None) -> SignedIn:
        """Get the next pair of tokens. Raises TokenInvalid, SessionOver."""
        request = auth_pb2.RefreshRequest(
            refresh_token=refresh.reveal(),
            device_key="" if device_key is None else device_key.reveal(),
        )
        answer = await self._call.once(self._stub.Refresh, request)
        return signed_in_from_wire(answer.signed_in)

    async def logout(self, *, request_id: str | None = None) -> None:
        """End this session."""
        request = auth_pb2.LogoutRequest(request_id=request_id or new_request_id())
        await self._call.unary(self._stub.Logout, request, of_account=False)

    async def step_up(self, password: Secret, code: Secret | None = None) -> Secret:
        """Prove once more who calls, and get an access token that says so.

        Raises SignInRefused, RateLimited.
        """
        request = auth_pb2.StepUpRequest(
            password=password.reveal(), code="" if code is None else code.reveal()
        )
        answer = await self._call.once(self._stub.StepUp, request)
        return Secret(answer.access_token)

    async def request_reset(self, email: str) -> None:
        """Have a letter sent with which a password can be chosen. Raises RateLimited."""
        request = auth_pb2.RequestPasswordResetRequest(email=email)
        await self._call.once(self._stub.RequestPasswordReset, request)

    async def reset(self, proof: Secret, password: Secret) -> None:
        """Choose a password by letter. Raises ProofInvalid, PasswordRefused."""
        request = auth_pb2.ResetPasswordRequest(proof=proof.reveal(), password=password.reveal())
        await self._call.once(self._stub.ResetPassword, request)

    async def request_verification(self, email: str) -> None:
        """Have a letter sent with which an address is verified. Raises RateLimited."""
        request = auth_pb2.RequestEmailVerificationRequest(email=email)
        await self._call.once(self._stub.RequestEmailVerification, request)

    async def verify_email(self, proof: Secret) -> None:
        """Verify an address by letter. Raises ProofInvalid."""
        request = auth_pb2.VerifyEmailRequest(proof=proof.reveal())
        await self._call.once(self._stub.VerifyEmail, request)

    async def providers(self, *, page_size: int = 0, page_token: str = "") -> Page[Provider]:
        """Return who vouches for people here, by name."""
        request = auth_pb2.ListIdentityProvidersRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListIdentityProviders, request, of_account=False)
        return Page(tuple(map(provider_from_wire, answer.providers)), answer.next_page_token)

    async def begin_external(self, provider: str, redirect_uri: str) -> External:
        """Begin a sign-in at a provider, from where the browser comes back to `redirect_uri`.

        Raises FieldInvalid, ProviderUnavailable, RateLimited.
        """
        request = auth_pb2.BeginExternalSignInRequest(
            provider=provider_name(provider), redirect_uri=redirect_uri
        )
        return external_from_wire(await self._call.once(self._stub.BeginExternalSignIn, request))

    async def finish_external(
        self,
        begun: External,
        *,
        state: str,
        code: Secret,
        issuer: str = "",
        invitation: Secret | None = None,
        device: str = "",
        device_key: Secret | None = None,
    ) -> SignedIn | Challenge:
        """Finish it with what the browser brought back, or get a challenge.

        Raises IdentityRefused, IdentityNotLinked, SignInRefused, RegistrationClosed, ProofInvalid,
        ProviderUnavailable.
        """
        request = auth_pb2.FinishExternalSignInRequest(
            handle=begun.handle.reveal(),
            state=state,
            code=code.reveal(),
            issuer=issuer,
            invitation=_shown(invitation),
            device=device,
            device_key=_shown(device_key),
        )
        answer = await self._call.once(self._stub.FinishExternalSignIn, request)
        if answer.WhichOneof("outcome") == "challenge":
            return challenge_from_wire(answer.challenge)
        return signed_in_from_wire(answer.signed_in)

    async def begin_device(self, provider: str) -> Elsewhere:
        """Begin a sign-in that is finished on another device.

        Raises FieldInvalid, ProviderUnavailable, RateLimited.
        """
        request = auth_pb2.BeginDeviceSignInRequest(provider=provider_name(provider))
        return elsewhere_from_wire(await self._call.once(self._stub.BeginDeviceSignIn, request))

    async def poll_device(
        self,
        begun: Elsewhere,
        *,
        invitation: Secret | None = None,
        device: str = "",
        device_key: Secret | None = None,
    ) -> SignedIn | Challenge | Waiting:
        """Ask whether it was finished there. Raises as `finish_external` does."""
        request = auth_pb2.PollDeviceSignInRequest(
            handle=begun.handle.reveal(),
            invitation=_shown(invitation),
            device=device,
            device_key=_shown(device_key),
        )
        answer = await self._call.once(self._stub.PollDeviceSignIn, request)
        outcome = answer.WhichOneof("outcome")
        if outcome == "waiting":
            return waiting_from_wire(answer.waiting)
        if outcome == "challenge":
            return challenge_from_wire(answer.challenge)
        return signed_in_from_wire(answer.signed_in)


class Users:
    """The methods of UserService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = UserServiceStub(caller.channel)

    async def me(self) -> Person:
        """Return who calls."""
        answer = await self._call.unary(
            self._stub.GetMe, users_pb2.GetMeRequest(), of_account=False
        )
        return person_from_wire(answer.person)

    async def list(self, *, page_size: int = 0, page_token: str = "") -> Page[Person]:
        """Return people, oldest first."""
        request = users_pb2.ListUsersRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListUsers, request, of_account=False)
        return Page(tuple(map(person_from_wire, answer.people)), answer.next_page_token)

    async def invite(
        self, email: str, *, role: PlatformRole = PlatformRole.NONE, silent: bool = False
    ) -> Invitation:
        """Invite somebody, by letter unless it is to be silent. Raises PermissionDenied."""
        request = users_pb2.InviteUserRequest(email=email, role=enum_to_wire(role), silent=silent)
        answer = await self._call.once(self._stub.InviteUser, request)
        return Invitation(
            proof=Secret(answer.invitation), until=time_or_none(answer, "expire_time")
        )

    async def change_role(
        self, person: str, role: PlatformRole, *, request_id: str | None = None
    ) -> Person:
        """Give a person another role on the platform, or none.

        Raises PersonNotFound, PersonStateInvalid for the last owner, PermissionDenied.
        """
        request = users_pb2.ChangeRoleRequest(
            name=person_name(person),
            role=enum_to_wire(role),
            request_id=request_id or new_request_id(),
        )
        answer = await self._call.unary(self._stub.ChangeRole, request, of_account=False)
        return person_from_wire(answer.person)

    async def change_plan(self, person: str, plan: str, *, request_id: str | None = None) -> Person:
        """Put a person on a plan of the settings, or on none with an empty text.

        Raises PersonNotFound, PersonStateInvalid, PlanNotFound, PermissionDenied.
        """
        request = users_pb2.ChangePlanRequest(
            name=person_name(person), plan=plan, request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.ChangePlan, request, of_account=False)
        return person_from_wire(answer.person)

    async def disable(self, person: str, *, request_id: str | None = None) -> Person:
        """Keep a person out. Raises PersonNotFound, PersonStateInvalid."""
        request = users_pb2.DisableUserRequest(
            name=person_name(person), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.DisableUser, request, of_account=False)
        return person_from_wire(answer.person)

    async def enable(self, person: str, *, request_id: str | None = None) -> Person:
        """Let a person in again. Raises PersonNotFound, PersonStateInvalid."""
        request = users_pb2.EnableUserRequest(
            name=person_name(person), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.EnableUser, request, of_account=False)
        return person_from_wire(answer.person)

    async def erase(self, person: str, *, request_id: str | None = None) -> Person:
        """Erase a person for ever. Raises PersonNotFound, PersonStateInvalid."""
        request = users_pb2.EraseUserRequest(
            name=person_name(person), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.EraseUser, request, of_account=False)
        return person_from_wire(answer.person)

    async def change_password(self, current: Secret, password: Secret) -> None:
        """Choose another password. Raises SignInRefused, PasswordRefused, RateLimited."""
        request = users_pb2.ChangePasswordRequest(
            current_password=current.reveal(), password=password.reveal()
        )
        await self._call.once(self._stub.ChangePassword, request)

    async def change_email(self, email: str) -> None:
        """Have a letter sent to a new address, by which it becomes the one."""
        request = users_pb2.ChangeEmailRequest(email=email)
        await self._call.once(self._stub.ChangeEmail, request)

    async def enrol_totp(self) -> tuple[Secret, Secret]:
        """Return the secret for an authenticator app, and its `otpauth` address.

        Raises PersonStateInvalid.
        """
        answer = await self._call.once(self._stub.EnrolTotp, users_pb2.EnrolTotpRequest())
        return Secret(answer.secret), Secret(answer.address)

    async def confirm_totp(self, code: Secret) -> Sequence[Secret]:
        """Enrol the app by a code it shows, and return recovery codes.

        Raises FieldInvalid, PersonStateInvalid, RateLimited.
        """
        request = users_pb2.ConfirmTotpRequest(code=code.reveal())
        answer = await self._call.once(self._stub.ConfirmTotp, request)
        return tuple(map(Secret, answer.recovery_codes))

    async def disable_totp(self, *, request_id: str | None = None) -> Person:
        """Take the second factor away. Raises PersonStateInvalid."""
        request = users_pb2.DisableTotpRequest(request_id=request_id or new_request_id())
        answer = await self._call.unary(self._stub.DisableTotp, request, of_account=False)
        return person_from_wire(answer.person)

    async def renew_recovery_codes(self) -> Sequence[Secret]:
        """Return new recovery codes; the ones before are over. Raises PersonStateInvalid."""
        request = users_pb2.RegenerateRecoveryCodesRequest()
        answer = await self._call.once(self._stub.RegenerateRecoveryCodes, request)
        return tuple(map(Secret, answer.recovery_codes))

    async def sessions(self, *, page_size: int = 0, page_token: str = "") -> Page[Session]:
        """Return one's own sessions, oldest first."""
        request = users_pb2.ListSessionsRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListSessions, request, of_account=False)
        return Page(tuple(map(session_from_wire, answer.sessions)), answer.next_page_token)

    async def revoke_session(self, session: str, *, request_id: str | None = None) -> None:
        """End a session of one's own; `-` is all but this one."""
        request = users_pb2.RevokeSessionRequest(
            name=session_name(session), request_id=request_id or new_request_id()
        )
        await self._call.unary(self._stub.RevokeSession, request, of_account=False)

    async def identities(self, *, page_size: int = 0, page_token: str = "") -> Page[Identity]:
        """Return the identities that sign one in, oldest first."""
        request = users_pb2.ListIdentitiesRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListIdentities, request, of_account=False)
        return Page(tuple(map(identity_from_wire, answer.identities)), answer.next_page_token)

    async def link_identity(
        self, begun: External, *, state: str, code: Secret, issuer: str = ""
    ) -> Identity:
        """Let an identity sign one in from now on, by what the browser brought back.

        Raises IdentityRefused, PersonStateInvalid, ProofInvalid, ProviderUnavailable.
        """
        request = users_pb2.LinkIdentityRequest(
            handle=begun.handle.reveal(), state=state, code=code.reveal(), issuer=issuer
        )
        answer = await self._call.once(self._stub.LinkIdentity, request)
        return identity_from_wire(answer.identity)

    async def link_elsewhere(self, begun: Elsewhere) -> Identity | Waiting:
        """Let an identity sign one in, once another device was used. Raises as `link_identity`."""
        request = users_pb2.LinkIdentityRequest(handle=begun.handle.reveal())
        answer = await self._call.once(self._stub.LinkIdentity, request)
        if answer.WhichOneof("outcome") == "waiting":
            return waiting_from_wire(answer.waiting)
        return identity_from_wire(answer.identity)

    async def unlink_identity(self, identity: str, *, request_id: str | None = None) -> None:
        """Let an identity sign nobody in any more. Raises PersonStateInvalid."""
        request = users_pb2.UnlinkIdentityRequest(
            name=identity_name(identity), request_id=request_id or new_request_id()
        )
        await self._call.unary(self._stub.UnlinkIdentity, request, of_account=False)


def _shown(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
