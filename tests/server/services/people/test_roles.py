"""Roles on the platform given and taken later, by whoever holds as much, never from the last."""

from __future__ import annotations

import pytest
from tests.server.services.people.test_changing import ADMIN
from tests.support.people import ADA, BOB, asked, begin

from axisor.errors import PermissionDenied, PersonNotFound, PersonStateInvalid
from axisor.identity import PlatformRoleChanged
from axisor.model import PlatformRole
from axisor_server.services.principals import owner

R = PlatformRole


async def test_a_role_is_given_and_taken_and_on_record_with_what_was_before():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    give = people.house.administering.give

    first = await give(bob, R.ADMIN, request=asked(ADMIN))
    again = await give(bob, R.ADMIN, request=asked(ADMIN))
    last = await give(bob, R.NONE, request=asked(ADMIN))

    assert [each.person.role for each in (first, again, last)] == [R.ADMIN, R.ADMIN, R.NONE]
    told = await people.entries("PlatformRoleChanged")
    assert told == [
        PlatformRoleChanged(person=f"people/{bob}", role=role, former=former, principal=ADMIN.name)
        for former, role in ((R.NONE, R.ADMIN), (R.ADMIN, R.NONE))
    ]


@pytest.mark.parametrize("role", [R.SUPPORT, R.OWNER])
async def test_nobody_gives_more_than_they_hold(role: PlatformRole):
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)

    with pytest.raises(PermissionDenied):
        await people.house.administering.give(bob, role, request=asked(ADMIN))

    assert (await people.house.administering.show(bob)).person.role is R.NONE


async def test_nobody_takes_more_than_they_hold():
    people = await begin()
    ada = await people.join(ADA)
    await people.join(BOB, role=R.OWNER)

    with pytest.raises(PermissionDenied):
        await people.house.administering.give(ada, R.NONE, request=asked(ADMIN))


async def test_the_last_who_owns_the_platform_keeps_it():
    people = await begin()
    ada = await people.join(ADA)
    bob = await people.join(BOB)
    give = people.house.administering.give

    with pytest.raises(PersonStateInvalid, match="last who own"):
        await give(ada, R.ADMIN, request=asked(owner()))
    await give(bob, R.OWNER, request=asked(owner()))
    await give(ada, R.ADMIN, request=asked(owner()))

    assert (await people.house.administering.show(ada)).person.role is R.ADMIN


async def test_whoever_is_erased_or_not_there_gets_no_role():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)
    await people.house.administering.erase(bob, request=asked(owner()))

    with pytest.raises(PersonStateInvalid):
        await people.house.administering.give(bob, R.SUPPORT, request=asked(owner()))
    with pytest.raises(PersonNotFound):
        await people.house.administering.give("x", R.SUPPORT, request=asked(owner()))
