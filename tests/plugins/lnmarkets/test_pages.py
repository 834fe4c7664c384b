"""Lists of pages: walked whole or not at all, never for ever, and no row twice."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.lnmarkets.clocks import START

from axisor.errors import VenueAnswerInvalid
from axisor_lnmarkets.rest.paging import Page, newest, pages


def book(*rows: tuple[int, ...], circle: int | None = None):
    """Return a fetch of pages in a row, the last of which may lead back to another."""

    async def fetch(cursor: str | None) -> Page[int]:
        at = int(cursor or 0)
        following = str(at + 1) if at + 1 < len(rows) else None
        if following is None and circle is not None:
            following = str(circle)
        return Page(rows[at], following)

    return fetch


async def walk(fetch, **how) -> list[int]:
    return [row async for row in pages(fetch, key=str, **how)]


async def test_pages_are_walked_to_the_last():
    assert await walk(book((1, 2), (3,), ())) == [1, 2, 3]


async def test_a_row_that_moved_to_the_next_page_comes_once():
    assert await walk(book((5, 4), (4, 3), (3, 2, 2))) == [5, 4, 3, 2]


@pytest.mark.parametrize("circle", [0, 1, 2])
async def test_pages_that_go_in_a_circle_are_an_error(circle):
    with pytest.raises(VenueAnswerInvalid, match=r"circle|same rows"):
        await walk(book((3,), (2,), (1,), circle=circle))


async def test_empty_pages_that_go_in_a_circle_are_an_error():
    with pytest.raises(VenueAnswerInvalid, match="circle"):
        await walk(book((3,), (), (), circle=1))


async def test_pages_without_end_are_an_error():
    async def fetch(cursor: str | None) -> Page[int]:
        at = int(cursor or 0)
        return Page((at,), str(at + 1))

    with pytest.raises(VenueAnswerInvalid, match="more than 3"):
        await walk(fetch, most_pages=3)


async def test_a_page_that_comes_again_under_another_cursor_is_an_error():
    with pytest.raises(VenueAnswerInvalid, match="same rows"):
        await walk(book((2, 1), (2, 1), (0,)))


async def test_an_unreadable_row_makes_the_list_an_error_unless_it_may_be_skipped():
    async def fetch(cursor: str | None) -> Page[int]:
        return Page((2, 1), None, ("bad",))

    with pytest.raises(VenueAnswerInvalid, match="cannot be understood") as caught:
        await walk(fetch)

    assert caught.value.metadata["unreadable"] == "bad"
    assert await walk(fetch, skip_unreadable=True) == [2, 1]


async def test_rows_out_of_order_are_an_error_where_order_counts():
    def time(row: int):
        return START + timedelta(seconds=row)

    assert await walk(book((3, 3), (2,)), time=time) == [3, 2]
    with pytest.raises(VenueAnswerInvalid, match="out of order"):
        await walk(book((2,), (3,)), time=time)


async def test_the_newest_rows_are_taken_over_as_many_pages_as_it_takes():
    assert await newest(book((5, 4), (3, 2), (1,)), key=str, most=3) == [5, 4, 3]
    assert await newest(book((5,), (4,)), key=str, most=9) == [5, 4]


@given(st.integers(0, 10_000), st.integers(1, 8))
async def test_any_graph_of_pages_ends_in_each_row_once_or_an_error(seed, count):
    rng = Random(seed)
    graph = [
        Page(
            tuple(rng.choices(range(20), k=rng.randint(0, 4))),
            rng.choice([None, *map(str, range(count))]),
        )
        for _ in range(count)
    ]
    fetched = 0

    async def fetch(cursor: str | None) -> Page[int]:
        nonlocal fetched
        fetched += 1
        return graph[int(cursor or 0)]

    try:
        rows = await walk(fetch)
    except VenueAnswerInvalid:
        rows = []

    assert fetched <= count + 1
    assert len(rows) == len(set(rows))
