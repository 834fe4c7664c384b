"""`axisor keys` changes the ring of a real directory, and takes no key that is still needed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.memory import VirtualClock
from axisor_server.adapters.vault import open_vault
from axisor_server.keys import STILL_S, keys
from tests.support.sealed import ACCOUNTS, PEOPLE, SECRETS, Sealed

ROWS = len(ACCOUNTS) + len(PEOPLE) + len(SECRETS) + 1


class Place:
    """A data directory with sealed records, and the command beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = sqlite_store(directory)
        self.vault = open_vault(directory)
        self.sealed = Sealed(self.store, self.vault, VirtualClock())

    async def fill(self) -> None:
        """Store the records and let go of the database."""
        await self.store.open()
        await self.sealed.fill(self.vault)
        await self.store.close()

    async def check(self) -> None:
        """Open every record with what is on the ring now."""
        await self.store.open()
        await self.sealed.check(open_vault(self.directory))
        await self.store.close()

    def run(self, *words: str) -> Any:
        """Run the command and return what it says, or its error."""
        done = CliRunner().invoke(
            keys, [*words, "--data-dir", str(self.directory), "--output", "json"]
        )
        return json.loads(done.output)

    def listed(self) -> list[tuple[str, bool, int]]:
        """Return every key, whether it seals, and how many records need it."""
        return [(each["key"], each["seals"], each["records"]) for each in self.run("list")]

    def settle(self) -> None:
        """Let the ring have been as it is for long enough."""
        path = self.directory / "vault.key"
        then = path.stat().st_mtime - STILL_S - 1
        os.utime(path, (then, then))


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """Return a directory with sealed records."""
    made = Place(tmp_path / "data")
    await made.fill()
    return made


async def run_elsewhere(place: Place, *words: str) -> Any:
    """Run the command off this loop, as it runs one of its own."""
    import asyncio

    return await asyncio.to_thread(place.run, *words)


async def test_a_key_is_rotated_rewrapped_and_retired(place: Place):
    ((old, _, _),) = place.listed()

    new = place.run("rotate")["key"]
    assert place.listed() == [(new, True, 0), (old, False, ROWS)]
    done = await run_elsewhere(place, "rewrap")
    assert done == {"key": new, "wrapped": ROWS, "broken": []}
    assert place.listed() == [(new, True, ROWS), (old, False, 0)]
    place.settle()
    assert place.run("retire", old) == {"key": old}

    assert place.listed() == [(new, True, ROWS)]
    await place.check()


async def test_a_key_that_records_need_is_not_retired(place: Place):
    ((old, _, _),) = place.listed()
    place.run("rotate")
    place.settle()

    refused = place.run("retire", old)["error"]

    assert refused["reason"] == "VAULT_KEY_IN_USE"
    assert refused["metadata"] == {"key": old, "records": str(ROWS)}
    assert len(place.listed()) == 2


async def test_a_key_is_not_retired_right_after_the_ring_changed(place: Place):
    ((old, _, _),) = place.listed()
    place.run("rotate")
    await run_elsewhere(place, "rewrap")

    refused = place.run("retire", old)["error"]

    assert refused["reason"] == "VAULT_KEY_IN_USE"
    assert "moment ago" in refused["message"]


async def test_a_key_is_added_for_every_core_before_it_seals(place: Place):
    ((old, _, _),) = place.listed()

    added = place.run("add")["key"]
    assert [each[:2] for each in place.listed()] == [(old, True), (added, False)]
    place.run("rotate", added)

    assert [each[:2] for each in place.listed()] == [(added, True), (old, False)]
    await place.check()


async def test_exchange_keys_and_persons_keys_are_sealed_anew(place: Place):
    assert await run_elsewhere(place, "reseal") == {"resealed": len(ACCOUNTS) + len(PEOPLE) + 1}
    await place.check()


async def test_what_a_core_holds_is_left_to_the_core(place: Place):
    await place.store.open()
    try:
        refused = await run_elsewhere(place, "rewrap")
    finally:
        await place.store.close()

    assert refused["error"]["reason"] == "STORE_IN_USE"


def test_no_database_is_made_where_there_is_none(tmp_path: Path):
    place = Place(tmp_path / "none")

    assert place.run("rewrap")["error"]["reason"] == "STORE_UNAVAILABLE"
    assert not list(tmp_path.glob("none/*.db"))


def test_people_read_a_table(tmp_path: Path):
    open_vault(tmp_path)

    done = CliRunner().invoke(keys, ["add", "--data-dir", str(tmp_path)])

    assert len(done.output.strip()) == 16
