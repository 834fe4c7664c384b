"""Reads and walks the venue's pages, newest first, never for ever and never in a circle.

A list that could not be walked to its end is an error, never a shorter list: what is absent from it
may be taken as proof that nothing happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

from axisor.errors import VenueAnswerInvalid
from axisor.ports import Lane
from axisor_lnmarkets.transport import Transport
from axisor_lnmarkets.wire import CursorField, Value, iso, shape_each

T = TypeVar("T")

MOST_PAGES = 200
"""Pages walked at most: two hundred thousand rows at the venue's largest page."""


class Page(Struct, Generic[T], frozen=True):
    """Rows, newest first; `next_cursor` is None on the last page.

    `unreadable` names rows that could not be understood.
    """

    data: tuple[T, ...]
    next_cursor: str | None
    unreadable: tuple[str, ...] = ()


class _RawPage(Struct, frozen=True, rename="camel"):
    """A page as it comes. Without its cursor it could be a part that passes for the whole."""

    data: tuple[Any, ...]  # shaped row by row
    next_cursor: CursorField | None


async def read_page(
    transport: Transport,
    kind: type[T],
    path: str,
    query: Sequence[tuple[str, Value | None]],
    *,
    signed: bool = True,
    lane: Lane = Lane.READ,
) -> Page[T]:
    """Return one page of a list, row by row. Raises VenueError."""
    raw = await transport.get(_RawPage, path, query, signed=signed, lane=lane)
    rows = shape_each(kind, raw.data, what=path)
    return Page(rows.items, raw.next_cursor, rows.unreadable)


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
    fetch: Callable[[str | None], Awaitable[Page[T]]],
    *,
    key: Callable[[T], str],
    time: Callable[[T], datetime] | None = None,
    most_pages: int = MOST_PAGES,
    skip_unreadable: bool = False,
) -> AsyncIterator[T]:
    """Yield every row once, page after page; `fetch` is given the cursor, None at first.

    Rows are told apart by `key`, so that one which moved to the next page meanwhile is not counted
    twice; with `time` their order is checked. Raises VenueAnswerInvalid where the list cannot be
    walked whole: a row is unreadable, rows are out of order, a cursor or a whole page comes again,
    or there are more than `most_pages`.
    """
    cursor: str | None = None
    cursors: set[str] = set()
    seen: set[str] = set()
    last: datetime | None = None
    for _ in range(most_pages):
        page = await fetch(cursor)
        if page.unreadable and not skip_unreadable:
            raise VenueAnswerInvalid(
                "A list of the venue's holds rows that cannot be understood.",
                unreadable=",".join(page.unreadable[:10]),
            )
        fresh = [row for row in page.data if key(row) not in seen]
        if page.data and not fresh:
            raise VenueAnswerInvalid("The venue's pages bring the same rows.", field="nextCursor")
        for row in fresh:
            if key(row) in seen:
                continue
            seen.add(key(row))
            if time is not None:
                if last is not None and time(row) > last:
                    raise VenueAnswerInvalid("A list of the venue's is out of order.", field="time")
                last = time(row)
            yield row
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in cursors:
            raise VenueAnswerInvalid("The venue's pages go in a circle.", field="nextCursor")
        cursors.add(cursor)
    raise VenueAnswerInvalid(
        f"The venue has more than {most_pages} pages.",
        fix="Ask for a shorter span of time.",
        field="nextCursor",
    )


async def newest(
    fetch: Callable[[str | None], Awaitable[Page[T]]], *, key: Callable[[T], str], most: int
) -> list[T]:
    """Return the newest `most` rows, or all where there are fewer. Raises as `pages` does."""
    found: list[T] = []
    async for row in pages(fetch, key=key):
        found.append(row)
        if len(found) == most:
            break
    return found
