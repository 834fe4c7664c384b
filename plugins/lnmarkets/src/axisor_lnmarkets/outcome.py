"""Says what a request to the venue came to: done, refused or unknown. The only place that does.

Done needs the venue's own answer, about the thing asked for. Refused needs proof that nothing
happened: no connection was made, or the venue itself said no. All the rest is unknown, never
"failed".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

import httpx
import msgspec
from msgspec import Struct

from axisor.errors import (
    AxisorError,
    VenueAnswerInvalid,
    VenueAuth,
    VenueClockSkew,
    VenueRateLimited,
    VenueRefused,
    VenueUnavailable,
)
from axisor.ports import Refused, Unknown
from axisor_lnmarkets.leaving import StayedHere

T = TypeVar("T")


class Reply(Struct, frozen=True):
    """A whole HTTP answer; `retry_after` in seconds, `began_ms` our unix time when it was sent."""

    status: int
    body: bytes
    retry_after: Decimal | None = None
    began_ms: int = 0
    took_ms: int = 0


class Done(Struct, Generic[T], frozen=True):
    """The venue did it, and `value` is its answer."""

    value: T


Verdict: TypeAlias = Done[T] | Refused | Unknown

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures that come before the first byte of a request."""

REFUSALS = frozenset({400, 401, 403, 404, 409, 422, 429})
"""Statuses with which the venue says that it did nothing."""


def judge(observed: Reply | BaseException, read: Callable[[bytes], T]) -> Verdict[T]:
    """Return what became of a request, from its answer or from how it broke.

    `read` turns the body of a 2xx answer into a value and raises VenueAnswerInvalid where it is not
    to be understood or is about another thing; then the outcome is unknown, as the request was
    taken.
    """
    if isinstance(observed, BaseException):
        return _judge_break(observed)
    if 200 <= observed.status < 300:
        try:
            return Done(read(observed.body))
        except VenueAnswerInvalid as error:
            return Unknown(f"HTTP {observed.status}, but {error.message}")
        except Exception as error:  # a fault of ours in reading must not pass for "not done"
            return Unknown(f"HTTP {observed.status}, unreadable ({type(error).__name__})")
    if observed.status in REFUSALS and (said := _venue_error(observed)) is not None:
        return Refused(_refusal(observed, said))
    return Unknown(f"the answer was HTTP {observed.status}, which proves nothing")


def _judge_break(error: BaseException) -> Refused | Unknown:
    name = type(error).__name__
    if isinstance(error, StayedHere):
        return Refused(error.error)
    if isinstance(error, NOT_SENT):
        return Refused(
            VenueUnavailable(f"No connection to LN Markets could be made ({name}).", kind=name)
        )
    if isinstance(error, asyncio.CancelledError):
        return Unknown("the request was canceled on our side while under way")
    return Unknown(f"the line broke after the request may have left ({name})")


class _VenueSays(Struct, frozen=True):
    code: str | None = None
    message: str | None = None


def _venue_error(reply: Reply) -> _VenueSays | None:
    """Return the venue's own words, or None where a gateway may have answered in its place."""
    if reply.status == 404 and reply.body.strip().lower() == b"not found":
        return _VenueSays(code="NOT_FOUND", message="Not found")
    try:
        said = msgspec.json.decode(reply.body, type=_VenueSays)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return said if said.code or said.message else None


def _refusal(reply: Reply, said: _VenueSays) -> AxisorError:
    code = tame(said.code or "")
    words = tame(said.message or said.code or "")
    facts = {"status": str(reply.status), "code": code}
    if reply.status == 429:
        wait = reply.retry_after
        return VenueRateLimited(
            f"LN Markets has had too many requests: {words}.",
            retry_after_s="" if wait is None else str(wait),
            **facts,
        )
    if reply.status in (400, 401, 403) and is_about_time(code, words):
        return VenueClockSkew(f"LN Markets refused the request's time: {words}.", **facts)
    if reply.status in (401, 403) and code != "TIER_LIMIT_EXCEEDED":
        return VenueAuth(f"LN Markets refused the key or its rights: {words}.", **facts)
    return VenueRefused(f"LN Markets refused: {words}.", **facts)


def is_about_time(code: str, words: str) -> bool:
    """Return whether a refusal is about the time a request was signed for, not about its key.

    The venue publishes no code of its own for it, so its words decide. A mistake either way is
    harmless: neither refusal has an effect, and the clock is measured at most once for each.
    """
    return "timestamp" in f"{code} {words}".lower().replace(" ", "").replace("_", "")


def tame(text: str) -> str:
    """Return foreign words as one short printable line: they go to logs and screens."""
    return "".join(c if c.isprintable() else " " for c in text[:200]).strip().rstrip(".")
