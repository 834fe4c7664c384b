"""A journal's chain is verified while it is read, page by page."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from axisor.errors import JournalCorrupt
from axisor.events import BalanceChanged
from axisor.model import Balance, Mode
from axisor_server.domain.journal import Head, extend, head_of
from axisor_server.engine.recovery import Chain

TIME = datetime(2026, 1, 5, tzinfo=UTC)
STREAM = "accounts/a"
SAID = [BalanceChanged(balance=Balance(free=free)) for free in range(7)]
ENTRIES = extend(Head(), stream=STREAM, mode=Mode.SIM, time=TIME, payloads=SAID)
HEAD = head_of(ENTRIES, Head())


def is_sound(entries, *, tail, size, head=HEAD):
    chain = Chain(STREAM, head, tail=tail)
    try:
        for first in range(0, len(entries), size):
            chain.look(entries[first : first + size])
        chain.close()
    except JournalCorrupt:
        return False
    return True


@pytest.mark.parametrize("tail", [0, 1, 3, 7, 10_000])
@pytest.mark.parametrize("size", [1, 2, 1_000])
def test_only_the_tail_of_a_journal_is_verified_whatever_the_pages(tail, size):
    assert is_sound(ENTRIES, tail=tail, size=size)

    for place, entry in enumerate(ENTRIES):
        changed = [*ENTRIES]
        changed[place] = replace(entry, payload=b"{}")
        assert is_sound(changed, tail=tail, size=size) == (place < len(ENTRIES) - tail)


@pytest.mark.parametrize("tail", [0, 3, 10_000])
def test_a_journal_that_ends_elsewhere_is_not_sound(tail):
    assert not is_sound(ENTRIES, tail=tail, size=1_000, head=Head(HEAD.sequence, bytes(32)))
    assert not is_sound(ENTRIES[:-1], tail=tail, size=1_000)
    assert not is_sound((), tail=tail, size=1_000)
    assert is_sound((), tail=tail, size=1_000, head=Head())
