"""Checkpoints: what they sign, and every way a journal stops being the one they speak of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec import structs

from axisor.errors import CheckpointInvalid, JournalCorrupt
from axisor.events import NoticeGiven
from axisor.model import Mode, Severity
from axisor_server.adapters.signing import SigningKey, is_genuine
from axisor_server.domain.checkpoints import (
    KEPT,
    Checkpoint,
    Marks,
    check_signed,
    from_document,
    from_line,
    is_due,
    to_document,
    to_line,
)
from axisor_server.domain.journal import Entry, Head, extend
from axisor_server.domain.merkle import root_of
from tests.support.checkpoints import compare
from tests.support.rechain import rechained

STREAM = "platform"
KEY = SigningKey(bytes(range(32)))


def journal(count: int) -> list[Entry]:
    payloads = [
        NoticeGiven(severity=Severity.OK, code="n", text=f"entry {number}")
        for number in range(1, count + 1)
    ]
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return list(extend(Head(), stream=STREAM, mode=Mode.SIM, time=time, payloads=payloads))


def checkpoint_of(entries: list[Entry]) -> Checkpoint:
    bare = Checkpoint(
        stream=STREAM,
        sequence=len(entries),
        hash=entries[-1].hash,
        root=root_of([entry.hash for entry in entries]),
        time_us=7,
        key=KEY.id,
    )
    return structs.replace(bare, signature=KEY.sign(bare.statement))


JOURNAL = journal(10_000)
POINTS = [checkpoint_of(JOURNAL[:upto]) for upto in (1_000, 5_000, 9_999)]


def test_a_whole_journal_fits_its_checkpoints():
    marks = compare(JOURNAL, POINTS, stream=STREAM)

    assert marks.head == Head(10_000, JOURNAL[-1].hash)
    assert marks.frontier.root == root_of([entry.hash for entry in JOURNAL])


def _edited(entries: list[Entry], at: int) -> None:
    changed = entries[at].payload.replace(b"entry", b"Entry")
    entries[at] = structs.replace(entries[at], payload=changed)


def _deleted(entries: list[Entry], at: int) -> None:
    del entries[at]


def _inserted(entries: list[Entry], at: int) -> None:
    entries.insert(at, entries[at])


def _swapped(entries: list[Entry], at: int) -> None:
    entries[at], entries[at + 1] = entries[at + 1], entries[at]


@pytest.mark.parametrize("at", [0, 1, 999, 1_000, 5_000, 9_997])
@pytest.mark.parametrize(
    ("change", "later"), [(_edited, 0), (_deleted, 0), (_inserted, 1), (_swapped, 0)]
)
def test_the_first_changed_entry_is_named(
    change: Callable[[list[Entry], int], None], later: int, at: int
):
    entries = [*JOURNAL]
    change(entries, at)

    with pytest.raises(JournalCorrupt) as found:
        compare(entries, POINTS, stream=STREAM)

    assert int(found.value.metadata["sequence"]) == at + 1 + later


@pytest.mark.parametrize("left", [0, 1, 4_999, 9_998])
def test_a_journal_that_ends_before_its_checkpoint_is_told_where(left: int):
    with pytest.raises(JournalCorrupt) as found:
        compare(JOURNAL[:left], POINTS, stream=STREAM)

    assert int(found.value.metadata["sequence"]) == left + 1


def test_what_is_cut_off_after_the_last_checkpoint_cannot_be_told():
    assert compare(JOURNAL[:9_999], POINTS, stream=STREAM).frontier.size == 9_999


@pytest.mark.parametrize(("at", "first"), [(10, 1), (1_500, 1_001), (9_998, 5_001)])
def test_a_journal_hashed_anew_is_told_from_the_last_checkpoint_that_fits(at: int, first: int):
    entries = [*JOURNAL]
    _edited(entries, at)
    entries = list(rechained(entries))

    with pytest.raises(JournalCorrupt) as found:
        compare(entries, POINTS, stream=STREAM)

    assert int(found.value.metadata["sequence"]) == first
    assert compare(entries, [], stream=STREAM).frontier.size == 10_000


def test_an_entry_of_another_journal_has_no_place():
    stranger = journal(1)[0]
    with pytest.raises(JournalCorrupt) as found:
        compare([stranger], [], stream="accounts/a")

    assert int(found.value.metadata["sequence"]) == 1


def test_checkpoints_of_other_journals_are_left_alone():
    other = structs.replace(POINTS[0], stream="accounts/a", root=b"other")

    assert compare(JOURNAL[:10], [other], stream=STREAM).frontier.size == 10


@pytest.mark.parametrize(
    "part", ["stream", "sequence", "hash", "root", "time_us", "key", "signature"]
)
def test_every_part_of_a_checkpoint_is_signed(part: str):
    present = getattr(POINTS[0], part)
    changed = {
        "stream": "accounts/a",
        "sequence": 1_001,
        "time_us": 8,
        "key": "0" * 16,
    }.get(part, bytes(len(present)) if isinstance(present, bytes) else None)

    with pytest.raises(CheckpointInvalid):
        check_signed(structs.replace(POINTS[0], **{part: changed}), genuine)

    check_signed(POINTS[0], genuine)


def test_another_key_signed_nothing_of_this_core():
    other = SigningKey(bytes(32))

    assert not is_genuine(other.public, KEY.id, POINTS[0].statement, POINTS[0].signature)
    assert not is_genuine(other.public, other.id, POINTS[0].statement, POINTS[0].signature)


def genuine(key: str, text: bytes, signature: bytes) -> bool:
    return is_genuine(KEY.public, key, text, signature)


def test_a_checkpoint_comes_back_from_its_line():
    assert from_line(to_line(POINTS[0])) == POINTS[0]
    assert to_line(POINTS[0]).count(b"\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"null\n",
        to_line(POINTS[0]).replace(b'"checkpoint":1', b'"checkpoint":2'),
        to_line(POINTS[0]).replace(b'"sequence":1000', b'"sequence":0'),
        to_line(POINTS[0]).replace(b'"hash":"', b'"hash":"zz'),
        to_line(POINTS[0]).replace(b'"key"', b'"more":1,"key"'),
    ],
)
def test_what_is_no_checkpoint_is_refused(line: bytes):
    with pytest.raises(CheckpointInvalid):
        from_line(line)


@pytest.mark.parametrize(
    ("sequence", "now_us", "due"),
    [
        (1_000, 10**12, False),  # nothing was added
        (1_001, 59_999_999, False),
        (1_001, 60_000_000, True),
        (1_999, 0, False),
        (2_000, 0, True),
    ],
)
def test_a_checkpoint_is_due_by_entries_or_by_time(sequence: int, now_us: int, due: bool):
    marks = Marks().grown(JOURNAL[:1_000])

    assert is_due(sequence, marks, now_us=now_us, entries=1_000, every_us=60_000_000) is due


def test_marks_come_back_from_their_document_with_the_latest_checkpoints():
    marks = Marks().grown(JOURNAL[:1_000])
    for number in range(KEPT + 5):
        marks = marks.with_checkpoint(structs.replace(POINTS[0], time_us=number))

    record = to_document(STREAM, marks, None)

    assert from_document(record) == marks
    assert [each.time_us for each in marks.latest] == list(range(5, KEPT + 5))
    assert to_document(STREAM, marks, record).revision == 2
    assert from_document(None) == Marks()
