"""People through the wire: the client's calls against a served core."""

from __future__ import annotations

import asyncio

import pyotp
import pytest
from tests.server.rpc.serving import TOKEN, Served
from tests.support.people import PROOF

from axisor.client import Client, every
from axisor.errors import (
    AxisorError,
    PermissionDenied,
    ProofInvalid,
    RegistrationClosed,
    SessionOver,
    SignInRefused,
    StepUpRequired,
    TokenInvalid,
    Unauthenticated,
)
from axisor.model import PlatformRole
from axisor.ports import Secret
from axisor.states import PersonState
from axisor.wire.people import Challenge, SignedIn

ADA, PASSWORD = "ada@example.org", Secret("four words do quite well")
KEY = Secret("only this device knows it")


def client(core: Served, token: Secret | str | None = None) -> Client:
    """Return a client of the core, with whatever token."""
    return Client.connect(
        f"127.0.0.1:{core.port}", token=token, certificate=core.certificate, timeout_s=15
    )


async def proof(core: Served) -> Secret:
    """Deliver letters, and return what the last one lets its reader do."""
    await core.house.identity.people.letters.deliver()
    found = PROOF.search(core.box.letters[-1].text)
    assert found is not None
    return Secret(found[0])


async def join(core: Served, email: str = ADA) -> None:
    """Invite and register somebody."""
    async with client(core, TOKEN) as owner, client(core) as nobody:
        invitation = await owner.users.invite(email, silent=True)
        await nobody.auth.register(email, PASSWORD, title="Ada", invitation=invitation.proof)


async def enter(core: Served, email: str = ADA) -> SignedIn:
    """Sign somebody in who has no second factor."""
    async with client(core) as nobody:
        found = await nobody.auth.login(email, PASSWORD, device="laptop", device_key=KEY)
    assert isinstance(found, SignedIn)
    return found


async def test_the_first_person_registers_signs_in_and_sees_themselves(core: Served):
    await join(core)
    async with client(core) as nobody:
        await nobody.auth.verify_email(await proof(core))

    signed = await enter(core)

    async with client(core, signed.access) as ada:
        me = await ada.users.me()
        assert (me.name, me.email, me.title) == (signed.person, ADA, "Ada")
        assert (me.role, me.state) == (PlatformRole.OWNER, PersonState.ACTIVE)
        assert (me.email_verified, me.second_factor) == (True, False)
        assert [p.email for p in await every(lambda t: ada.users.list(page_token=t))] == [ADA]


async def test_nobody_registers_first_without_an_invitation(core: Served):
    async with client(core) as nobody:
        with pytest.raises(RegistrationClosed):
            await nobody.auth.register(ADA, PASSWORD)


async def test_what_takes_no_token_takes_a_wrong_one_too(core: Served):
    await join(core)

    async with client(core, "guessed") as stranger:
        with pytest.raises(SignInRefused) as refused:
            await stranger.auth.login(ADA, Secret("a wrong one altogether"))
        assert isinstance(await stranger.auth.login(ADA, PASSWORD), SignedIn)
    assert ADA not in str(refused.value)


async def test_a_second_factor_from_enrolling_to_a_recovery_code(core: Served):
    await join(core)
    signed = await enter(core)
    async with client(core, signed.access) as ada:
        secret, address = await ada.users.enrol_totp()
        assert secret.reveal() in address.reveal()
        app = pyotp.TOTP(secret.reveal())
        codes = await ada.users.confirm_totp(Secret(app.now()))
    assert len(codes) == 10

    async with client(core) as nobody:
        challenge = await nobody.auth.login(ADA, PASSWORD, device_key=KEY)
        assert isinstance(challenge, Challenge)
        with pytest.raises(SignInRefused):
            await nobody.auth.answer(challenge, Secret("000000"), device_key=KEY)
        again = await nobody.auth.answer(challenge, codes[0], device_key=KEY)
        with pytest.raises(ProofInvalid):
            await nobody.auth.answer(challenge, codes[1], device_key=KEY)
    async with client(core, again.access) as ada:
        me = await ada.users.me()
        assert (me.second_factor, me.recovery_codes) == (True, 9)
        assert not (await ada.users.disable_totp()).second_factor


async def test_tokens_are_refreshed_and_end_with_the_session(core: Served):
    await join(core)
    signed = await enter(core)
    assert signed.refresh is not None
    async with client(core) as nobody:
        after = await nobody.auth.refresh(signed.refresh, device_key=KEY)

    async with client(core, after.access) as ada:
        await ada.auth.logout()
        with pytest.raises(SessionOver):
            await ada.users.me()
    assert after.refresh is not None
    async with client(core) as nobody:
        with pytest.raises(AxisorError) as over:
            await nobody.auth.refresh(after.refresh, device_key=KEY)
    assert isinstance(over.value, (SessionOver, TokenInvalid))


