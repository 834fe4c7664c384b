"""Identities: whom they sign in, whom they make, and how they are linked and unlinked."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.server.services.people.vouched import Place, closed, place
from tests.support.people import ADA as ADA_EMAIL
from tests.support.people import BOB as BOB_EMAIL
from tests.support.people import OTHER, asked
from tests.support.provider import ADA, BOB
from tests.support.sessions import HERE, LAPTOP, PHONE

from axisor.errors import (
    IdentityNotLinked,
    PersonStateInvalid,
    ProofInvalid,
    RegistrationClosed,
    SignInRefused,
)
from axisor.identity import PersonChanged, PersonRegistered, SessionOpened, SignInFailed
from axisor.model import PlatformRole
from axisor_server.domain.identities import KIND
from axisor_server.services.people.signing_in import Challenge, Entered
from axisor_server.services.principals import Principal, owner

__all__ = ["closed", "place"]

MINUTE = 60


async def entered(place: Place, *args: object, **options: object) -> Entered:
    """Sign in by the provider without being asked for anything more."""
    found = await place.enter(*args, **options)  # type: ignore[arg-type]
    assert isinstance(found, Entered)
    return found


async def caller(place: Place, found: Entered) -> Principal:
    """Return who signed in, as calls know them."""
    return place.people.caller(found.person, found.issued)


async def invited(place: Place, email: str, role: PlatformRole = PlatformRole.NONE) -> str:
    """Invite somebody."""
    registering = place.people.house.registering
    return (await registering.invite(email, role, silent=True, caller=owner())).text


async def test_the_first_person_owns_the_platform_and_takes_an_invitation(closed: Place):
    with pytest.raises(RegistrationClosed):
        await closed.enter(ADA)

    found = await entered(closed, ADA, invitation=await invited(closed, "ada@example.org"))

    shown = await closed.people.house.administering.show(found.person)
    assert (shown.email, shown.title, shown.person.role) == (
        "ada@example.org",
        "Ada L.",
        PlatformRole.OWNER,
    )
    assert shown.person.verified_us is not None
    assert shown.person.password == ""
    (registered,) = await closed.people.entries("PersonRegistered")
    assert isinstance(registered, PersonRegistered)
    assert registered.joined == "first"


async def test_somebody_new_takes_an_invitation_for_the_address_that_is_vouched_for(closed: Place):
    await closed.people.join(ADA_EMAIL)
    with pytest.raises(RegistrationClosed):
        await closed.enter(BOB)
    with pytest.raises(ProofInvalid):
        await closed.enter(BOB, invitation=await invited(closed, "other@example.org"))

    invitation = await invited(closed, BOB.email, PlatformRole.SUPPORT)
    found = await entered(closed, BOB, invitation=invitation)

    shown = await closed.people.house.administering.show(found.person)
    assert (shown.person.role, shown.person.joined.value) == (PlatformRole.SUPPORT, "invited")
    with pytest.raises(ProofInvalid):  # once
        await closed.enter(
            msgspec.structs.replace(BOB, subject="another", email="new@example.org"),
            invitation=invitation,
        )


async def test_an_open_core_takes_whom_a_provider_vouches_for(place: Place):
    with pytest.raises(RegistrationClosed):  # but nobody owns it by coming first
        await place.enter(BOB)
    await place.people.join(ADA_EMAIL)

    found = await entered(place, BOB)

    shown = await place.people.house.administering.show(found.person)
    assert (shown.person.role, shown.person.joined.value) == (PlatformRole.NONE, "provider")


async def test_the_same_identity_is_the_same_person_whatever_its_address(place: Place):
    await place.people.join(ADA_EMAIL)
    first = await entered(place, BOB)

    again = await entered(place, msgspec.structs.replace(BOB, email="moved@example.org"))

    assert again.person == first.person
    assert len(await place.people.house.administering.all()) == 2


async def test_of_several_first_sign_ins_at_once_one_makes_the_person(place: Place):
    await place.people.join(ADA_EMAIL)
    who = await place.vouched(BOB)
    enter = [place.identities.enter(who, invitation="", device=LAPTOP, peer=HERE) for _ in range(4)]

    found = await asyncio.gather(*enter)

    assert len({each.person for each in found if isinstance(each, Entered)}) == 1
    assert len(await place.people.entries("PersonRegistered")) == 2


async def test_a_session_says_how_its_person_came(place: Place):
    await place.people.join(ADA_EMAIL)
    found = await entered(place, BOB, device=PHONE)

    opened = [
        e for e in await place.people.entries("SessionOpened") if isinstance(e, SessionOpened)
    ]
    assert opened[-1].amr == "fed"
    (session,) = await place.people.sessions.of(found.person)
    assert session.device_name == "phone"


async def test_a_proof_that_the_provider_had_long_ago_is_no_fresh_one_here(place: Place):
    await place.people.join(ADA_EMAIL)
    now = int(place.people.clock.now().timestamp())
    place.there.bend = lambda claims: {**claims, "auth_time": now - 3_600}

    found = await entered(place, BOB)

    (session,) = await place.people.sessions.of(found.person)
    assert session.authenticated_us == (now - 3_600) * 1_000_000


async def test_an_address_of_somebody_here_signs_nobody_in(place: Place):
    # Somebody registered with the address first, and waits for its reader to come by a provider.
    ada = await place.people.join(ADA_EMAIL, password=OTHER, verified=False)

    with pytest.raises(IdentityNotLinked) as error:
        await place.enter(ADA)

    assert error.value.metadata == {"provider": "test"}
    assert await place.people.sessions.of(ada) == []
    assert not await place.people.store.read(lambda view: view.documents(KIND))
    (failed,) = await place.people.entries("SignInFailed")
    assert isinstance(failed, SignInFailed)
    assert (failed.person, failed.cause) == (f"people/{ada}", "provider: not linked")
    assert ADA_EMAIL not in str(failed)


async def test_an_invitation_does_not_join_an_address_to_whoever_has_it(closed: Place):
    await closed.people.join(ADA_EMAIL)

    with pytest.raises(IdentityNotLinked):
        await closed.enter(ADA, invitation=await invited(closed, ADA_EMAIL))


async def test_whoever_is_signed_in_links_an_identity_and_signs_in_by_it(place: Place):
    ada = await place.people.join(ADA_EMAIL)
    me = await place.people.enter()

    linked = await place.identities.link(await place.vouched(ADA), caller=me)

    assert (linked.provider, linked.email) == ("test", "ada@example.org")
    assert (await entered(place, ADA)).person == ada
    changed = [
        e for e in await place.people.entries("PersonChanged") if isinstance(e, PersonChanged)
    ]
    assert changed[-1].change.value == "identity_linked"
    assert "identity linked" in (await place.people.letters())[-1].text


async def test_identities_of_several_providers_sign_the_same_person_in(place: Place):
    ada = await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    other = msgspec.structs.replace(BOB, email="work@example.org")
    await place.identities.link(await place.vouched(ADA), caller=me)
    await place.people.wait(1)
    await place.identities.link(await place.vouched(other, "hub"), caller=me)

    shown = await place.identities.all(me)

    assert [(each.provider, each.email) for each in shown] == [
        ("test", "ada@example.org"),
        ("hub", "work@example.org"),
    ]
    assert (await entered(place, other, name="hub")).person == ada


async def test_the_same_number_at_another_provider_is_another_identity(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    await place.identities.link(await place.vouched(ADA, "hub"), caller=me)

    stranger = msgspec.structs.replace(BOB, subject=str(ADA.number))
    found = await entered(place, stranger)

    assert found.person != me.person


async def test_linking_again_changes_nothing(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    await place.identities.link(await place.vouched(ADA), caller=me)
    before = await place.people.journal()

    await place.identities.link(await place.vouched(ADA), caller=me)

    assert await place.people.journal() == before


async def test_an_identity_signs_one_person_in(place: Place):
    await place.people.join(ADA_EMAIL)
    await entered(place, BOB)
    me = await place.people.enter()

    with pytest.raises(PersonStateInvalid):
        await place.identities.link(await place.vouched(BOB), caller=me)


async def test_ten_identities_are_enough(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    who = await place.vouched(ADA)
    for turn in range(10):
        each = msgspec.structs.replace(who, subject=f"s{turn}")
        await place.identities.link(each, caller=me)

    with pytest.raises(PersonStateInvalid):
        await place.identities.link(who, caller=me)


async def test_a_second_factor_is_asked_for_all_the_same(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    await place.identities.link(await place.vouched(ADA), caller=me)
    await place.people.enrol(ADA_EMAIL, me)
    await place.people.wait(MINUTE)

    challenge = await place.enter(ADA, device=PHONE)

    assert isinstance(challenge, Challenge)
    found = await place.people.house.signing_in.answer(
        challenge.text, place.people.code(ADA_EMAIL), device=PHONE, peer=HERE
    )
    sessions = await place.people.sessions.of(found.person)
    (session,) = [each for each in sessions if each.device_name == "phone"]
    assert session.amr == ("fed", "otp")


async def test_a_disabled_person_is_kept_out(place: Place):
    await place.people.join(ADA_EMAIL)
    bob = (await entered(place, BOB)).person
    await place.people.house.administering.disable(bob, request=asked(owner()))

    with pytest.raises(SignInRefused):
        await place.enter(BOB)

    failed = [e for e in await place.people.entries("SignInFailed") if isinstance(e, SignInFailed)]
    assert (failed[-1].person, failed[-1].cause) == (f"people/{bob}", "disabled")


async def test_nothing_is_left_of_the_identities_of_an_erased_person(place: Place):
    await place.people.join(ADA_EMAIL)
    bob = (await entered(place, BOB)).person
    await place.people.house.administering.erase(bob, request=asked(owner()))
    assert not await place.people.store.read(lambda view: view.documents(KIND))

    again = await entered(place, BOB)

    assert again.person != bob


async def test_an_identity_that_was_unlinked_signs_nobody_in_and_other_sessions_end(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await place.people.enter()
    linked = await place.identities.link(await place.vouched(ADA), caller=me)
    by_it = await entered(place, ADA, device=PHONE)
    request = asked(me)

    for _ in range(2):  # a repeat changes nothing
        await place.identities.unlink(linked.identity.id, request=request)

    assert await place.identities.all(me) == []
    assert not await place.people.alive(by_it.issued)
    with pytest.raises(IdentityNotLinked):
        await place.enter(ADA)
    assert "identity unlinked" in (await place.people.letters())[-1].text


async def test_the_last_way_in_stays(place: Place):
    await place.people.join(ADA_EMAIL)
    me = await caller(place, await entered(place, BOB))
    (only,) = await place.identities.all(me)

    with pytest.raises(PersonStateInvalid):
        await place.identities.unlink(only.identity.id, request=asked(me))

    # Another identity is another way in, and so is a password.
    other = await place.vouched(msgspec.structs.replace(BOB, number=9), "hub")
    await place.identities.link(other, caller=me)
    await place.identities.unlink(only.identity.id, request=asked(me))
    (left,) = await place.identities.all(me)
    await place.people.house.changing.request_reset(BOB_EMAIL, peer=HERE)
    proof = (await place.people.letters())[-1].proof
    await place.people.house.changing.reset(proof, OTHER)
    await place.identities.unlink(left.identity.id, request=asked(me))
    assert isinstance(await place.people.login(BOB_EMAIL, OTHER, device=LAPTOP), Entered)


async def test_nobody_unlinks_what_is_somebody_elses(place: Place):
    await place.people.join(ADA_EMAIL)
    bob = await caller(place, await entered(place, BOB))
    (his,) = await place.identities.all(bob)

    await place.identities.unlink(his.identity.id, request=asked(await place.people.enter()))

    assert await place.identities.all(bob) == [his]


async def test_nobody_without_a_password_gets_in_by_one(place: Place):
    await place.people.join(ADA_EMAIL)
    await entered(place, BOB)

    for password in ("", "x", OTHER):
        with pytest.raises(SignInRefused):
            await place.people.login(BOB_EMAIL, password)


async def test_what_is_kept_names_neither_address_nor_subject(place: Place):
    await place.people.join(ADA_EMAIL)
    await entered(place, BOB)

    (kept,) = await place.people.store.read(lambda view: view.documents(KIND))

    assert BOB.subject.encode() not in kept.body
    assert BOB.email.encode() not in kept.body
    assert BOB.subject not in kept.id
