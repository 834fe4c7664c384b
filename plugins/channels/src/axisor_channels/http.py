"""What an answer over HTTP says of a message: taken, later, never, or nobody knows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from axisor.errors import DeliveryDelayed, DeliveryRefused, DeliveryUnknown, FieldInvalid
from axisor.notices import Answer, Target

MOST_WAIT_S = 3_600
JSON = {"Content-Type": "application/json", "User-Agent": "axisor"}

_AMBIGUOUS = (502, 504)
"""A gateway says so of a service that may have taken the message."""

LATER = (408, 425, 429)
"""A service says so of what it may take another time."""


def judge(answer: Answer, service: str, *, wait_s: float = 0, said: str = "") -> None:
    """Return where a service took a message.

    `wait_s` is how long it asks to wait, beside its `Retry-After`; `said` are its own words, where
    they hold no secret. Raises DeliveryDelayed, DeliveryRefused, DeliveryUnknown.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    words = f": {said}" if said else ""
    text = f"{service} answers {status}{words}."
    if status in _AMBIGUOUS:
        raise DeliveryUnknown(text, cause=status)
    if status in LATER or status >= 500:
        raise DeliveryDelayed(text, cause=status, retry_after_s=_wait(answer, wait_s))
    raise DeliveryRefused(text, cause=status)


def body_of(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON object that a service answered with, empty where it is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def check_url(target: Target, name: str, *, secret: bool = False, default: str = "") -> str:
    """Return the address in a field. Raises FieldInvalid where it is none."""
    url = target.secret(name) if secret else target.get(name, default)
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise FieldInvalid(f"`{name}` must be an address: https://example.org/x.", field=name)
    return url


def encoded(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _wait(answer: Answer, wait_s: float) -> int:
    told = answer.headers.get("retry-after", "")
    asked = float(told) if told.isascii() and told.isdigit() else 0.0
    longest = max(asked, wait_s)
    return 0 if not math.isfinite(longest) else min(MOST_WAIT_S, math.ceil(max(0.0, longest)))
