"""Finds sealed records inside what is stored: by themselves, or as base64 within JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from axisor_server.adapters import sealing

SHORTEST = 100
"""Letters of base64; no sealed record is shorter."""


def keys_in(body: bytes) -> frozenset[str]:
    """Return the ids of the keys that wrapped the data keys of all records within."""
    return frozenset(found for record in _records(body) if (found := sealing.key_of(record)))


def replaced(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a body in which every sealed record is what `change` makes of it."""
    if sealing.key_of(body) is not None:
        return change(body)
    tree = _json(body)
    after = _walk(tree, change)
    return body if after == tree else msgspec.json.encode(after)


def _records(body: bytes) -> Iterator[bytes]:
    found: list[bytes] = []

    def note(record: bytes) -> bytes:
        found.append(record)
        return record

    replaced(body, note)
    return iter(found)


def _json(body: bytes) -> Any:  # a tree of whatever a kind of document holds
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _walk(tree: Any, change: Callable[[bytes], bytes]) -> Any:
    if isinstance(tree, dict):
        return {key: _walk(value, change) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_walk(value, change) for value in tree]
    if isinstance(tree, str) and len(tree) >= SHORTEST:
        record = _decoded(tree)
        if record is not None:
            return base64.b64encode(change(record)).decode()
    return tree


def _decoded(text: str) -> bytes | None:
    try:
        record = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return record if sealing.key_of(record) is not None else None
