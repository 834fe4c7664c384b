"""Changes journals as a forger would who can compute hashes: the chain holds afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from axisor_server.domain.journal import Entry, Head, entry_hash

Path = tuple[str | int, ...]


def rechained(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return entries numbered anew, each with the hash that its place asks for."""
    head, found = Head(), []
    for entry in entries:
        sequence = head.sequence + 1
        digest = entry_hash(
            stream=entry.stream,
            sequence=sequence,
            time_us=entry.time_us,
            mode=entry.mode,
            payload=entry.payload,
            prev_hash=head.hash,
        )
        found.append(replace(entry, sequence=sequence, prev_hash=head.hash, hash=digest))
        head = Head(sequence, digest)
    return tuple(found)


def edited(
    entries: Iterable[Entry], sequence: int, edit: Callable[[dict[str, Any]], None]
) -> tuple[Entry, ...]:
    """Return a journal in which one payload was edited, its chain made to hold."""

    def changed(entry: Entry) -> Entry:
        if entry.sequence != sequence:
            return entry
        payload = json.loads(entry.payload)
        edit(payload)
        text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        return replace(entry, payload=text.encode())

    return rechained(changed(entry) for entry in entries)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all numbers, texts and flags in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif value is not None:
        yield path


def alter(payload: Any, path: Path) -> None:
    """Change the leaf at a path to another value of its type."""
    for key in path[:-1]:
        payload = payload[key]
    payload[path[-1]] = _other(payload[path[-1]])


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    last = value[-1:]
    if last.isdigit():
        return value[:-1] + str((int(last) + 1) % 10)
    return value + "x"
