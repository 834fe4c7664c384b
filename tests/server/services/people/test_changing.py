"""Passwords, second factors and people that are changed, and what ends with the change."""

from __future__ import annotations

import pytest
from tests.support.people import ADA, BOB, OTHER, PASSWORD, People, asked, begin
from tests.support.sessions import HERE, LAPTOP, PHONE

from axisor.errors import (
    FieldInvalid,
    PasswordRefused,
    PermissionDenied,
    PersonNotFound,
    PersonStateInvalid,
    ProofInvalid,
    RateLimited,
    SignInRefused,
)
from axisor.identity import PersonChanged
from axisor.model import Permission, PlatformRole
from axisor.states import PersonChange, PersonState
from axisor_server.services.people.signing_in import Challenge, Entered
from axisor_server.services.principals import Principal, owner

MINUTE = 60
ADMIN = Principal(
    name="people/admin",
    platform=Permission.READ | Permission.MANAGE_SECRETS | Permission.OPERATE | Permission.ADMIN,
    accounts={},
)


async def changes(people: People) -> list[PersonChange]:
    found = await people.entries("PersonChanged")
    return [entry.change for entry in found if isinstance(entry, PersonChanged)]


async def test_a_new_password_ends_every_other_session():
    people = await begin()
    await people.join()
    phone = await people.login(device=PHONE)
    assert isinstance(phone, Entered)
    caller = await people.enter()

    await people.house.changing.change(PASSWORD, OTHER, caller=caller)

    assert not await people.alive(phone.issued)
    assert [s.id for s in await people.sessions.of(caller.person)] == [caller.session]
    with pytest.raises(SignInRefused):
        await people.login(ADA, PASSWORD)
    assert isinstance(await people.login(ADA, OTHER), Entered)
    assert "password" in (await people.letters())[-1].subject


async def test_a_password_is_changed_only_by_who_knows_it():
    people = await begin()
    await people.join()
    caller = await people.enter()

    with pytest.raises(SignInRefused):
        await people.house.changing.change("not the one it is", OTHER, caller=caller)

    assert isinstance(await people.login(), Entered)


async def test_a_change_whose_answer_was_lost_may_be_repeated():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.house.changing.change(PASSWORD, OTHER, caller=caller)

    await people.house.changing.change(PASSWORD, OTHER, caller=caller)

    assert (await changes(people)).count(PersonChange.PASSWORD_CHANGED) == 1


@pytest.mark.parametrize("password", ["short", "qwerty123456", "ada@example.org"])
async def test_a_new_password_is_judged_like_the_first(password: str):
    people = await begin()
    await people.join()

    with pytest.raises(PasswordRefused):
        await people.house.changing.change(PASSWORD, password, caller=await people.enter())


async def test_a_letter_gives_a_new_password_and_ends_every_session():
    people = await begin()
    ada = await people.join(verified=False)
    caller = await people.enter()
    await people.house.changing.request_reset(ADA, peer=HERE)
    proof = (await people.letters())[-1].proof

    await people.house.changing.reset(proof, OTHER)

    assert await people.sessions.of(caller.person) == []
    with pytest.raises(SignInRefused):
        await people.login(ADA, PASSWORD)
    assert isinstance(await people.login(ADA, OTHER), Entered)
    assert (await people.house.administering.show(ada)).person.verified_us is not None
    with pytest.raises(ProofInvalid):
        await people.house.changing.reset(proof, PASSWORD)


async def test_such_a_letter_is_over_after_fifteen_minutes():
    people = await begin()
    await people.join()
    await people.house.changing.request_reset(ADA, peer=HERE)
    proof = (await people.letters())[-1].proof
    await people.wait(15 * MINUTE)

    with pytest.raises(ProofInvalid):
        await people.house.changing.reset(proof, OTHER)


async def test_a_refused_password_leaves_the_letter_good():
    people = await begin()
    await people.join()
    await people.house.changing.request_reset(ADA, peer=HERE)
    proof = (await people.letters())[-1].proof

    with pytest.raises(PasswordRefused):
        await people.house.changing.reset(proof, "short")

    await people.house.changing.reset(proof, OTHER)


async def test_a_new_password_by_letter_leaves_the_second_factor():
    people = await begin()
    await people.join()
    await people.enrol(ADA, await people.enter())
    await people.house.changing.request_reset(ADA, peer=HERE)

    await people.house.changing.reset((await people.letters())[-1].proof, OTHER)

    assert isinstance(await people.login(ADA, OTHER), Challenge)


async def test_an_app_is_asked_for_only_after_it_showed_a_code():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.house.factors.enrol(caller=caller)

    assert isinstance(await people.login(), Entered)
    with pytest.raises(FieldInvalid):
        await people.house.factors.confirm("000000", caller=caller)
    assert isinstance(await people.login(), Entered)


async def test_enrolling_ends_other_sessions_and_is_told():
    people = await begin()
    await people.join()
    phone = await people.login(device=PHONE)
    assert isinstance(phone, Entered)

    await people.enrol(ADA, await people.enter(device=LAPTOP))

    assert not await people.alive(phone.issued)
    assert "second factor enrolled" in (await people.letters())[-1].subject
    assert await changes(people) == [
        PersonChange.EMAIL_VERIFIED,
        PersonChange.SECOND_FACTOR_ENROLLED,
    ]


