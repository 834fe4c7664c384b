"""A journal folded in parts is the journal folded at once, also where a part was kept as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axisor_server.adapters.memory import MemoryStore
from axisor_server.domain.journal import Entry
from axisor_server.engine.projecting import (
    EDITION,
    KIND,
    PAGE,
    Fold,
    Projection,
    kept,
    project_all,
    project_page,
    to_document,
)
from axisor_server.services.replay.files import FileSource
from tests.support import records

CORPUS = Path(__file__).parents[2] / "replay" / "corpus"
RECORDED = {path.name.partition(".")[0]: path for path in sorted(CORPUS.glob("*.jsonl.gz"))}
STREAM = "accounts/a"


def journal(name: str) -> list[Entry]:
    return list(FileSource(RECORDED[name]).entries())


def through_json(told: Projection, hash: bytes) -> Projection:
    record = to_document(STREAM, Fold(hash=hash, told=told), None, now_us=7)
    return msgspec.json.decode(record.body, type=Fold).told


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_journal_folded_in_parts_is_what_it_is_at_once(name: str) -> None:
    entries = journal(name)
    whole = project_page(Projection(), entries)
    assert whole.sequence == entries[-1].sequence

    for cut in range(1, len(entries), max(1, len(entries) // 50)):
        first = project_page(Projection(), entries[:cut])
        kept_ = through_json(first, entries[cut - 1].hash)
        assert kept_ == first
        assert project_page(kept_, entries[cut:]) == whole


@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_where_pages_end_makes_no_difference(sizes: list[int]) -> None:
    entries = journal("mixed")
    told, rest = Projection(), entries
    for size in sizes:
        told, rest = project_page(told, rest[:size]), rest[size:]

    assert project_page(told, rest) == project_page(Projection(), entries)


class Bench:
    """A store with a journal of notices."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    async def add(self, count: int) -> None:
        notices = [records.notice(f"{number}") for number in range(count)]
        await self.store.write(records.appending(*notices, stream=STREAM))

    async def fold(self) -> Fold:
        entries = await self.store.read(lambda view: view.entries(STREAM, after=0, limit=9_999))
        return Fold(hash=entries[-1].hash, told=project_page(Projection(), entries))

    async def keep(self, fold: Fold) -> None:
        record = to_document(STREAM, fold, None, now_us=7)
        await self.store.write(lambda tx: tx.put_document(record, revision=None))


@pytest.fixture
async def bench():
    found = Bench()
    await found.store.open()
    yield found
    await found.store.close()


async def test_a_fold_that_fits_is_begun_from(bench: Bench) -> None:
    await bench.add(5)
    fold = await bench.fold()
    await bench.keep(fold)
    await bench.add(3)

    assert await bench.store.read(lambda view: kept(view, STREAM)) == fold


async def test_without_a_fold_everything_is_read(bench: Bench) -> None:
    await bench.add(5)

    assert await bench.store.read(lambda view: kept(view, STREAM)) == Fold()


@pytest.mark.parametrize("what", ["edition", "hash", "beyond", "garbage"])
async def test_a_fold_that_does_not_fit_its_journal_is_left_out(bench: Bench, what: str) -> None:
    await bench.add(5)
    fold = await bench.fold()
    match what:
        case "edition":
            fold = replace(fold, edition=EDITION + 1)
        case "hash":
            fold = replace(fold, hash=bytes(32))
        case "beyond":
            fold = replace(fold, told=replace(fold.told, sequence=6))
    await bench.keep(fold)
    if what == "garbage":
        present = await bench.store.read(lambda view: view.document(KIND, STREAM))
        assert present is not None
        spoilt = replace(present, body=b'{"told": 7}', revision=2)
        await bench.store.write(lambda tx: tx.put_document(spoilt, revision=1))

    assert await bench.store.read(lambda view: kept(view, STREAM)) == Fold()


@pytest.mark.parametrize("since", [0, 1, PAGE - 1, PAGE, 2 * PAGE + 4])
async def test_what_was_folded_before_is_only_shown(bench: Bench, since: int) -> None:
    await bench.add(2 * PAGE + 5)
    entries = await bench.store.read(lambda view: view.entries(STREAM, after=0, limit=9_999))
    before = project_page(Projection(), entries[: PAGE + 7])
    shown: list[int] = []

    told = await bench.store.read(
        lambda view: project_all(
            view,
            STREAM,
            before,
            since=since,
            look=lambda page: shown.extend(entry.sequence for entry in page),
        )
    )

    assert told == project_page(Projection(), entries)
    assert shown == list(range(min(since, PAGE + 7) + 1, len(entries) + 1))
