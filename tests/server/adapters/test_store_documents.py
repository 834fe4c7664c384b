"""What every store promises about documents: revisions, unique keys, owners, forgetting."""

from __future__ import annotations

import pytest

from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Conflict, Reader, Store


def document(id: str = "d", **changes: object) -> DocumentRecord:
    fields: dict[str, object] = {"kind": "person", "body": b"{}", "created_us": 1, "updated_us": 1}
    return DocumentRecord(id=id, **{**fields, **changes})  # type: ignore[arg-type]


async def put(store: Store, *records: DocumentRecord, keys: tuple[str, ...] = ()) -> None:
    for record in records:
        await store.write(lambda t, r=record: t.put_document(r, revision=None, keys=keys))  # type: ignore[misc]


def ids(records: object) -> list[str]:
    return [record.id for record in records]  # type: ignore[attr-defined]


async def test_a_document_comes_back_as_it_was(store: Store):
    record = document(tenant="t", owner="o", about="a", body=b"\x00\xff", until_us=9)

    await put(store, record)

    assert await store.read(lambda r: r.document("person", "d")) == record
    assert await store.read(lambda r: r.document("session", "d")) is None


async def test_a_document_is_replaced_only_at_the_revision_that_was_read(store: Store):
    await put(store, document())
    second = document(revision=2, body=b"2")

    await store.write(lambda t: t.put_document(second, revision=1))

    for revision in (None, 1, 3):
        with pytest.raises(Conflict):
            await store.write(lambda t, at=revision: t.put_document(document(), revision=at))  # type: ignore[misc]
    assert await store.read(lambda r: r.document("person", "d")) == second


async def test_of_two_successors_one_is_written(store: Store):
    await put(store, document())
    outcomes = []
    for body in (b"first", b"second"):
        try:
            await store.write(
                lambda t, b=body: t.put_document(document(revision=2, body=b), revision=1)  # type: ignore[misc]
            )
            outcomes.append("written")
        except Conflict:
            outcomes.append("refused")

    assert outcomes == ["written", "refused"]


async def test_a_document_is_found_by_each_of_its_keys(store: Store):
    await put(store, document(), keys=("email/a", "name/a"))

    for key in ("email/a", "name/a"):
        assert await store.read(lambda r, k=key: r.document_by("person", k)) == document()  # type: ignore[misc]
    assert await store.read(lambda r: r.document_by("session", "email/a")) is None
    assert await store.read(lambda r: r.document_by("person", "email/b")) is None


async def test_a_key_belongs_to_one_document_of_a_kind(store: Store):
    await put(store, document(), keys=("email/a",))

    with pytest.raises(Conflict) as refused:
        await put(store, document("other"), keys=("email/a",))

    assert "email" not in str(refused.value)
    assert await store.read(lambda r: r.document("person", "other")) is None
    await put(store, document("other", kind="session"), keys=("email/a",))


async def test_new_keys_replace_the_old_ones(store: Store):
    await put(store, document(), keys=("a", "b"))

    await store.write(
        lambda t: t.put_document(document(revision=2), revision=1, keys=("b", "c", "c"))
    )

    def found(view: Reader) -> list[bool]:
        return [view.document_by("person", key) is not None for key in "abc"]

    assert await store.read(found) == [False, True, True]
    await put(store, document("other"), keys=("a",))


async def test_documents_are_listed_by_owner_and_subject_oldest_first(store: Store):
    await put(
        store,
        document("3", owner="o", about="x", created_us=3),
        document("1", owner="o", about="y"),
        document("2", owner="p", about="x"),
        document("4", kind="session", owner="o", about="x"),
    )

    assert ids(await store.read(lambda r: r.documents("person"))) == ["1", "2", "3"]
    assert ids(await store.read(lambda r: r.documents("person", owner="o"))) == ["1", "3"]
    assert ids(await store.read(lambda r: r.documents("person", about="x"))) == ["2", "3"]
    assert ids(await store.read(lambda r: r.documents("person", owner="o", about="x"))) == ["3"]
    assert ids(await store.read(lambda r: r.documents("person", owner=""))) == []


async def test_a_deleted_document_gives_its_keys_back(store: Store):
    await put(store, document(), keys=("a",))

    assert await store.write(lambda t: t.delete_document("person", "d"))
    assert not await store.write(lambda t: t.delete_document("person", "d"))

    await put(store, document("other"), keys=("a",))
    assert await store.read(lambda r: r.document_by("person", "a")) == document("other")


async def test_only_documents_whose_time_has_ended_are_forgotten(store: Store):
    await put(store, document("always"))
    await put(store, document("over", until_us=9), keys=("a",))
    await put(store, document("now", until_us=10))

    assert await store.write(lambda t: t.forget_documents(before_us=10)) == 1

    assert ids(await store.read(lambda r: r.documents("person"))) == ["always", "now"]
    assert await store.read(lambda r: r.document_by("person", "a")) is None


async def test_a_unit_that_raises_takes_documents_and_keys_back(store: Store):
    await put(store, document(), keys=("a",))

    def unit(t: object) -> None:
        t.put_document(document(revision=2), revision=1, keys=("b",))  # type: ignore[attr-defined]
        t.delete_document("person", "d")  # type: ignore[attr-defined]
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(unit)

    assert await store.read(lambda r: r.document_by("person", "a")) == document()
    assert await store.read(lambda r: r.document_by("person", "b")) is None
