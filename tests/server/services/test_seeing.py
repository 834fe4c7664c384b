"""A use case that asks for too much gets its caller's part, on every store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.rows import READS, fill

from axisor.model import Permission
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.memory.store import MemoryStore
from axisor_server.domain.roles import EVERYTHING
from axisor_server.ports import Reader, Store
from axisor_server.services.principals import Principal, owner
from axisor_server.services.seeing import Seeing, also, look_as

ANN = Principal(
    name="people/ann",
    tenant="ann",
    person="ann",
    platform=Permission.READ,
    accounts={"mine": EVERYTHING},
)
ADAM = Principal(
    name="people/adam", person="adam", platform=Permission.READ | Permission.ADMIN, accounts={}
)
SUPPORT = Principal(
    name="people/sue",
    person="sue",
    platform=Permission.READ,
    accounts={},
    everywhere=Permission.READ,
)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Open a store with something of everybody's."""
    made: Store = MemoryStore() if request.param == "memory" else sqlite_store(tmp_path)
    await made.open()
    await made.write(fill)
    yield made
    await made.close()


async def as_(principal: Principal | None, store: Store, read: Callable[[Reader], Any]) -> Any:
    """Return what a use case reads on behalf of a caller, in a task as a call has one."""

    async def call() -> Any:
        if principal is not None:
            look_as(principal)
        return await Seeing(store).read(read)

    return await asyncio.create_task(call())


@pytest.mark.parametrize("name", READS)
async def test_a_caller_reads_what_is_theirs_and_nothing_else(store: Store, name: str) -> None:
    read = READS[name]

    assert await as_(ANN, store, lambda view: read(view, "mine"))
    assert not await as_(ANN, store, lambda view: read(view, "theirs"))


@pytest.mark.parametrize("principal", [None, owner(), SUPPORT], ids=["core", "owner", "support"])
async def test_who_sees_every_account_reads_all(store: Store, principal: Principal | None) -> None:
    def all_of(view: Reader) -> list[str]:
        return [name for name, read in READS.items() if not read(view, "theirs")]

    assert await as_(principal, store, all_of) == []


def test_every_read_of_the_port_is_tried() -> None:
    nobodys = {"live_engines", "narrow"}
    named = {name for name in vars(Reader) if not name.startswith("_")} - nobodys
    tried = {code for read in READS.values() for code in read.__code__.co_names}

    assert named - tried == set()


async def test_the_journal_of_the_core_is_for_who_looks_after_it(store: Store) -> None:
    def read(view: Reader) -> int:
        return view.head("platform").sequence

    assert await as_(ANN, store, read) == 0
    assert await as_(ADAM, store, read) == 1


async def test_who_looks_after_people_sees_them_and_no_account(store: Store) -> None:
    assert await as_(ADAM, store, lambda view: len(view.documents("own"))) == 2
    assert await as_(ADAM, store, lambda view: view.accounts()) == []


async def test_what_belongs_to_nobody_is_seen_by_everybody(store: Store) -> None:
    assert await as_(ANN, store, lambda view: view.document("house", "h"))


async def test_an_account_that_a_call_adds_is_seen_by_it(store: Store) -> None:
    async def call() -> tuple[Any, Any]:
        look_as(ANN)
        seeing = Seeing(store)
        before = await seeing.read(lambda view: view.account("theirs"))
        await asyncio.create_task(_add())
        return before, await seeing.read(lambda view: view.account("theirs"))

    async def _add() -> None:
        also("theirs")

    before, after = await asyncio.create_task(call())

    assert before is None
    assert after is not None


async def test_what_one_call_sees_is_nothing_to_the_next(store: Store) -> None:
    await as_(ANN, store, lambda view: view.accounts())

    assert len(await as_(None, store, lambda view: view.accounts())) == 2
