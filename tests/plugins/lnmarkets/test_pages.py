"""Lists of pages: walked to the end, and never for ever."""

from __future__ import annotations

import pytest

from axisor.errors import VenueAnswerInvalid
from axisor_lnmarkets.rest.paging import Page, pages


async def test_pages_are_walked_to_the_last():
    book = {None: Page((1, 2), "a"), "a": Page((3,), "b"), "b": Page((), None)}

    async def fetch(cursor: str | None) -> Page[int]:
        return book[cursor]

    assert [row async for row in pages(fetch)] == [1, 2, 3]


async def test_pages_that_go_in_a_circle_are_an_error():
    async def fetch(cursor: str | None) -> Page[int]:
        return Page((1,), "b" if cursor == "a" else "a")

    with pytest.raises(VenueAnswerInvalid, match="circle"):
        [row async for row in pages(fetch)]


async def test_pages_without_end_are_an_error():
    async def fetch(cursor: str | None) -> Page[int]:
        return Page((1,), f"{cursor}x")

    with pytest.raises(VenueAnswerInvalid, match="more than 3"):
        [row async for row in pages(fetch, most_pages=3)]
