"""What administrators do with people: see them, give them roles, keep them out, erase them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import PermissionDenied, PersonStateInvalid
from axisor.identity import PersonChanged, PlanChanged, PlatformRoleChanged
from axisor.model import Permission, PlatformRole
from axisor.states import PersonChange, PersonState
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import Person, erased, principal_of
from axisor_server.domain.plans import NO_PLANS, Catalogue
from axisor_server.domain.proofs import Purpose
from axisor_server.ports import Clock, Store, Transaction
from axisor_server.services.access import leave_all
from axisor_server.services.people.devices import Devices
from axisor_server.services.people.directory import Directory, Shown, owners
from axisor_server.services.people.identities import forget_identities
from axisor_server.services.people.proofs import Proofs
from axisor_server.services.people.registering import may_give
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.sessions import Sessions
from axisor_server.services.telling.channels import forget as forget_channels
from axisor_server.services.tokens import Tokens


class Changed(Struct, frozen=True):
    """Who was changed."""

    person: str


class Administering:
    """Looks after people. Nobody can do anything to those who hold more than they do."""

    def __init__(  # noqa: PLR0913 - it stands on that much
        self,
        *,
        store: Store,
        clock: Clock,
        directory: Directory,
        proofs: Proofs,
        devices: Devices,
        sessions: Sessions,
        tokens: Tokens,
        once: Once,
        catalogue: Catalogue = NO_PLANS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._proofs = proofs
        self._devices = devices
        self._sessions = sessions
        self._tokens = tokens
        self._once = once
        self._catalogue = catalogue

    async def all(self) -> Sequence[Shown]:
        """Return everybody, oldest first, those who were erased too."""
        return await self._store.read(
            lambda view: [self._directory.show(view, p) for p in self._directory.everybody(view)]
        )

    async def me(self, caller: Principal) -> Shown:
        """Return who calls."""
        return await self.show(caller.person)

    async def show(self, id: str) -> Shown:
        """Return a person. Raises PersonNotFound."""
        return await self._store.read(
            lambda view: self._directory.show(view, self._directory.get(view, id))
        )

    async def disable(self, id: str, *, request: Request) -> Shown:
        """Keep a person out. Raises PersonNotFound, PersonStateInvalid, PermissionDenied."""
        return await self._change(id, PersonChange.DISABLED, request)

    async def enable(self, id: str, *, request: Request) -> Shown:
        """Let a person in again. Raises as `disable` does."""
        return await self._change(id, PersonChange.ENABLED, request)

    async def erase(self, id: str, *, request: Request) -> Shown:
        """Erase a person for ever. Raises as `disable` does."""
        return await self._change(id, PersonChange.ERASED, request)

    async def give(self, id: str, role: PlatformRole, *, request: Request) -> Shown:
        """Give a person another role on the platform, in force with their next call.

        Nobody gives or takes more than they hold. Raises PersonNotFound, PersonStateInvalid for
        who is erased and for the last owner, PermissionDenied.
        """

        def unit(tx: Transaction, say: Say) -> Changed:
            person = self._directory.get(tx, id)
            if person.role is not role:
                self._check_may(person.role, role, request.caller)
                self._check_stays(tx, person)
                named = principal_of(id)
                say(PlatformRoleChanged(person=named, role=role, former=person.role))
                self._directory.put(tx, msgspec.structs.replace(person, role=role))
            return Changed(id)

        changed = await self._once.record(request, Changed, unit)
        return await self.show(changed.person)

    async def put_on(self, id: str, plan: str, *, request: Request) -> Shown:
        """Put a person on another plan, or on none, in force with their next call.

        What runs goes on. Raises PersonNotFound, PlanNotFound, PersonStateInvalid for who is
        erased, PermissionDenied for one who holds more than the caller.
        """

        def unit(tx: Transaction, say: Say) -> Changed:
            self._catalogue.named(plan)
            person = self._directory.get(tx, id)
            if person.plan != plan:
                self._check_may(person.role, person.role, request.caller)
                self._check_there(person)
                say(PlanChanged(person=principal_of(id), plan=plan, former=person.plan))
                self._directory.put(tx, msgspec.structs.replace(person, plan=plan))
            return Changed(id)

        changed = await self._once.record(request, Changed, unit)
        return await self.show(changed.person)

    def _check_may(self, former: PlatformRole, role: PlatformRole, caller: Principal) -> None:
        if not (may_give(caller, former) and may_give(caller, role)):
            raise PermissionDenied(
                f"From {former.value} to {role.value} is more than you may give or take.",
                permission=Permission.ADMIN.name,
                method="role",
            )

    def _check_stays(self, tx: Transaction, person: Person) -> None:
        """Refuse to take the platform from the last who own it, and to change who is erased."""
        self._check_there(person)
        owns = person.role is PlatformRole.OWNER and person.may_sign_in
        if owns and owners(self._directory.everybody(tx)) == 1:
            raise PersonStateInvalid(
                "They are the last who own the platform.", person=principal_of(person.id)
            )

    @staticmethod
    def _check_there(person: Person) -> None:
        if person.state is PersonState.ERASED:
            raise PersonStateInvalid(
                "They are erased, and stay so.", person=principal_of(person.id)
            )

    async def _change(self, id: str, change: PersonChange, request: Request) -> Shown:
        def unit(tx: Transaction, say: Say) -> Changed:
            person = self._directory.get(tx, id)
            if STATES[change] is not person.state:
                self._check(tx, person, change, request.caller)
                after = self._after(tx, say, person, change)
                say(PersonChanged(person=principal_of(id), change=change))
                self._directory.put(tx, after)
            return Changed(id)

        # What is kept for repeats names the person, and holds nothing of them.
        changed = await self._once.record(request, Changed, unit)
        self._sessions.forget()
        self._tokens.forget()
        return await self.show(changed.person)

    def _after(self, tx: Transaction, say: Say, person: Person, change: PersonChange) -> Person:
        if change is PersonChange.ENABLED:
            return msgspec.structs.replace(person, state=PersonState.ACTIVE)
        self._sessions.revoke_in(tx, say, person.id, cause=change.value)
        self._proofs.drop(tx, person.id, *Purpose)
        if change is PersonChange.DISABLED:
            return msgspec.structs.replace(person, state=PersonState.DISABLED)
        self._tokens.revoke_in(tx, say, person.id)
        leave_all(tx, say, person.id)
        forget_channels(tx, person.id)
        self._devices.forget(tx, person.id)
        forget_identities(tx, person.id)
        self._directory.shred(tx, person)
        return erased(person, now_us=to_us(self._clock.now()))

    def _check(
        self, tx: Transaction, person: Person, change: PersonChange, caller: Principal
    ) -> None:
        if not may_give(caller, person.role):
            raise PermissionDenied(
                "They hold more than you do.", permission=Permission.ADMIN.name, method=change.value
            )
        if change is not PersonChange.ENABLED or person.state is PersonState.ERASED:
            self._check_stays(tx, person)


STATES = {
    PersonChange.DISABLED: PersonState.DISABLED,
    PersonChange.ENABLED: PersonState.ACTIVE,
    PersonChange.ERASED: PersonState.ERASED,
}
"""In which state a person is after a change."""
