"""Whatever is changed or exchanged of what is stored sealed, all of it is noticed."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable

import msgspec
import pytest
from msgspec import Struct
from tests.support.sealed import ACCOUNTS, EMAIL, PEOPLE, SECRETS, Sealed

from axisor.errors import VaultSealBroken, VenueAuth
from axisor_server.adapters.memory import MemoryStore, MemoryVault, VirtualClock
from axisor_server.domain.personal import HOUSE, LOOKUP, PERSONAL, kept_key
from axisor_server.engine.keys import open_key
from axisor_server.ports import Reader

NOTICED = (VaultSealBroken, VenueAuth)


class Field(Struct, frozen=True):
    """One sealed field where it lies, and what opens it there."""

    place: str
    sealed: bytes
    open: Callable[[bytes], object]


def fields(view: Reader, made: Sealed, vault: MemoryVault) -> list[Field]:
    """Return every sealed field of a filled store."""
    found: list[Field] = []

    def field(place: str, sealed: bytes | None, open: Callable[[bytes], object]) -> None:
        assert sealed is not None
        found.append(Field(place, sealed, open))

    def exchange(id: str) -> Callable[[bytes], object]:
        return lambda sealed: open_key(vault, sealed, account=id, network="signet")

    def bound(purpose: str, id: str) -> Callable[[bytes], object]:
        return lambda sealed: vault.unseal(sealed, purpose=purpose, bound=(id,))

    def email(id: str) -> Callable[[bytes], object]:
        return lambda sealed: made.personal.unseal(view, id, sealed, field="email")

    for id in ACCOUNTS:
        field(id, view.sealed(id), exchange(id))
    for kind, id in (*((PERSONAL, id) for id in PEOPLE), (HOUSE, LOOKUP)):
        document = view.document(kind, id)
        assert document is not None
        kept = kept_key(document)
        field(f"{kind}/{id}", kept.sealed, bound(kept.purpose, id))
    for id in PEOPLE:
        field(f"{id} email", base64.b64decode(_text(view, "person", id, "email")), email(id))
    for id in SECRETS:
        private = base64.b64decode(_text(view, "signing", id, "keys", 0, "private"))
        field(id, private, bound("signing key", id))
    return found


def _text(view: Reader, kind: str, id: str, *path: str | int) -> str:
    document = view.document(kind, id)
    assert document is not None
    found = msgspec.json.decode(document.body)
    for part in path:
        found = found[part]
    return str(found)


async def stored() -> list[Field]:
    """Fill a store and return its sealed fields, each of which opens."""
    vault = MemoryVault(5)
    store = MemoryStore(lambda: 0)
    await store.open()
    made = Sealed(store, vault, VirtualClock())
    await made.fill(vault)
    found = await store.read(lambda view: fields(view, made, vault))
    assert sum(field.open(field.sealed) == EMAIL for field in found) == len(PEOPLE)
    return found


async def test_every_changed_byte_of_every_stored_field_is_noticed():
    changes = 0
    for field in await stored():
        for index, change in itertools.product(range(len(field.sealed)), (0x01, 0x80, 0xFF)):
            changed = bytearray(field.sealed)
            changed[index] ^= change
            with pytest.raises(NOTICED):
                field.open(bytes(changed))
            changes += 1

    assert changes > 14 * 3 * 100


async def test_every_pair_of_stored_fields_that_is_exchanged_is_noticed():
    found = await stored()

    for one, other in itertools.permutations(found, 2):
        with pytest.raises(NOTICED):
            one.open(other.sealed)

    assert len(found) == 14


async def test_every_field_put_together_from_two_others_is_noticed():
    found = await stored()

    for one, other in itertools.permutations(found, 2):
        half = len(one.sealed) // 2
        with pytest.raises(NOTICED):
            one.open(one.sealed[:half] + other.sealed[half:])
