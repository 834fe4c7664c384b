"""Pages as the venue cuts them: newest first, with a time as cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from axisor_lnmarkets.sim.errors import bad_request
from axisor_lnmarkets.sim.wire import Json, iso, parse_iso

Row = TypeVar("Row")

MOST = 1000


class PageRequest(Struct, frozen=True):
    """What part of a list is wanted; `cursor` is the time the page before ended at."""

    start: datetime | None = None
    end: datetime | None = None
    cursor: datetime | None = None
    limit: int = MOST


def page_request(query: Mapping[str, str]) -> PageRequest:
    """Read `from`, `to`, `cursor` and `limit` of a query. Raises ApiError 400."""
    return PageRequest(
        start=_time(query, "from"),
        end=_time(query, "to"),
        cursor=_time(query, "cursor"),
        limit=_limit(query.get("limit")),
    )


def page(
    rows: Iterable[Row],
    wanted: PageRequest,
    *,
    time: Callable[[Row], datetime],
    view: Callable[[Row], Json],
) -> Json:
    """Return one page of rows, newest first, `from` and `to` inclusive.

    Rows of one millisecond stay together, because the cursor is a millisecond: a page may hold more
    than `limit` rows rather than lose one. Of equal times the later in `rows` comes first.
    """
    chosen = [row for row in reversed(list(rows)) if _within(_whole_ms(time(row)), wanted)]
    chosen.sort(key=lambda row: _whole_ms(time(row)), reverse=True)
    cut = wanted.limit
    while 0 < cut < len(chosen) and _whole_ms(time(chosen[cut])) == _whole_ms(
        time(chosen[cut - 1])
    ):
        cut += 1
    shown = chosen[:cut]
    more = len(chosen) > cut
    return {
        "data": [view(row) for row in shown],
        "nextCursor": iso(time(shown[-1])) if more and shown else None,
    }


def _within(moment: datetime, wanted: PageRequest) -> bool:
    if wanted.start is not None and moment < _whole_ms(wanted.start):
        return False
    if wanted.end is not None and moment > wanted.end:
        return False
    return wanted.cursor is None or moment < wanted.cursor


def _whole_ms(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        raise bad_request(f"{name} must be an ISO 8601 time") from None


def _limit(text: str | None) -> int:
    if text is None:
        return MOST
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST):
        raise bad_request(f"limit must be a whole number from 1 to {MOST}")
    return int(text)
