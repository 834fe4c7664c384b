"""People who share accounts: what one gives another holds at once, and ends at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.server.rpc.serving import Served
from tests.server.rpc.test_people import client, enter, join

from axisor.client import Client, every
from axisor.errors import (
    AccountNotFound,
    LastOwner,
    MemberNotFound,
    NotFound,
    PermissionDenied,
    TokenInvalid,
)
from axisor.events import HaltLevel
from axisor.model import Mode, Role
from axisor.ports import Credentials, Secret

KEY = Credentials(Secret("fine"), Secret("s"), Secret("p"))
MADE_UP = "0d9f3c7e-0000-4000-8000-0000000000ee"


class Person:
    """Somebody who is signed in, and their client."""

    def __init__(self, name: str, calls: Client) -> None:
        self.id = name.removeprefix("people/")
        self.calls = calls

    async def add(self, label: str) -> str:
        """Add an account and return its id."""
        made = await self.calls.accounts.create(
            venue="books",
            network="sim",
            mode=Mode.SIM,
            label=label,
            base_url="http://127.0.0.1:9",
            credentials=KEY,
        )
        return made.id

    async def labels(self) -> list[str]:
        """Return what accounts they are shown."""
        found = await every(lambda token: self.calls.accounts.list(page_token=token))
        return [each.label for each in found]


@pytest.fixture
async def people(core: Served) -> Any:
    """Sign three people in; the first one owns the core, the others are anybody."""
    signed = []
    for name in ("ada", "ben", "cas"):
        await join(core, f"{name}@example.org")
        signed.append(await enter(core, f"{name}@example.org"))
    calls = [client(core, each.access) for each in signed]
    yield [Person(each.person, made) for each, made in zip(signed, calls, strict=True)]
    for made in calls:
        await made.close()


async def test_an_account_that_one_adds_is_theirs_at_once_and_nobody_elses(people: list[Person]):
    ada, ben, cas = people

    id = await ben.add("bens")

    assert (await ben.calls.accounts.get(id)).label == "bens"
    assert await ben.labels() == ["bens"]
    assert [each.person for each in (await ben.calls.access.list(id)).items] == [ben.id]
    assert await cas.labels() == []
    with pytest.raises(AccountNotFound):
        await cas.calls.accounts.get(id)
    assert await ada.labels() == ["bens"]


async def test_a_role_that_is_given_holds_with_the_next_call(people: list[Person]):
    _, ben, cas = people
    id = await ben.add("bens")
    assert await cas.labels() == []

    await ben.calls.access.grant(id, cas.id, Role.VIEWER)

    assert await cas.labels() == ["bens"]
    with pytest.raises(PermissionDenied):
        await cas.calls.accounts.halt(id, HaltLevel.RISK)


async def test_a_role_that_is_taken_is_gone_with_the_next_call(people: list[Person]):
    _, ben, cas = people
    id = await ben.add("bens")
    await ben.calls.access.grant(id, cas.id, Role.OPERATOR)
    assert await cas.labels() == ["bens"]

    await ben.calls.access.revoke(id, cas.id)

    assert await cas.labels() == []
    with pytest.raises(AccountNotFound):
        await cas.calls.accounts.get(id)


async def test_what_is_open_ends_soon_after_the_role_is_taken(people: list[Person]):
    _, ben, cas = people
    id = await ben.add("bens")
    await ben.calls.access.grant(id, cas.id, Role.VIEWER)
    watch = cas.calls.events.watch(id)
    await anext(watch)

    await ben.calls.access.revoke(id, cas.id)

    async def to_its_end() -> None:
        async for _ in watch:
            pass

    with pytest.raises((TokenInvalid, AccountNotFound)):
        await asyncio.wait_for(to_its_end(), 60)


async def test_the_only_owner_stays_until_there_is_another(people: list[Person]):
    _, ben, cas = people
    id = await ben.add("bens")
    with pytest.raises(LastOwner):
        await ben.calls.access.revoke(id, ben.id)

    await ben.calls.access.grant(id, cas.id, Role.OWNER)
    await ben.calls.access.revoke(id, ben.id)

    assert await ben.labels() == []
    assert await cas.labels() == ["bens"]


async def test_nobody_gives_a_role_on_what_is_not_theirs(people: list[Person]):
    _, ben, cas = people
    id = await ben.add("bens")
    await ben.calls.access.grant(id, cas.id, Role.OPERATOR)

    with pytest.raises(PermissionDenied):
        await cas.calls.access.grant(id, cas.id, Role.OWNER)


async def test_nobody_is_given_a_role_who_is_not_there(people: list[Person]):
    ben = people[1]

    with pytest.raises(MemberNotFound):
        await ben.calls.access.grant(await ben.add("bens"), MADE_UP, Role.VIEWER)


async def test_a_token_or_a_session_of_another_is_out_of_reach(people: list[Person]):
    _, ben, cas = people
    made, _ = await ben.calls.tokens.create("bot", ("read_only=true",))
    theirs = (await ben.calls.users.sessions()).items[0].name

    for call in (cas.calls.tokens.get, cas.calls.tokens.revoke):
        assert await refused(call(made.id)) == await refused(call(MADE_UP))
    for session in (theirs, f"sessions/{MADE_UP}"):
        await cas.calls.users.revoke_session(session)  # ends none but one's own, and says nothing
    assert (await cas.calls.tokens.list()).items == ()
    assert await ben.labels() == []  # still signed in


async def refused(call: Any) -> tuple[str, str]:
    """Return the reason and the text of a refusal as not found, without any id."""
    with pytest.raises(NotFound) as caught:
        await call
    text = str(caught.value)
    for id in caught.value.metadata.values():
        text = text.replace(id, "ID")
    return caught.value.reason, text


async def test_an_administrator_is_known_by_the_role_on_record_and_by_nothing_else(
    people: list[Person],
):
    ada, ben, _ = people

    assert len((await ada.calls.users.list()).items) == 3
    with pytest.raises(PermissionDenied):
        await ben.calls.users.list()
    with pytest.raises(PermissionDenied):
        await ben.calls.system.settings()


async def test_a_person_has_several_accounts_and_each_call_names_its_own(people: list[Person]):
    ben = people[1]

    first, second = await ben.add("one"), await ben.add("two")
    await ben.calls.accounts.halt(first, HaltLevel.RISK)

    assert await ben.labels() == ["one", "two"]
    assert (await ben.calls.accounts.get(first)).halt is HaltLevel.RISK
    assert (await ben.calls.accounts.get(second)).halt is HaltLevel.NONE
