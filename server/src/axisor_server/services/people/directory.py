"""Where people are kept: found by id or by address, and changed one revision at a time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import PersonNotFound
from axisor.model import PlatformRole
from axisor.ports import Clock
from axisor.states import PersonState
from axisor_server.domain.journal import to_us
from axisor_server.domain.people import (
    KIND,
    Joined,
    Person,
    from_document,
    plain_email,
    to_document,
)
from axisor_server.ports import Reader, Transaction
from axisor_server.services.personal import Personal

EMAIL = "email"
TITLE = "title"


class Shown(Struct, frozen=True, kw_only=True):
    """A person as they and administrators see them; texts are empty once they are erased."""

    person: Person
    email: str
    title: str


class Directory:
    """Finds and keeps people. Its methods on a view or a unit are called inside one."""

    def __init__(self, *, personal: Personal, clock: Clock) -> None:
        self._personal = personal
        self._clock = clock

    async def key_of(self, email: str) -> str:
        """Return what an address is found by. Raises FieldInvalid where it is none."""
        return await self._personal.digest("email", plain_email(email))

    async def place_of(self, network: str) -> str:
        """Return what a network address is counted and journaled as."""
        return (await self._personal.digest("address", network))[:32]

    def find(self, view: Reader, email_key: str) -> Person | None:
        """Return the person at an address or None."""
        found = view.document_by(KIND, f"email/{email_key}")
        return None if found is None else from_document(found)

    def get(self, view: Reader, id: str) -> Person:
        """Return a person. Raises PersonNotFound."""
        found = view.document(KIND, id)
        if found is None:
            raise PersonNotFound(f"There is no person `{id}`.", person=id)
        return from_document(found)

    def everybody(self, view: Reader) -> Sequence[Person]:
        """Return all people, oldest first."""
        return [from_document(record) for record in view.documents(KIND)]

    def add(  # noqa: PLR0913 - it says that much of a person
        self,
        tx: Transaction,
        *,
        id: str,
        email: str,
        email_key: str,
        title: str,
        role: PlatformRole,
        joined: Joined,
        password: str,
        verified_us: int | None = None,
        plan: str = "",
    ) -> Person:
        """Make a person with a key of their own. Raises Conflict where the address is taken."""
        now_us = self._now_us()
        self._personal.begin(tx, id)
        person = Person(
            id=id,
            email=self.seal_email(tx, id, email),
            email_key=email_key,
            title=self._personal.seal(tx, id, title, field=TITLE),
            role=role,
            joined=joined,
            password=password,
            verified_us=verified_us,
            plan=plan,
            created_us=now_us,
            updated_us=now_us,
        )
        record, keys = to_document(person)
        tx.put_document(record, revision=None, keys=keys)
        return person

    def put(self, tx: Transaction, person: Person) -> Person:
        """Keep a person that was changed, and return it as kept. Raises Conflict."""
        after = msgspec.structs.replace(
            person, revision=person.revision + 1, updated_us=self._now_us()
        )
        record, keys = to_document(after)
        tx.put_document(record, revision=person.revision, keys=keys)
        return after

    def shred(self, tx: Transaction, person: Person) -> None:
        """Delete the key that opens what is sealed of a person."""
        self._personal.erase(tx, person.id)

    def show(self, view: Reader, person: Person) -> Shown:
        """Return a person with what is sealed of them."""
        if person.state is PersonState.ERASED:
            return Shown(person=person, email="", title="")
        email = self._personal.unseal(view, person.id, person.email, field=EMAIL)
        title = self._personal.unseal(view, person.id, person.title, field=TITLE)
        return Shown(person=person, email=email or "", title=title or "")

    def seal_email(self, view: Reader, id: str, email: str) -> bytes:
        """Return an address as it is kept of a person."""
        return self._personal.seal(view, id, plain_email(email), field=EMAIL)

    def open_email(self, view: Reader, id: str, sealed: bytes) -> str:
        """Return an address that was sealed of a person; empty once they are erased."""
        return self._personal.unseal(view, id, sealed, field=EMAIL) or ""

    def seal_secret(self, view: Reader, id: str, secret: str) -> bytes:
        """Return the secret of an authenticator app as it is kept of a person."""
        return self._personal.seal(view, id, secret, field="totp")

    def open_secret(self, view: Reader, id: str, sealed: bytes) -> str:
        """Return the secret of an authenticator app; empty once the person is erased."""
        return self._personal.unseal(view, id, sealed, field="totp") or ""

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def owners(people: Sequence[Person]) -> int:
    """Return how many people who may sign in own the platform."""
    return sum(p.may_sign_in and p.role is PlatformRole.OWNER for p in people)
