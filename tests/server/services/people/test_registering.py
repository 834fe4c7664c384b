"""Registering, invitations, and addresses that are verified and changed."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.people import ADA, BOB, OTHER, PASSWORD, People, begin
from tests.support.sessions import HERE

from axisor.errors import (
    AxisorError,
    FieldInvalid,
    PasswordRefused,
    PermissionDenied,
    ProofInvalid,
    RateLimited,
    RegistrationClosed,
    SignInRefused,
)
from axisor.identity import PersonChanged, PersonInvited, PersonRegistered
from axisor.model import Permission, PlatformRole
from axisor.states import PersonChange
from axisor_server.domain.people import Joined
from axisor_server.services.people.signing_in import Entered
from axisor_server.services.principals import Peer, Principal, owner

DAY = 86_400


async def register(
    people: People, email: str = ADA, password: str = PASSWORD, invitation: str = ""
) -> None:
    await people.house.registering.register(
        email, password, title="", invitation=invitation, peer=HERE
    )


async def invited(people: People, email: str = ADA, role: PlatformRole = PlatformRole.NONE) -> str:
    made = await people.house.registering.invite(email, role, silent=True, caller=owner())
    return made.text


async def test_the_first_person_owns_the_platform_and_later_ones_do_not():
    people = await begin()
    await people.join(ADA)
    await people.join(BOB)

    roles = [each.person.role for each in await people.house.administering.all()]

    assert roles == [PlatformRole.OWNER, PlatformRole.NONE]


async def test_of_two_who_register_first_at_once_one_owns_the_platform():
    people = await begin()
    invitations = [await invited(people, email) for email in (ADA, BOB)]

    await asyncio.gather(
        *(
            register(people, email, invitation=text)
            for email, text in zip((ADA, BOB), invitations, strict=True)
        )
    )

    found = [each.person for each in await people.house.administering.all()]
    assert sorted(person.role.value for person in found) == ["none", "owner"]
    assert sum(person.joined is Joined.FIRST for person in found) == 1


@pytest.mark.parametrize("open", [False, True])
async def test_a_stranger_who_finds_a_new_core_first_gets_nothing(open: bool):
    people = await begin(open=open)

    with pytest.raises(RegistrationClosed):
        await register(people)

    assert await people.house.administering.all() == []


async def test_nobody_registers_uninvited_unless_the_core_is_open():
    closed = await begin()
    await closed.join(ADA)
    with pytest.raises(RegistrationClosed):
        await register(closed, BOB)

    opened = await begin(closed.store, closed.clock, seed=2, open=True)
    await register(opened, BOB)

    assert len(await opened.house.administering.all()) == 2


async def test_an_invitation_is_for_one_address_and_one_person():
    people = await begin()
    text = await invited(people, ADA)

    with pytest.raises(ProofInvalid):
        await register(people, BOB, invitation=text)
    await register(people, ADA, invitation=text)
    with pytest.raises(ProofInvalid):
        await register(people, ADA, invitation=text)


async def test_an_invitation_is_over_after_seven_days():
    people = await begin()
    text = await invited(people)
    await people.wait(7 * DAY)

    with pytest.raises(ProofInvalid):
        await register(people, invitation=text)


async def test_an_invitation_gives_its_role_and_goes_out_by_letter():
    people = await begin()
    await people.join(ADA)
    await people.house.registering.invite(BOB, PlatformRole.ADMIN, silent=False, caller=owner())
    letter = (await people.letters())[-1]
    assert letter.to == BOB

    await register(people, BOB, invitation=letter.proof)

    shown = [each for each in await people.house.administering.all() if each.email == BOB]
    assert shown[0].person.role is PlatformRole.ADMIN
    (entry,) = (await people.entries("PersonInvited"))[1:]
    assert isinstance(entry, PersonInvited)
    assert (entry.role, entry.principal) == (PlatformRole.ADMIN, "owner")


@pytest.mark.parametrize("role", [PlatformRole.OWNER, PlatformRole.SUPPORT])
async def test_nobody_gives_more_than_they_hold(role: PlatformRole):
    people = await begin()
    admin = Principal(
        name="people/a",
        platform=Permission.READ | Permission.OPERATE | Permission.ADMIN,
        accounts={},
    )

    with pytest.raises(PermissionDenied):
        await people.house.registering.invite(BOB, role, silent=True, caller=admin)


async def test_registering_with_an_address_that_is_taken_is_answered_alike():
    people = await begin(open=True)
    ada = await people.join(ADA)
    await people.letters()
    before = len(people.box.letters)

    await register(people, ADA, OTHER)

    letters = (await people.letters())[before:]
    assert [letter.to for letter in letters] == [ADA]
    assert "tried to register" in letters[0].text
    assert len(await people.house.administering.all()) == 1
    shown = await people.house.administering.show(ada)
    assert shown.email == ADA
    with pytest.raises(SignInRefused):
        await people.login(ADA, OTHER)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a@",
        "@b",
        "a b@c.org",
        "a@b@c.org",
        "a@b.org\nBcc: x@y.org",
        "x" * 300 + "@y.org",
    ],
)
async def test_what_is_no_address_is_refused(email: str):
    people = await begin()

    with pytest.raises(FieldInvalid):
        await register(people, email)


@pytest.mark.parametrize("password", ["short", "password12345", "example-Example.1", "x" * 129])
async def test_a_password_that_is_easily_guessed_is_refused(password: str):
    people = await begin()
    text = await invited(people)

    with pytest.raises(PasswordRefused):
        await register(people, password=password, invitation=text)

    await register(people, invitation=text)


async def test_an_address_and_a_name_are_kept_sealed_and_found_by_a_keyed_hash():
    people = await begin()
    made = await people.house.registering.invite(
        ADA, PlatformRole.NONE, silent=True, caller=owner()
    )
    await people.house.registering.register(
        ADA, PASSWORD, title="Ada Lovelace", invitation=made.text, peer=HERE
    )

    (record,) = await people.store.read(lambda view: view.documents("person"))

    assert b"ada" not in record.body.lower()
    assert b"lovelace" not in record.body.lower()
    (shown,) = await people.house.administering.all()
    assert (shown.email, shown.title) == (ADA, "Ada Lovelace")


async def test_registering_is_in_the_journal_by_id():
    people = await begin()
    ada = await people.join()

    (entry,) = await people.entries("PersonRegistered")
    assert isinstance(entry, PersonRegistered)
    assert (entry.person, entry.role) == (f"people/{ada}", PlatformRole.OWNER)
    assert ADA not in str(entry)


async def test_a_letter_verifies_an_address_once_within_a_day():
    people = await begin()
    ada = await people.join(verified=False)
    proof = (await people.letters())[-1].proof
    assert (await people.house.administering.show(ada)).person.verified_us is None

    await people.house.registering.verify(proof)

    assert (await people.house.administering.show(ada)).person.verified_us is not None
    with pytest.raises(ProofInvalid):
        await people.house.registering.verify(proof)


async def test_a_newer_letter_ends_the_older_and_a_day_ends_each():
    people = await begin()
    await people.join(verified=False)
    old = (await people.letters())[-1].proof
    await people.house.registering.request_verification(ADA, peer=HERE)
    new = (await people.letters())[-1].proof
    assert new != old

    with pytest.raises(ProofInvalid):
        await people.house.registering.verify(old)
    await people.wait(DAY)
    with pytest.raises(ProofInvalid):
        await people.house.registering.verify(new)


@pytest.mark.parametrize("email", [ADA, "nobody@example.org"])
async def test_asking_for_a_letter_in_vain_writes_as_much_and_sends_nothing(email: str):
    people = await begin()
    await people.join()  # is verified
    before = len(await people.letters())
    waiting = len(await people.store.read(lambda view: view.documents("letter")))

    await people.house.registering.request_verification(email, peer=HERE)
    await people.house.changing.request_reset("nobody@example.org", peer=HERE)

    assert len(await people.store.read(lambda view: view.documents("letter"))) == waiting + 2
    assert len(await people.letters()) == before
    assert not await people.store.read(lambda view: view.documents("letter"))


async def test_an_address_changes_once_a_letter_there_was_answered_and_the_old_one_is_told():
    people = await begin()
    ada = await people.join()
    caller = await people.enter()
    before = len(await people.letters())

    await people.house.registering.change_email("new@example.org", caller=caller)

    told, proof = (await people.letters())[before:]
    assert (told.to, proof.to) == (ADA, "new@example.org")
    assert isinstance(await people.login(ADA), Entered)
    await people.house.registering.verify(proof.proof)
    assert isinstance(await people.login("new@example.org"), Entered)
    with pytest.raises(SignInRefused):
        await people.login(ADA)
    changes = [
        e.change for e in await people.entries("PersonChanged") if isinstance(e, PersonChanged)
    ]
    assert changes[-1] is PersonChange.EMAIL_CHANGED
    assert (await people.house.administering.show(ada)).email == "new@example.org"


async def test_the_old_address_gets_no_new_password_once_it_was_changed():
    people = await begin()
    await people.join()
    caller = await people.enter()
    await people.house.changing.request_reset(ADA, peer=HERE)
    reset = (await people.letters())[-1].proof
    await people.house.registering.change_email("new@example.org", caller=caller)
    await people.house.registering.verify((await people.letters())[-1].proof)

    with pytest.raises(ProofInvalid):
        await people.house.changing.reset(reset, OTHER)


async def test_an_address_that_somebody_else_took_meanwhile_is_not_taken_from_them():
    people = await begin()
    await people.join(ADA)
    await people.house.registering.change_email(BOB, caller=await people.enter())
    proof = (await people.letters())[-1].proof
    await people.join(BOB, verified=False)

    with pytest.raises(ProofInvalid):
        await people.house.registering.verify(proof)


async def test_letters_that_strangers_ask_for_are_few():
    people = await begin()
    await people.join()
    before = len(await people.letters())
    outcomes: list[str] = []
    for n in range(12):
        try:
            await people.house.changing.request_reset(ADA, peer=Peer(address=f"192.0.2.{n}"))
            outcomes.append("sent")
        except RateLimited:
            outcomes.append("slowed")

    assert outcomes == ["sent"] * 5 + ["slowed"] * 7
    assert len(await people.letters()) - before == 5


async def test_a_letter_that_is_not_taken_is_delivered_later_and_once():
    people = await begin()
    people.box.shut = True
    await people.join(verified=False)
    assert await people.letters() == []
    people.box.shut = False
    assert await people.letters() == []  # not yet due again
    await people.wait(10)

    assert len(await people.letters()) == 1
    assert len(await people.letters()) == 1


async def test_of_two_cores_one_delivers_a_letter():
    people = await begin()
    other = await begin(people.store, people.clock, seed=2)
    await people.join(verified=False)

    await asyncio.gather(people.letters(), other.letters())

    assert len(people.box.letters) + len(other.box.letters) == 1


async def test_a_letter_lies_sealed_until_it_is_delivered():
    people = await begin()
    await people.join(verified=False)

    (waiting,) = await people.store.read(lambda view: view.documents("letter"))

    assert b"ev_" not in waiting.body
    assert b"ada" not in waiting.body
    assert "ev_" in (await people.letters())[0].text


async def test_what_is_kept_of_a_proof_does_not_let_in():
    people = await begin()
    text = await invited(people)

    (kept,) = await people.store.read(lambda view: view.documents("proof"))

    secret = text.split("_", 2)[2]
    assert secret.encode() not in kept.body
    for other in (text[:-1] + "A", text.replace("in_", "pr_"), text[:-43] + "A" * 43):
        if other != text:
            with pytest.raises(AxisorError):
                await register(people, invitation=other)
