"""How a step is written down: its seed, its record with every field of its type, its wake."""

from __future__ import annotations

import hashlib

import msgspec

from axisor.events import NoticeGiven, StepTaken, Stimulus
from axisor.intents import Notice, Wake
from axisor.saw import Saw
from axisor.strategy import StepResult
from axisor_server.domain.journal import decode_payload, encode_payload
from axisor_server.domain.seal import sealed

_encoder = msgspec.json.Encoder(order="deterministic")


def seed_of(run: str, step: int) -> int:
    """Return the seed of a run's step; the same for ever."""
    return int.from_bytes(hashlib.sha256(f"{run}/{step}".encode()).digest()[:8], "big")


def checked(run: str, step: int, cause: Stimulus, result: StepResult, saw: Saw) -> StepTaken:
    """Return the record of a step with every field of the type it must have, as it will be read."""
    asked = StepTaken(
        run=run,
        step=step,
        cause=cause,
        intents=result.intents,
        memory=result.memory.decode(),
        wake=result.wake,
        saw=saw,
    )
    taken = decode_payload(encode_payload(asked))
    assert isinstance(taken, StepTaken)
    return sealed(taken)


def encode_wake(wake: Wake | None) -> bytes:
    """Return a wake as JSON, empty for none. Raises ValueError for what cannot be waited for."""
    if wake is None:
        return b""
    encoded = _encoder.encode(wake)
    read = msgspec.json.decode(encoded, type=Wake)
    for bound in (read.below, read.above):
        if bound is not None and not (bound.is_finite() and bound >= 0):
            raise ValueError(f"{bound} is no price to wait for")
    if read.at is not None and read.at.tzinfo is None:
        raise ValueError("a time to wake at needs its zone")
    return encoded


def notice_given(notice: Notice, run: str) -> NoticeGiven:
    """Return the record of a notice a run gave."""
    return NoticeGiven(
        severity=notice.severity,
        code=notice.code,
        text=notice.text,
        position=notice.position,
        run=run,
        data=notice.data,
    )
