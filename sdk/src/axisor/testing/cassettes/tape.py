"""What a cassette holds: a conversation with an exchange, one JSON document a line."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

VERSION = 1
MOST_BYTES = 16 * 1024 * 1024
"""The largest cassette that is written or read."""


class Head(Struct, frozen=True, tag_field="is", tag="cassette"):
    """The first line: which form this is, and when the conversation began."""

    version: int
    time: datetime


class Exchange(Struct, frozen=True, tag_field="is", tag="http", kw_only=True):
    """One request and its answer; `changes` counts the requests before it that were no reads."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    status: int
    headers: dict[str, str] = {}
    answer: str = ""
    changes: int = 0

    @property
    def reads(self) -> bool:
        """Return whether it only asks."""
        return self.method in ("GET", "HEAD")


class Opened(Struct, frozen=True, tag_field="is", tag="open", kw_only=True):
    """A WebSocket was opened; `line` tells it from others."""

    line: int
    path: str
    query: str = ""


class Said(Struct, frozen=True, tag_field="is", tag="said", kw_only=True):
    """One message on a WebSocket."""

    line: int
    by: Literal["plugin", "exchange"]
    text: str


class Ended(Struct, frozen=True, tag_field="is", tag="end", kw_only=True):
    """The exchange closed a WebSocket."""

    line: int
    code: int


Entry: TypeAlias = Exchange | Opened | Said | Ended
_encoder = msgspec.json.Encoder(order="deterministic")
_head: msgspec.json.Decoder[Head] = msgspec.json.Decoder(Head)
_entry: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(time: datetime, entries: Sequence[Entry]) -> bytes:
    """Return the text of a cassette. Raises ValueError where it is too large."""
    lines = [_encoder.encode(Head(VERSION, time)), *map(_encoder.encode, entries)]
    text = b"\n".join(lines) + b"\n"
    if len(text) > MOST_BYTES:
        raise ValueError(f"A cassette holds {MOST_BYTES} bytes at most, and this has {len(text)}.")
    return text


def read(file: Path) -> tuple[datetime, tuple[Entry, ...]]:
    """Return when a conversation began and what was said. Raises ValueError for what is none."""
    first, *lines = file.read_bytes().splitlines()
    head = _head.decode(first)
    if head.version != VERSION:
        raise ValueError(f"{file} is a cassette of form {head.version}, and not {VERSION}.")
    return head.time, tuple(map(_entry.decode, lines))


def canonical(text: str, ignored: Collection[str]) -> str:
    """Return a text so that two of them can be compared: JSON in one order, without some fields."""
    try:
        found = json.loads(text, parse_float=str)
    except ValueError:
        return text
    return json.dumps(_without(found, ignored), sort_keys=True)


def canonical_query(query: str, ignored: Collection[str]) -> str:
    """Return a query without some fields."""
    return "&".join(each for each in query.split("&") if each.partition("=")[0] not in ignored)


def id_of(text: str) -> str | int | None:
    """Return the `id` of a JSON message, None where it has none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    id = found.get("id") if isinstance(found, dict) else None
    return id if isinstance(id, str | int) else None


def with_id(text: str, before: str | int, now: str | int) -> str:
    """Return a JSON message under another id, and all else of it as it was written."""
    named = re.compile(rf'("id"\s*:\s*){re.escape(json.dumps(before))}')
    return named.sub(lambda found: found[1] + json.dumps(now), text, count=1)


def _without(found: Any, ignored: Collection[str]) -> Any:
    if isinstance(found, dict):
        return {k: _without(v, ignored) for k, v in found.items() if k not in ignored}
    if isinstance(found, list):
        return [_without(each, ignored) for each in found]
    return found
