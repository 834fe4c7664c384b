"""Walks the venue's pages, newest first, never for ever and never in a circle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from axisor.errors import VenueAnswerInvalid
from axisor_lnmarkets.wire import Value, iso

T = TypeVar("T")

MOST_PAGES = 200
"""Pages walked at most: two hundred thousand rows at the venue's largest page."""


class Page(Struct, Generic[T], frozen=True, rename="camel"):
    """Rows, newest first; `next_cursor` is None on the last page."""

    data: tuple[T, ...]
    next_cursor: str | None = None


class PageQuery(Struct, frozen=True, kw_only=True):
    """What part of a list to return: rows from and to a time, at most `limit` (1 to 1000)."""

    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    cursor: str | None = None

    def fields(self) -> list[tuple[str, Value | None]]:
        """Return the query's fields as the venue names them."""
        return [
            ("from", None if self.start is None else iso(self.start)),
            ("to", None if self.end is None else iso(self.end)),
            ("limit", self.limit),
            ("cursor", self.cursor),
        ]


FIRST = PageQuery()
"""The newest rows, as many as the venue gives at once."""


async def pages(
    fetch: Callable[[str | None], Awaitable[Page[T]]], *, most_pages: int = MOST_PAGES
) -> AsyncIterator[T]:
    """Yield every row, page after page; `fetch` is given the cursor, None at first.

    Raises VenueAnswerInvalid where a cursor comes again or there are more than `most_pages`.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most_pages):
        page = await fetch(cursor)
        for row in page.data:
            yield row
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in seen:
            raise VenueAnswerInvalid("The venue's pages go in a circle.", field="nextCursor")
        seen.add(cursor)
    raise VenueAnswerInvalid(
        f"The venue has more than {most_pages} pages.",
        fix="Ask for a shorter span of time.",
        field="nextCursor",
    )
