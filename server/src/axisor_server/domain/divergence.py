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
    recorded: Payload, replayed: Payload | None, *, sequence: int, note: str = ""
) -> Divergence | None:
    """Return how a recorded payload differs from the same one made again, or None."""
    theirs = encode_payload(recorded)
    ours = b"null" if replayed is None else encode_payload(replayed)
    if theirs == ours:
        return None
    path, old, new = _first("$", msgspec.json.decode(theirs), msgspec.json.decode(ours))
    return Divergence(
        sequence=sequence,
        kind=type(recorded).__name__,
        path=path,
        recorded=old,
        replayed=new,
        run=getattr(recorded, "run", ""),
        step=getattr(recorded, "step", 0),
        note=note,
    )


_MISSING = object()


def _first(path: str, old: Any, new: Any) -> tuple[str, str, str]:
    """Return path and values of the first difference of two JSON values that differ."""
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(old, dict) and isinstance(new, dict) and old.get("is") == new.get("is"):
        keys = [*old, *(key for key in new if key not in old)]
        pairs = [(f"{path}.{k}", old.get(k, _MISSING), new.get(k, _MISSING)) for k in keys]
    elif isinstance(old, list) and isinstance(new, list):
        longest = max(len(old), len(new))
        pairs = [(f"{path}[{i}]", _item(old, i), _item(new, i)) for i in range(longest)]
    for place, left, right in pairs:
        if left is _MISSING or right is _MISSING or left != right:
            return _first(place, left, right)
    return path, _shown(old), _shown(new)


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _MISSING


def _shown(value: Any) -> str:
    if value is _MISSING:
        return ""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
