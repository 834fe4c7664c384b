"""Who may do what with an account: roles given, taken away and listed, and what follows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from axisor.errors import AccountNotFound, LastOwner, MemberNotFound
from axisor.identity import AccessGranted, AccessRevoked
from axisor.model import Permission, PlatformRole, Role
from axisor.wire.names import account_name, person_name
from axisor_server.domain.journal import to_us
from axisor_server.domain.memberships import (
    KIND,
    Membership,
    from_document,
    id_of,
    to_document,
)
from axisor_server.domain.plans import UNBOUND, Plan
from axisor_server.domain.roles import EVERYTHING, everywhere, on_account, on_platform
from axisor_server.ports import Clock, Reader, Store, Transaction
from axisor_server.services.plans import Plans
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request

PERSON = "person"
"""The kind of the documents that say which people there are."""


class MemberAnswer(Struct, frozen=True, kw_only=True):
    """A member as they are after a change, or were before it."""

    member: Membership


class Access:
    """Roles of people on accounts."""

    def __init__(self, *, store: Store, clock: Clock, once: Once, plans: Plans) -> None:
        self._store = store
        self._clock = clock
        self._once = once
        self._plans = plans

    async def members(self, account: str) -> Sequence[Membership]:
        """Return who holds a role on an account, the longest first. Raises AccountNotFound."""

        def unit(view: Reader) -> Sequence[Membership]:
            _check_account(view, account)
            return members_of(view, account)

        return await self._store.read(unit)

    async def grant(self, account: str, person: str, role: Role, request: Request) -> Membership:
        """Give a person a role on an account, instead of the one they had.

        Raises AccountNotFound, MemberNotFound where there is no such person, LastOwner, PlanLimit
        where the plan of somebody who is to own it has no room for one account more.
        """
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction, say: Say) -> MemberAnswer:
            _check_account(tx, account)
            if tx.document(PERSON, person) is None:
                raise MemberNotFound(f"There is no person `{person}`.", person=person)
            before = _found(tx, account, person)
            if before is not None and before.role is role:
                return MemberAnswer(member=before)
            if role is not Role.OWNER:
                _check_owners(tx, account, without=person)
            else:
                self._plans.check_account(tx, person, account)
            after = _changed(before, account, person, role, now_us)
            if not request.validate_only:
                put(tx, say, before, after, now_us=now_us)
            return MemberAnswer(member=after)

        return (await self._once.record(request, MemberAnswer, unit)).member

    async def revoke(self, account: str, person: str, request: Request) -> Membership:
        """Take a person's role on an account away. Raises MemberNotFound, LastOwner."""

        def unit(tx: Transaction, say: Say) -> MemberAnswer:
            _check_account(tx, account)
            before = _found(tx, account, person)
            if before is None:
                raise MemberNotFound(person=person)
            _check_owners(tx, account, without=person)
            if not request.validate_only:
                tx.delete_document(KIND, id_of(account, person))
                say(AccessRevoked(person=person_name(person), account=account_name(account)))
            return MemberAnswer(member=before)

        return (await self._once.record(request, MemberAnswer, unit)).member

    async def still(self, principal: Principal) -> bool:
        """Return whether a person holds on every account what they held when their call began."""
        if not principal.person or principal.accounts is None or principal.token:
            return True  # what a token was made for is looked at where tokens are
        now = await self._store.read(lambda view: held(view, principal.person))
        return all(
            rights in now.get(account, Permission.NONE) | principal.everywhere
            for account, rights in principal.accounts.items()
        )


def found(tx: Transaction, say: Say, account: str, caller: Principal, *, now_us: int) -> None:
    """Make whoever adds an account its first owner, in the unit that adds it."""
    if caller.person:
        first = _changed(None, account, caller.person, Role.OWNER, now_us)
        put(tx, say, None, first, now_us=now_us)


def unfound(tx: Transaction, say: Say, account: str) -> None:
    """Take every role on an account away that is not there after all."""
    for each in members_of(tx, account):
        tx.delete_document(KIND, id_of(account, each.person))
        say(AccessRevoked(person=person_name(each.person), account=account_name(account)))


def put(
    tx: Transaction, say: Say, before: Membership | None, after: Membership, *, now_us: int
) -> None:
    """Write a membership and say so. Raises Conflict where it changed meanwhile."""
    revision = None if before is None else before.revision
    tx.put_document(to_document(after, now_us=now_us), revision=revision)
    say(
        AccessGranted(
            person=person_name(after.person), account=account_name(after.account), role=after.role
        )
    )


def leave_all(tx: Transaction, say: Say, person: str) -> None:
    """Take every role of a person away, as when they are erased. Raises LastOwner."""
    for record in tx.documents(KIND, owner=person):
        if tx.account(record.about) is not None:
            _check_owners(tx, record.about, without=person)
        tx.delete_document(KIND, record.id)
        say(AccessRevoked(person=person_name(person), account=account_name(record.about)))


def members_of(view: Reader, account: str) -> Sequence[Membership]:
    """Return who holds a role on an account, the longest first."""
    return [from_document(record) for record in view.documents(KIND, about=account)]


def held(view: Reader, person: str) -> Mapping[str, Permission]:
    """Return what a person may do with which account, by their roles on them."""
    memberships = (from_document(record) for record in view.documents(KIND, owner=person))
    return {each.account: on_account(each.role) for each in memberships}


def principal_of(
    view: Reader,
    person: str,
    role: PlatformRole,
    *,
    session: str,
    until_us: int | None,
    authenticated_us: int,
    plan: Plan = UNBOUND,
) -> Principal:
    """Return a person who is signed in, with what they may do at this moment.

    Their platform role is the caller's to know; their roles on accounts are read here.
    """
    total = everywhere(role) == EVERYTHING
    return Principal(
        name=person_name(person),
        tenant=person,
        person=person,
        platform=on_platform(role),
        accounts=None if total else held(view, person),
        everywhere=Permission.NONE if total else everywhere(role),
        session=session,
        until_us=until_us,
        authenticated_us=authenticated_us,
        plan=plan,
    )


def _check_account(view: Reader, account: str) -> None:
    if view.account(account) is None:
        raise AccountNotFound(f"There is no account `{account}`.", account=account)


def _check_owners(view: Reader, account: str, *, without: str) -> None:
    owners = [each.person for each in members_of(view, account) if each.role is Role.OWNER]
    if owners == [without]:
        raise LastOwner(account=account, person=without)


def _found(view: Reader, account: str, person: str) -> Membership | None:
    record = view.document(KIND, id_of(account, person))
    return None if record is None else from_document(record)


def _changed(
    before: Membership | None, account: str, person: str, role: Role, now_us: int
) -> Membership:
    if before is None:
        return Membership(account=account, person=person, role=role, since_us=now_us)
    return msgspec.structs.replace(before, role=role, revision=before.revision + 1)
