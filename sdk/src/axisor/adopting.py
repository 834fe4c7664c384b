"""Brings what one version of a strategy remembered into the form of another."""

from __future__ import annotations

from typing import Any

import msgspec

from axisor.strategy import Strategy, encode_memory


def adopt_memory(strategy: type[Strategy[Any, Any]], memory: bytes) -> bytes:
    """Return another version's memory as this strategy keeps it; empty bytes stay empty.

    Raises ValueError where it cannot go on from it; whatever else `upgrade` raises passes through.
    """
    if not memory:
        return b""
    old = msgspec.json.decode(memory, type=dict[str, Any])
    adopted = strategy.memory_type.upgrade(old)
    return encode_memory(msgspec.convert(adopted, type=strategy.memory_type, strict=False))
