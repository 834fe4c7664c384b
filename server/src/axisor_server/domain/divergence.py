"""Where a decision made again differs from the one in the journal: the first field that does."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from axisor.events import Payload
from axisor_server.domain.journal import encode_payload

SHOWN = 400
"""How many characters of a differing value are told."""


class Divergence(Struct, frozen=True, kw_only=True):
    """The first decision that came out otherwise.

    `path` is a JSON path into the payload at `sequence`; `recorded` is what the journal holds there
    and `replayed` what today's code decides, both as JSON ('' where there is nothing).
    """

    sequence: int
    kind: str
    path: str
    recorded: str
    replayed: str
    run: str = ""
    step: int = 0
    note: str = ""


def difference(
    recorded: Payload,
    replayed: Payload | None,
    *,
    sequence: int,
    raw: bytes | None = None,
    note: str = "",
) -> Divergence | None:
    """Return how a recorded payload differs from the same one made again, or None.

    `raw` is the recorded payload as it is stored: a field that it lacks is younger than the entry
    and not compared.
    """
    theirs = encode_payload(recorded)
    ours = b"null" if replayed is None else encode_payload(replayed)
    if theirs == ours:
        return None
    old = msgspec.json.decode(theirs)
    stored = old if raw is None else msgspec.json.decode(raw)
    found = _first("$", old, msgspec.json.decode(ours), stored)
    if found is None:
        return None
    path, was, is_ = found
    return Divergence(
        sequence=sequence,
        kind=type(recorded).__name__,
        path=path,
        recorded=was,
        replayed=is_,
        run=getattr(recorded, "run", ""),
        step=getattr(recorded, "step", 0),
        note=note,
    )


_MISSING = object()
Found = tuple[str, str, str]


def _first(path: str, old: Any, new: Any, raw: Any) -> Found | None:
    """Return path and values of the first difference of two JSON values, or None."""
    if isinstance(old, dict) and isinstance(new, dict) and old.get("is") == new.get("is"):
        for key in [*old, *(key for key in new if key not in old)]:
            if key in old and isinstance(raw, dict) and key not in raw:
                continue
            inner = raw.get(key) if isinstance(raw, dict) else None
            left, right = old.get(key, _MISSING), new.get(key, _MISSING)
            if found := _first(f"{path}.{key}", left, right, inner):
                return found
        return None
    if isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            inner = _item(raw, index) if isinstance(raw, list) else None
            left, right = _item(old, index), _item(new, index)
            if found := _first(f"{path}[{index}]", left, right, inner):
                return found
        return None
    return None if old == new else (path, _shown(old), _shown(new))


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _MISSING


def _shown(value: Any) -> str:
    if value is _MISSING:
        return ""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