async def test_a_second_app_is_not_enrolled_beside_the_first():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.enrol(ADA, caller)

    with pytest.raises(PersonStateInvalid):
        await people.house.factors.enrol(caller=caller)
    with pytest.raises(PersonStateInvalid):
        await people.house.factors.confirm(people.code(), caller=caller)


async def test_codes_are_guessed_slowly_while_enrolling():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.house.factors.enrol(caller=caller)
    for _ in range(5):
        with pytest.raises(FieldInvalid):
            await people.house.factors.confirm("000000", caller=caller)

    with pytest.raises(RateLimited):
        await people.house.factors.confirm("000000", caller=caller)


async def test_without_the_second_factor_the_password_lets_in_again():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.enrol(ADA, caller)

    await people.house.factors.disable(request=asked(caller))

    assert isinstance(await people.login(), Entered)
    with pytest.raises(PersonStateInvalid):
        await people.house.factors.disable(request=asked(caller))
    with pytest.raises(PersonStateInvalid):
        await people.house.factors.renew(caller=caller)


async def test_new_recovery_codes_end_the_old_ones():
    people = await begin()
    await people.join()
    caller = await people.enter()
    old = await people.enrol(ADA, caller)

    new = await people.house.factors.renew(caller=caller)

    assert not set(old) & set(new)
    challenge = await people.login()
    assert isinstance(challenge, Challenge)
    with pytest.raises(SignInRefused):
        await people.house.signing_in.answer(challenge.text, old[0], device=LAPTOP, peer=HERE)
    await people.house.signing_in.answer(challenge.text, new[0], device=LAPTOP, peer=HERE)


async def test_neither_secret_nor_codes_are_kept_in_clear():
    people = await begin()
    await people.join()
    caller = await people.enter()
    secret, address = await people.house.factors.enrol(caller=caller)

    (record,) = await people.store.read(lambda view: view.documents("person"))

    assert secret.reveal().encode() not in record.body
    assert secret.reveal() not in repr((secret, address))


async def test_a_disabled_person_is_out_until_enabled():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    entered = await people.login(BOB)
    assert isinstance(entered, Entered)
    administering = people.house.administering

    shown = await administering.disable(bob, request=asked(ADMIN))

    assert shown.person.state is PersonState.DISABLED
    assert not await people.alive(entered.issued)
    with pytest.raises(SignInRefused):
        await people.login(BOB)
    await administering.enable(bob, request=asked(ADMIN))
    assert isinstance(await people.login(BOB), Entered)


async def test_an_answer_by_code_does_not_let_in_who_was_disabled_meanwhile():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    await people.enrol(BOB, await people.enter(BOB))
    await people.wait(MINUTE)
    challenge = await people.login(BOB)
    assert isinstance(challenge, Challenge)

    await people.house.administering.disable(bob, request=asked(ADMIN))

    with pytest.raises(ProofInvalid):
        await people.house.signing_in.answer(
            challenge.text, people.code(BOB), device=LAPTOP, peer=HERE
        )


async def test_the_same_request_acts_once_and_says_the_same():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    request = asked(ADMIN)

    first = await people.house.administering.disable(bob, request=request)
    second = await people.house.administering.disable(bob, request=request)

    assert first == second
    assert (await changes(people)).count(PersonChange.DISABLED) == 1


async def test_an_erased_person_leaves_an_id_and_nothing_that_tells_who_it_was():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    caller = await people.enter(BOB)
    await people.enrol(BOB, caller)
    await people.signs.token(caller, "read_only=true")
    await people.house.changing.request_reset(BOB, peer=HERE)
    await people.letters()
    administering = people.house.administering

    shown = await administering.erase(bob, request=asked(ADMIN))

    assert (shown.person.state, shown.email, shown.title) == (PersonState.ERASED, "", "")
    owned = {
        kind: await people.store.read(lambda view, k=kind: view.documents(k, owner=bob))  # type: ignore[misc]
        for kind in ("personal_key", "session", "device", "proof", "api_token")
    }
    assert {kind: len(found) for kind, found in owned.items()} == dict.fromkeys(owned, 0)
    with pytest.raises(SignInRefused):
        await people.login(BOB)
    with pytest.raises(PersonStateInvalid):
        await administering.enable(bob, request=asked(ADMIN))


async def test_an_erased_address_may_register_anew_as_somebody_else():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    await people.house.administering.erase(bob, request=asked(ADMIN))

    again = await people.join(BOB)

    assert again != bob


@pytest.mark.parametrize("verb", ["disable", "erase"])
async def test_the_last_who_owns_the_platform_stays(verb: str):
    people = await begin()
    ada = await people.join(ADA)
    await people.join(BOB)

    with pytest.raises(PersonStateInvalid):
        await getattr(people.house.administering, verb)(ada, request=asked(owner()))

    await people.join("eve@example.org", role=PlatformRole.OWNER)
    await getattr(people.house.administering, verb)(ada, request=asked(owner()))


async def test_an_administrator_cannot_touch_who_holds_more():
    people = await begin()
    ada = await people.join(ADA)

    with pytest.raises(PermissionDenied):
        await people.house.administering.disable(ada, request=asked(ADMIN))


async def test_whoever_is_not_there_is_not_found():
    people = await begin()

    with pytest.raises(PersonNotFound):
        await people.house.administering.disable("x", request=asked(ADMIN))
