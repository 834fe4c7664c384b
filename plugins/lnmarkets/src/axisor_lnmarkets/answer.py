"""Reads what a request brought back: the body of a read, the answer to a change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from axisor.errors import VenueAnswerInvalid, VenueUnavailable
from axisor.ports import Refused, Unknown
from axisor_lnmarkets.outcome import Done, Reply, Verdict, judge
from axisor_lnmarkets.request import Request
from axisor_lnmarkets.wire import decode

T = TypeVar("T")
log = logging.getLogger(__name__)

RETIRED = frozenset({404, 405, 410})
"""What a read is answered where the venue does not offer it any more."""


def is_alive(observed: Reply | Exception) -> bool | None:
    """Return whether an answer shows that the venue works; a crowded one says neither."""
    if isinstance(observed, Exception):
        return False
    return None if observed.status in (408, 429) else observed.status < 500


def body_of_read(request: Request, observed: Reply | Exception) -> bytes:
    """Return the body that a read brought. Raises VenueError."""
    if isinstance(observed, Reply) and observed.status in RETIRED:
        log.error("the venue has no %s any more (HTTP %d)", request.path, observed.status)
        raise VenueAnswerInvalid(
            f"LN Markets does not offer {request.path} any more (HTTP {observed.status}).",
            money="Nothing is assumed from it: what it would have told counts as unknown.",
            endpoint=request.path,
            status=str(observed.status),
        )
    verdict: Verdict[bytes] = judge(observed, lambda body: body)
    match verdict:
        case Done(value=body):
            return body
        case Refused(error=error):
            raise error
        case Unknown(detail=detail):
            raise VenueUnavailable(
                f"GET {request.path} brought no answer: {detail}.",
                money="A read changes nothing.",
                path=request.path,
            )


def answer(kind: type[T], body: bytes, request: Request, about: Callable[[T], bool]) -> T:
    """Return the answer to a change. Raises VenueAnswerInvalid, also where it is not about it."""
    value: Any = decode(kind, body, what=request.path)
    if not about(value):
        raise VenueAnswerInvalid(f"the answer to {request.path} is about something else")
    return value  # type: ignore[no-any-return]  # decoded as `kind` above
