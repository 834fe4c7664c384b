"""Personal data opens for its person and field alone, and never again after erasure."""

from __future__ import annotations

from typing import Any

import pytest

from axisor.errors import VaultSealBroken
from axisor_server.adapters.memory import MemoryStore, MemoryVault, VirtualClock
from axisor_server.domain.journal import to_us
from axisor_server.domain.personal import HOUSE, LOOKUP, PERSONAL
from axisor_server.ports import Conflict
from axisor_server.services.personal import Personal

EMAIL = "somebody@example.org"


class House:
    """A store, a vault and what seals personal data with them."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.vault = MemoryVault(3)
        self.store = MemoryStore(lambda: to_us(self.clock.now()))
        self.personal = self.another()

    def another(self) -> Personal:
        """Return what another core of the same database and vault has."""
        return Personal(store=self.store, vault=self.vault, clock=self.clock)

    async def add(self, person: str) -> bytes:
        """Begin a person and return their sealed e-mail."""
        personal = self.personal
        await self.store.write(lambda tx: personal.begin(tx, person))
        return await self.store.read(lambda view: personal.seal(view, person, EMAIL, field="email"))

    async def opened(self, person: str, sealed: bytes, *, field: str = "email") -> str | None:
        """Return what another core reads."""
        personal = self.another()
        return await self.store.read(
            lambda view: personal.unseal(view, person, sealed, field=field)
        )


@pytest.fixture
async def house() -> House:
    """Return an open house."""
    made = House()
    await made.store.open()
    return made


async def test_another_core_opens_what_was_sealed_for_a_person(house: House):
    sealed = await house.add("people/1")

    assert await house.opened("people/1", sealed) == EMAIL
    assert EMAIL.encode() not in sealed


async def test_what_was_sealed_for_one_person_opens_for_no_other(house: House):
    sealed = await house.add("people/1")
    await house.add("people/2")

    with pytest.raises(VaultSealBroken):
        await house.opened("people/2", sealed)


async def test_a_field_does_not_open_as_another_field(house: House):
    sealed = await house.add("people/1")

    with pytest.raises(VaultSealBroken):
        await house.opened("people/1", sealed, field="name")


async def test_nothing_of_an_erased_person_opens_even_with_their_sealed_data_kept(house: House):
    sealed = await house.add("people/1")

    erased = await house.store.write(lambda tx: house.personal.erase(tx, "people/1"))

    assert erased
    assert await house.opened("people/1", sealed) is None
    assert not await house.store.write(lambda tx: house.personal.erase(tx, "people/1"))


async def test_a_person_who_is_begun_again_does_not_open_what_was_before(house: House):
    sealed = await house.add("people/1")
    await house.store.write(lambda tx: house.personal.erase(tx, "people/1"))
    await house.add("people/1")

    with pytest.raises(VaultSealBroken):
        await house.opened("people/1", sealed)


async def test_nothing_is_sealed_for_who_has_no_key(house: House):
    with pytest.raises(VaultSealBroken, match="has no key"):
        await house.store.read(
            lambda view: house.personal.seal(view, "people/1", EMAIL, field="email")
        )


async def test_a_person_has_one_key(house: House):
    await house.add("people/1")

    with pytest.raises(Conflict):
        await house.add("people/1")


async def test_keys_moved_between_persons_do_not_open(house: House):
    sealed = await house.add("people/1")
    await house.add("people/2")
    first = await house.store.read(lambda view: view.document(PERSONAL, "people/1"))
    second = await house.store.read(lambda view: view.document(PERSONAL, "people/2"))
    assert first is not None
    assert second is not None
    assert first.body != second.body

    await house.store.write(lambda tx: tx.delete_document(PERSONAL, "people/1"))
    moved = type(first)(
        kind=PERSONAL,
        id="people/1",
        body=second.body,
        created_us=first.created_us,
        updated_us=first.updated_us,
    )
    await house.store.write(lambda tx: tx.put_document(moved, revision=None))

    with pytest.raises(VaultSealBroken):
        await house.opened("people/1", sealed)


async def test_cores_of_one_database_find_a_text_by_the_same_hash(house: House):
    here = await house.personal.digest("email", EMAIL)
    there = await house.another().digest("email", EMAIL)

    assert here == there
    assert EMAIL not in here
    assert here != await house.personal.digest("name", EMAIL)
    assert here != await house.personal.digest("email", EMAIL.upper())


async def test_the_hash_of_another_database_differs(house: House):
    other = House()
    await other.store.open()

    assert await house.personal.digest("email", EMAIL) != await other.personal.digest(
        "email", EMAIL
    )


async def test_a_core_that_lost_the_race_for_the_key_uses_the_winners(house: House):
    class Racing(MemoryStore):
        """Lets the other core be first, once."""

        async def write(self, unit: Any) -> Any:
            if await house.store.read(lambda view: view.document(HOUSE, LOOKUP)) is None:
                await house.personal.digest("email", EMAIL)
                raise Conflict("another was first")
            return await house.store.write(unit)

    racing = Racing(lambda: 0)
    loser = Personal(store=racing, vault=house.vault, clock=house.clock)

    assert await loser.digest("email", EMAIL) == await house.personal.digest("email", EMAIL)
