"""Reads how long the venue wants to be left alone, given in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

LONGEST_S = Decimal(3600)


def seconds_to_wait(text: str | None, *, now: datetime) -> Decimal | None:
    """Return Retry-After in seconds, at most an hour, or None where it says nothing."""
    if not text:
        return None
    try:
        wait = Decimal(text)
    except InvalidOperation:
        return _until(text, now)
    return min(wait, LONGEST_S) if wait.is_finite() and wait >= 0 else None


def _until(date: str, now: datetime) -> Decimal | None:
    try:
        until = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    left = until - now
    seconds = Decimal(left.days * 86_400 + left.seconds)
    return min(max(seconds, Decimal(0)), LONGEST_S)
