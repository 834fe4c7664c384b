"""The seal of a step: a digest of the entry it is written as, within that entry.

What a decision saw comes from outside, and nothing else in the journal tells it again: a replay
that takes it as it is written would take a changed word of it too. The seal covers every byte of
the entry, whether the decision hung on it or not, and it is checked against the bytes that are
stored, so that fields of later versions do not break it. It is no signature: who can write a
journal can seal it. What tells that is the signed checkpoint outside.
"""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from axisor.events import StepTaken
from axisor_server.domain.journal import encode_payload

LENGTH = 16
_OPEN = b'"seal":"'


def sealed(taken: StepTaken) -> StepTaken:
    """Return a step with its seal."""
    return replace(taken, seal=_digest(encode_payload(replace(taken, seal=""))))


def is_whole(raw: bytes, seal: str) -> bool:
    """Return whether a stored step, read with this seal, is what was sealed."""
    before, mark, after = raw.rpartition(_OPEN + seal.encode() + b'"')
    return bool(mark) and _digest(before + _OPEN + b'"' + after) == seal


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:LENGTH]
