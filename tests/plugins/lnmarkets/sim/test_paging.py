"""Pages by cursor show every row once, whatever the times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from axisor_lnmarkets.sim.paging import PageRequest, page
from axisor_lnmarkets.sim.wire import parse_iso

START = datetime(2026, 1, 1, tzinfo=UTC)


class Row(Struct, frozen=True):
    """A row with a time and a number."""

    time: datetime
    number: int


@given(st.lists(st.integers(0, 20_000), max_size=40), st.integers(1, 10))
def test_following_the_cursor_shows_every_row_once_newest_first(offsets: list[int], limit: int):
    offsets.sort()
    rows = [Row(START + timedelta(microseconds=o), i) for i, o in enumerate(offsets)]

    seen: list[int] = []
    cursor: datetime | None = None
    for _ in range(len(rows) + 1):
        answer = page(
            rows,
            PageRequest(cursor=cursor, limit=limit),
            time=lambda row: row.time,
            view=lambda row: row.number,
        )
        assert isinstance(answer, dict)
        data, following = answer["data"], answer["nextCursor"]
        assert isinstance(data, list)
        seen += [int(str(number)) for number in data]
        if following is None:
            break
        cursor = parse_iso(str(following))

    assert seen == [row.number for row in reversed(rows)]