async def test_a_refresh_token_never_works_as_an_access_token(core: Served):
    await join(core)
    signed = await enter(core)

    assert signed.refresh is not None
    async with client(core, signed.refresh) as stranger:
        with pytest.raises(TokenInvalid):
            await stranger.users.me()


async def test_sessions_are_listed_and_ended(core: Served):
    await join(core)
    first, second = await enter(core), await enter(core)

    async with client(core, second.access) as ada:
        found = await every(lambda t: ada.users.sessions(page_token=t))
        assert [(s.name, s.device, s.current) for s in found] == [
            (first.session, "laptop", False),
            (second.session, "laptop", True),
        ]
        await ada.users.revoke_session(first.session)
        assert len((await ada.users.sessions()).items) == 1
    async with client(core, first.access) as gone:
        with pytest.raises(SessionOver):
            await gone.users.me()


async def test_nobody_ends_the_session_of_somebody_else(core: Served):
    await join(core)
    await join(core, "eve@example.org")
    signed, other = await enter(core), await enter(core, "eve@example.org")

    async with client(core, other.access) as eve:
        await eve.users.revoke_session(signed.session)
        with pytest.raises(PermissionDenied):
            await eve.users.list()
    async with client(core, signed.access) as ada:
        assert (await ada.users.me()).email == ADA


async def test_a_password_is_changed_and_the_access_token_before_is_void(core: Served):
    await join(core)
    signed = await enter(core)
    other = Secret("four other words as good")
    async with client(core, signed.access) as ada:
        await ada.users.change_password(PASSWORD, other)
        with pytest.raises(SessionOver):
            await ada.users.me()

    assert signed.refresh is not None
    async with client(core) as nobody:
        await nobody.auth.refresh(signed.refresh, device_key=KEY)
        with pytest.raises(SignInRefused):
            await nobody.auth.login(ADA, PASSWORD)


async def test_an_old_proof_must_be_given_again(core: Served, monkeypatch: pytest.MonkeyPatch):
    await join(core)
    signed = await enter(core)
    monkeypatch.setattr("axisor_server.rpc.admitting.STEP_UP_US", -1)
    async with client(core, signed.access) as ada:
        with pytest.raises(StepUpRequired):
            await ada.users.enrol_totp()
        monkeypatch.undo()
        fresh = await ada.auth.step_up(PASSWORD)
    async with client(core, fresh) as ada:
        await ada.users.enrol_totp()


async def test_the_owner_token_has_no_sign_in_of_its_own(core: Served):
    async with client(core, TOKEN) as owner:
        for call in (
            owner.users.me(),
            owner.users.sessions(),
            owner.users.enrol_totp(),
            owner.users.change_email(ADA),
            owner.auth.step_up(PASSWORD),
            owner.auth.logout(),
        ):
            with pytest.raises(PermissionDenied):
                await call


async def test_administrators_disable_enable_and_erase(core: Served):
    await join(core)
    await join(core, "eve@example.org")
    eve = await enter(core, "eve@example.org")
    ada = await enter(core)
    async with client(core, ada.access) as admin, client(core, eve.access) as her:
        assert (await admin.users.disable(eve.person)).state is PersonState.DISABLED
        with pytest.raises((SessionOver, TokenInvalid)):
            await her.users.me()
        assert (await admin.users.enable(eve.person)).state is PersonState.ACTIVE
        gone = await admin.users.erase(eve.person)
    assert (gone.state, gone.email, gone.name) == (PersonState.ERASED, "", eve.person)


async def test_a_forgotten_password_is_chosen_anew_by_letter(core: Served):
    await join(core)
    other = Secret("four other words as good")
    async with client(core) as nobody:
        await nobody.auth.request_reset(ADA)
        await nobody.auth.reset(await proof(core), other)
        assert isinstance(await nobody.auth.login(ADA, other), SignedIn)
        await nobody.auth.request_reset("nobody@example.org")
        await nobody.auth.request_verification(ADA)


async def test_without_a_token_only_what_lets_in_is_answered(core: Served):
    async with client(core) as nobody:
        for call in (nobody.users.me(), nobody.users.list(), nobody.auth.logout()):
            with pytest.raises(Unauthenticated):
                await call


async def test_many_sign_ins_at_once_all_get_in(core: Served):
    await join(core)

    signed = await asyncio.gather(*(enter(core) for _ in range(4)))

    assert len({each.session for each in signed}) == 4
