"""Holds people to their plans where accounts are added and where runs begin.

A run counts for those who own its account, whoever starts it: so nobody runs on another's plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from axisor.errors import PlanLimit
from axisor.model import Role
from axisor_server.domain import people
from axisor_server.domain.memberships import KIND, from_document
from axisor_server.domain.plans import UNBOUND, Catalogue, Plan, check
from axisor_server.domain.records import TENANT
from axisor_server.domain.run import takes_room
from axisor_server.ports import Reader, Store


class Plans:
    """What the plans of people leave them."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        """Take a store that shows the rows of everybody: owners are not seen by each caller."""
        self._store = store
        self._catalogue = catalogue
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, view: Reader, person: str) -> Plan:
        """Return a person's plan; nobody's has no bounds."""
        found = view.document(people.KIND, person) if person else None
        return UNBOUND if found is None else self._catalogue.of(people.plan_in(found))

    def check_account(self, view: Reader, person: str, account: str) -> None:
        """Refuse to make a person owner of one account more. Raises PlanLimit.

        In a unit that tells of it in the core's journal two cannot both be the last one.
        """
        plan = self.of(view, person)
        if plan.accounts is not None:
            others = owned(view, person) - {account}
            what = "exchange accounts of one's own"
            check(plan, "accounts", plan.accounts, len(others), what=what)

    @asynccontextmanager
    async def beginning(self, account: str, run: str, *, request_id: str) -> AsyncIterator[None]:
        """Let one run begin at a time for an owner, where a plan has room for it.

        Of several owners one who has room is enough. A request that came before gets the answer it
        got. Raises PlanLimit.
        """
        async with AsyncExitStack() as stack:
            bounded = await self._store.read(lambda view: self._bounded(view, account))
            for person in bounded:
                turn = self._turns.setdefault(person, asyncio.Lock())
                await stack.enter_async_context(turn)
            if bounded:
                await self._store.read(lambda view: self._check_run(view, account, run, request_id))
            yield

    async def check_run(self, account: str, run: str) -> None:
        """Refuse a run that would not be let begin now. Raises PlanLimit."""
        await self._store.read(lambda view: self._check_run(view, account, run, ""))

    def _bounded(self, view: Reader, account: str) -> list[str]:
        owners = _owners(view, account)
        bounded = [each for each in owners if self.of(view, each).runs is not None]
        # In one order, so that no two wait for each other; whoever has no bound has room for all.
        return sorted(bounded) if len(bounded) == len(owners) else []

    def _check_run(self, view: Reader, account: str, run: str, request_id: str) -> None:
        if request_id and view.command(TENANT, request_id) is not None:
            return
        refused = None
        for person in sorted(_owners(view, account)):
            try:
                self._check_room(view, person, run)
            except PlanLimit as error:
                refused = error
            else:
                return
        if refused is not None:
            raise refused

    def _check_room(self, view: Reader, person: str, run: str) -> None:
        plan = self.of(view, person)
        if plan.runs is None:
            return
        running = [
            each.id
            for account in owned(view, person)
            for each in view.runs(account)
            if takes_room(each.state, each.resume_us) and each.id != run
        ]
        check(plan, "runs", plan.runs, len(running), what="strategies that run at once")


def owned(view: Reader, person: str) -> frozenset[str]:
    """Return the accounts that a person owns; roles outlive accounts that were removed."""
    found = (from_document(record) for record in view.documents(KIND, owner=person))
    theirs = (each.account for each in found if each.role is Role.OWNER)
    return frozenset(account for account in theirs if view.account(account) is not None)


def _owners(view: Reader, account: str) -> frozenset[str]:
    found = (from_document(record) for record in view.documents(KIND, about=account))
    return frozenset(each.person for each in found if each.role is Role.OWNER)
