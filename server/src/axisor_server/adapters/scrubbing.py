"""Keeps secrets and control characters out of log lines, whoever writes them.

What is named like a secret is not shown, what looks like one is cut out of any text, and a control
character is written as its number: neither a terminal nor a line of its own comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "…"
DEPTH = 6

_NAMED = re.compile(
    r"secret|token|passw|passphrase|passwd|^pass$|credential|cookie|authorization|signature"
    r"|(^|[_\-. ])(key|sig|otp|totp|pin|kek|dek|mac|seed|nonce)$|api.?key|private.?key",
    re.IGNORECASE,
)
_PUBLIC = frozenset(("token_file", "page_token", "passphrase_file"))
"""Names that say where a secret is, or only sound like one."""

_OF_LINES = frozenset(("exception", "stack"))
"""What has lines: JSON writes their ends as letters."""

_SHAPES = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"),
    re.compile(r"\b(?:at|rt)_[\w-]{4,}[\w.\-]*"),
    re.compile(r"(?i)\b(?:bearer|basic) +[\w.~+/=\-]{8,}"),
    re.compile(r"(?<=://)[^/@\s]+(?=@)"),
    re.compile(r"axisor-vault-[\w-]+:\S+"),
    re.compile(r"AGE-SECRET-KEY-\w+"),
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(
        r"(?i)\b(?:secret|passphrase|password|passwd|api[_-]?key|token)[\"']?\s*[=:]\s*[^\s,;&]+"
    ),
)

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What moves a cursor, ends a line, turns text around or is not seen."""


def scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Clean one log line; a processor of structlog."""
    return {_plain(key): _field(key, value) for key, value in event.items()}


def _lines(text: str) -> str:
    return "\n".join(map(clean, text.split("\n")))


def clean(text: str) -> str:
    """Return a text without what looks like a secret, its control characters written as numbers."""
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return _plain(text)


def is_named_like_a_secret(name: str) -> bool:
    """Return whether what is called so is not shown."""
    return name not in _PUBLIC and _NAMED.search(name) is not None


def _plain(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _field(name: str, value: object) -> object:
    if name in _OF_LINES and isinstance(value, str):
        return _lines(value)
    return HIDDEN if is_named_like_a_secret(name) else _value(value, DEPTH)


def _value(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean(value)
    if depth and isinstance(value, Mapping):
        return {
            _plain(str(key)): HIDDEN
            if is_named_like_a_secret(str(key))
            else _value(each, depth - 1)
            for key, each in value.items()
        }
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_value(each, depth - 1) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return HIDDEN
    return clean(repr(value))
