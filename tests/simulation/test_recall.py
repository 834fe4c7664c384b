"""What a world's reads remember is what the database would answer, whatever is committed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from axisor.events import AccountOpened
from axisor.model import Mode
from axisor_server.domain.journal import Head, extend
from tests.simulation.faults import Faults
from tests.simulation.loop import START, SimLoop
from tests.simulation.recall import TellingSession
from tests.simulation.scene import RUN, STREAM, furnish
from tests.simulation.store import SharedDatabase


@contextmanager
def world() -> Iterator[SharedDatabase]:
    """Open a database in the thread of whoever asks: a test has one of its own here."""
    loop = SimLoop(random.Random(1))
    database = SharedDatabase(loop, Faults(1), 1)
    try:
        yield database
    finally:
        database.close()
        loop.close()


def counted(shared: SharedDatabase) -> list[str]:
    """Return a list that grows by each statement the database is asked from now on."""
    asked: list[str] = []
    shared.connection.set_trace_callback(asked.append)
    return asked


def test_what_nothing_changed_is_asked_once():
    with world() as shared:
        shared.setup(furnish)
        first = shared.recalled.accounts(), shared.recalled.meta("halt")
        asked = counted(shared)

        again = shared.recalled.accounts(), shared.recalled.meta("halt")

        assert again == first
        assert asked == []


def test_what_a_commit_changed_is_asked_again():
    with world() as shared:
        shared.setup(furnish)
        reader = shared.recalled
        before = reader.run(RUN)
        assert before is not None
        assert reader.meta("key") is None

        shared.setup(lambda tx: tx.put_meta("key", "value"))
        shared.setup(lambda tx: tx.save_step(RUN, step=1, memory=b"{}", wake=b"{}", now_us=2))

        after = reader.run(RUN)
        assert after is not None
        assert (before.step, after.step) == (0, 1)
        assert reader.meta("key") == "value"


def test_a_journal_is_read_on_from_where_it_was():
    with world() as shared:
        shared.setup(furnish)
        reader, plain = shared.recalled, shared.reader()
        known = reader.entries(STREAM, after=0, limit=100)
        head = Head(sequence=known[-1].sequence, hash=known[-1].hash)
        said = AccountOpened(venue="stage", network="signet", mode=Mode.LIVE, label="again")
        more = extend(head, stream=STREAM, mode=Mode.LIVE, time=START, payloads=(said, said))
        asked = counted(shared)

        shared.setup(lambda tx: tx.append(head, more, epoch=None))
        grown = reader.entries(STREAM, after=1, limit=100)

        assert grown == (*known[1:], *more)
        assert [text for text in asked if f"sequence > {len(known)}" in text]
        for after in range(7):
            for limit in (0, 1, 2, 100):
                found = reader.entries(STREAM, after=after, limit=limit)
                assert found == plain.entries(STREAM, after=after, limit=limit)


def test_a_journal_with_a_hole_is_left_to_the_database():
    with world() as shared:
        shared.setup(furnish)
        shared.connection.execute("DELETE FROM journal WHERE sequence = 2")

        found = shared.recalled.entries(STREAM, after=0, limit=100)

        assert [entry.sequence for entry in found] == [1, 3]


def test_what_time_decides_is_asked_each_time():
    with world() as shared:
        now_us = shared.loop.now_us()
        shared.setup(lambda tx: tx.beat("core", ttl_us=1_000_000, room=1, now_us=now_us))
        assert [engine.owner for engine in shared.recalled.live_engines()] == ["core"]

        shared.loop._now += 2

        assert shared.recalled.live_engines() == ()


def test_no_statement_may_change_the_past():
    with world() as shared:
        session = TellingSession(shared.connection, lambda: 0)

        with pytest.raises(ValueError, match="only grows"):
            session.execute("DELETE FROM journal WHERE sequence = 2")
