"""What a receiver elsewhere gets of checkpoints: the message, and its name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

KIND = "audit.checkpoints"


class Batch(Struct, frozen=True, kw_only=True):
    """Checkpoints that follow one another, a line of JSON each, and where the last one ends."""

    lines: tuple[bytes, ...]
    end: int


def message(lines: Sequence[bytes], now: datetime) -> bytes:
    """Return checkpoints as the receiver gets them: a kind, a time, and each line as it is kept."""
    checkpoints = [msgspec.Raw(line.strip()) for line in lines]
    shape = {"type": KIND, "timestamp": now, "data": {"checkpoints": checkpoints}}
    return msgspec.json.encode(shape)


def id_of(lines: Sequence[bytes]) -> str:
    """Return the id of a message: that of what is in it, so that a repetition has the same."""
    return f"msg_{hashlib.sha256(b''.join(lines)).hexdigest()[:32]}"
