"""The plan of a person: given to newcomers, changed by administrators, on record."""

from __future__ import annotations

import msgspec
import pytest
from tests.server.services.people.test_changing import ADMIN
from tests.support.people import ADA, BOB, People, asked, begin

from axisor.errors import PermissionDenied, PersonNotFound, PersonStateInvalid, PlanNotFound
from axisor.identity import PlanChanged
from axisor.model import PlatformRole
from axisor_server.domain.people import KIND, Person, from_document
from axisor_server.domain.plans import Catalogue, Plan
from axisor_server.services.people.standing import Standing
from axisor_server.services.principals import owner

FREE, GOLD = Plan(name="free", streams=2), Plan(name="gold", streams=20)
CATALOGUE = Catalogue(plans={"free": FREE, "gold": GOLD}, newcomers="free")


async def crowd() -> tuple[People, str, str]:
    """Return people of a core with plans, its owner and somebody who came later."""
    people = await begin(plans=CATALOGUE)
    return people, await people.join(ADA), await people.join(BOB)


async def test_newcomers_are_on_the_plan_of_the_settings_and_the_first_person_on_none():
    people, ada, bob = await crowd()
    standing = Standing(people.store, CATALOGUE)

    found = [await standing.who_is(person) for person in (ada, bob)]

    assert [each.plan.name for each in found if each is not None] == ["", "free"]


async def test_where_no_plan_is_named_nobody_is_on_one():
    people = await begin()
    await people.join(ADA)
    bob = await people.join(BOB)

    assert (await people.house.administering.show(bob)).person.plan == ""


async def test_a_plan_is_changed_and_on_record_with_what_was_before():
    people, _, bob = await crowd()
    put_on = people.house.administering.put_on

    done = [await put_on(bob, plan, request=asked(ADMIN)) for plan in ("gold", "gold", "")]

    assert [each.person.plan for each in done] == ["gold", "gold", ""]
    assert await people.entries("PlanChanged") == [
        PlanChanged(person=f"people/{bob}", plan="gold", former="free", principal=ADMIN.name),
        PlanChanged(person=f"people/{bob}", plan="", former="gold", principal=ADMIN.name),
    ]


async def test_a_plan_that_the_settings_do_not_name_is_given_to_nobody():
    people, _, bob = await crowd()

    with pytest.raises(PlanNotFound):
        await people.house.administering.put_on(bob, "silver", request=asked(ADMIN))

    assert (await people.house.administering.show(bob)).person.plan == "free"


async def test_nobody_changes_the_plan_of_who_holds_more_nor_of_who_is_gone():
    people, ada, bob = await crowd()
    put_on = people.house.administering.put_on

    with pytest.raises(PermissionDenied):
        await put_on(ada, "free", request=asked(ADMIN))
    await people.house.administering.give(bob, PlatformRole.SUPPORT, request=asked(owner()))
    await people.house.administering.erase(bob, request=asked(owner()))
    with pytest.raises(PersonStateInvalid):
        await put_on(bob, "gold", request=asked(owner()))
    with pytest.raises(PersonNotFound):
        await put_on("x", "gold", request=asked(owner()))


async def test_whoever_was_kept_before_there_were_plans_is_on_none():
    people, _, bob = await crowd()
    record = await people.store.read(lambda view: view.document(KIND, bob))
    assert record is not None
    body = msgspec.json.decode(record.body)
    del body["plan"]

    before = from_document(msgspec.structs.replace(record, body=msgspec.json.encode(body)))

    assert isinstance(before, Person)
    assert before.plan == ""
