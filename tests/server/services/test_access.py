"""Roles on accounts: given once, taken once, seen by the next call, and never without an owner."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.support.recording import Recording
from tests.support.records import account as account_record

from axisor.errors import (
    AccountNotFound,
    LastOwner,
    MemberNotFound,
    RequestExpired,
    RequestIdReused,
)
from axisor.identity import AccessGranted, AccessRevoked
from axisor.model import Permission, PlatformRole, Role
from axisor_server.adapters.memory.clock import VirtualClock
from axisor_server.adapters.memory.ids import SeededIds
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.journal import decode_payload
from axisor_server.domain.plans import NO_PLANS
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.roles import EVERYTHING
from axisor_server.ports import Transaction
from axisor_server.services import access
from axisor_server.services.access import Access
from axisor_server.services.plans import Plans
from axisor_server.services.principals import Principal, owner
from axisor_server.services.requests import Once, Request

P = Permission


class Bench:
    """Access to two accounts, for three people."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = MemoryStore()
        self.recorder = Recording(self.store, self.clock)
        once = Once(self.store, self.clock, SeededIds(self.clock, seed=1), self.recorder)
        plans = Plans(self.store, NO_PLANS)
        self.access = Access(store=self.store, clock=self.clock, once=once, plans=plans)
        self._asked = 0

    def request(self, **fields: object) -> Request:
        """Return a new request by the owner, some fields otherwise."""
        self._asked += 1
        usual: dict[str, object] = {
            "method": "S/M",
            "request_id": f"r{self._asked}",
            "digest": b"d",
            "principal": "owner",
            "caller": owner(),
        }
        return Request(**(usual | fields))  # type: ignore[arg-type]

    async def grant(self, account: str, person: str, role: Role) -> None:
        """Give somebody a role."""
        await self.access.grant(account, person, role, self.request())

    async def roles(self, account: str) -> dict[str, Role]:
        """Return who holds which role on an account."""
        return {each.person: each.role for each in await self.access.members(account)}

    async def principal(self, person: str, role: PlatformRole = PlatformRole.NONE) -> Principal:
        """Return somebody who is signed in."""
        return await self.store.read(
            lambda view: access.principal_of(
                view, person, role, session="s", until_us=None, authenticated_us=0
            )
        )

    async def said(self) -> list[object]:
        """Return what the journal of the core holds."""
        entries = await self.store.read(lambda view: view.entries("platform", after=0, limit=100))
        return [decode_payload(entry.payload) for entry in entries]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Open a bench."""
    made = Bench()
    await made.store.open()

    def unit(tx: Transaction) -> None:
        for id in ("a", "b"):
            tx.put_account(account_record(id), revision=None)
        for person in ("ann", "ben", "cas"):
            record = DocumentRecord(
                kind=access.PERSON, id=person, body=b"{}", created_us=0, updated_us=0
            )
            tx.put_document(record, revision=None)

    await made.store.write(unit)
    yield made
    await made.store.close()


async def test_a_person_with_a_role_may_do_what_it_says_on_that_account_only(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.TRADER)

    ann = await bench.principal("ann")
    assert ann.rights("a") == P.READ | P.TRADE | P.ADJUST_MARGIN
    assert ann.rights("b") == P.NONE


async def test_a_person_holds_roles_on_several_accounts_at_once(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("b", "ann", Role.VIEWER)

    ann = await bench.principal("ann")
    assert (ann.rights("a"), ann.rights("b")) == (EVERYTHING, P.READ)


async def test_an_account_has_several_members(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("a", "ben", Role.VIEWER)

    assert await bench.roles("a") == {"ann": Role.OWNER, "ben": Role.VIEWER}
    assert await bench.roles("b") == {}


async def test_another_role_replaces_the_one_before(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.VIEWER)
    await bench.grant("a", "ann", Role.OPERATOR)

    assert await bench.roles("a") == {"ann": Role.OPERATOR}


async def test_what_is_granted_and_revoked_is_in_the_journal_with_who_did_it(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.VIEWER)
    await bench.access.revoke("a", "ann", bench.request())

    person, account = "people/ann", "accounts/a"
    assert await bench.said() == [
        AccessGranted(person=person, account=account, role=Role.VIEWER, principal="owner"),
        AccessRevoked(person=person, account=account, principal="owner"),
    ]


async def test_a_role_that_is_held_already_is_not_granted_again(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.VIEWER)
    await bench.grant("a", "ann", Role.VIEWER)

    assert len(await bench.said()) == 1


async def test_the_same_request_grants_once(bench: Bench) -> None:
    request = bench.request()
    first = await bench.access.grant("a", "ann", Role.OWNER, request)
    await bench.grant("a", "ben", Role.OWNER)
    await bench.access.revoke("a", "ann", bench.request())

    again = await bench.access.grant("a", "ann", Role.OWNER, request)

    assert again == first
    assert await bench.roles("a") == {"ben": Role.OWNER}


async def test_a_request_id_is_not_taken_for_another_request(bench: Bench) -> None:
    request = bench.request()
    await bench.access.grant("a", "ann", Role.VIEWER, request)
    other = bench.request(request_id=request.request_id, digest=b"other")

    with pytest.raises(RequestIdReused):
        await bench.access.grant("a", "ann", Role.OWNER, other)


async def test_a_request_that_came_too_late_is_refused(bench: Bench) -> None:
    late = bench.request(not_after=bench.clock.now())
    await bench.clock.advance(1)

    with pytest.raises(RequestExpired):
        await bench.access.grant("a", "ann", Role.VIEWER, late)


async def test_validation_changes_nothing(bench: Bench) -> None:
    asked = bench.request(validate_only=True)

    would = await bench.access.grant("a", "ann", Role.VIEWER, asked)

    assert would.role is Role.VIEWER
    assert await bench.roles("a") == {}
    assert await bench.said() == []


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.TRADER, Role.OPERATOR])
async def test_the_last_owner_of_an_account_stays(bench: Bench, role: Role | None) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("a", "ben", Role.OPERATOR)

    change = (
        bench.access.revoke("a", "ann", bench.request())
        if role is None
        else bench.grant("a", "ann", role)
    )

    with pytest.raises(LastOwner):
        await change

    assert (await bench.roles("a"))["ann"] is Role.OWNER


async def test_an_owner_may_go_when_another_stays(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("a", "ben", Role.OWNER)

    await bench.access.revoke("a", "ann", bench.request())

    assert await bench.roles("a") == {"ben": Role.OWNER}


async def test_a_person_who_is_not_there_gets_no_role(bench: Bench) -> None:
    with pytest.raises(MemberNotFound):
        await bench.grant("a", "nobody", Role.VIEWER)


async def test_a_person_without_a_role_loses_none(bench: Bench) -> None:
    with pytest.raises(MemberNotFound):
        await bench.access.revoke("a", "ann", bench.request())


async def test_nobody_gets_a_role_on_an_account_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(AccountNotFound):
        await bench.grant("none", "ann", Role.VIEWER)
    with pytest.raises(AccountNotFound):
        await bench.access.members("none")


@pytest.mark.parametrize("to", [None, Role.VIEWER])
async def test_what_is_open_ends_when_its_caller_may_do_less(bench: Bench, to: Role | None) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("a", "ben", Role.TRADER)
    ben = await bench.principal("ben")
    assert await bench.access.still(ben)

    if to is None:
        await bench.access.revoke("a", "ben", bench.request())
    else:
        await bench.grant("a", "ben", to)

    assert not await bench.access.still(ben)


async def test_what_is_open_stays_when_its_caller_may_do_more(bench: Bench) -> None:
    await bench.grant("a", "ben", Role.VIEWER)
    ben = await bench.principal("ben")

    await bench.grant("a", "ben", Role.TRADER)
    await bench.grant("b", "ben", Role.TRADER)

    assert await bench.access.still(ben)


async def test_the_owner_token_depends_on_no_role(bench: Bench) -> None:
    assert await bench.access.still(owner())


async def test_whoever_adds_an_account_owns_it(bench: Bench) -> None:
    ann = await bench.principal("ann")

    await bench.recorder.write(lambda tx, say: access.found(tx, say, "a", ann, now_us=0), by=ann)

    assert await bench.roles("a") == {"ann": Role.OWNER}


async def test_an_account_that_the_owner_token_adds_has_no_member(bench: Bench) -> None:
    await bench.recorder.write(
        lambda tx, say: access.found(tx, say, "a", owner(), now_us=0), by=owner()
    )

    assert await bench.roles("a") == {}


async def test_a_person_who_goes_leaves_every_account(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.OWNER)
    await bench.grant("a", "ben", Role.VIEWER)
    await bench.grant("b", "ben", Role.TRADER)

    await bench.recorder.write(lambda tx, say: access.leave_all(tx, say, "ben"), by=owner())

    assert await bench.roles("a") == {"ann": Role.OWNER}
    assert await bench.roles("b") == {}


async def test_a_person_who_alone_owns_an_account_does_not_go(bench: Bench) -> None:
    await bench.grant("a", "ann", Role.VIEWER)
    await bench.grant("b", "ann", Role.OWNER)

    with pytest.raises(LastOwner):
        await bench.recorder.write(lambda tx, say: access.leave_all(tx, say, "ann"), by=owner())

    assert await bench.roles("a") == {"ann": Role.VIEWER}


async def test_owners_of_the_core_see_all_without_a_role(bench: Bench) -> None:
    ann = await bench.principal("ann", PlatformRole.OWNER)

    assert ann.rights("a") == EVERYTHING
    assert P.SELF in ann.rights("")


async def test_what_a_token_was_made_for_is_looked_at_where_tokens_are(bench: Bench):
    # Whoever owns the platform holds no role on the account that a token of theirs is for.
    bot = Principal(
        name="tokens/t",
        person="ann",
        token="t",
        platform=Permission.READ,
        accounts={"elsewhere": Permission.READ},
    )

    assert await bench.access.still(bot)
    assert not await bench.access.still(msgspec.structs.replace(bot, token=""))
