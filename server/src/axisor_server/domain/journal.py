"""How an event becomes a journal entry: canonical bytes, and a hash that covers all before it.

The hash of an entry is SHA-256 over a leading zero byte and the length-prefixed fields stream,
sequence, time, mode, payload and the hash before it (the zero byte keeps leaf hashes apart from the
inner hashes of a Merkle tree, RFC 6962 §2.1). The first entry's previous hash is 32 zero bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
from msgspec import Struct

from axisor.errors import JournalCorrupt
from axisor.events import Event, Payload
from axisor.model import Mode

GENESIS = bytes(32)
_WORDS = tuple(length.to_bytes(4, "big") for length in range(32))
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Payload)


class Head(Struct, frozen=True):
    """The end of a journal: its last sequence (0 when empty) and that entry's hash."""

    sequence: int = 0
    hash: bytes = GENESIS


class Entry(Struct, frozen=True):
    """A journal entry as it is stored. `time` is UTC microseconds since 1970; `payload` is JSON."""

    stream: str
    sequence: int
    time_us: int
    mode: str
    kind: str
    payload: bytes
    prev_hash: bytes
    hash: bytes


def to_us(time: datetime) -> int:
    """Return an aware time as whole microseconds since 1970, exactly."""
    return (time - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Return the UTC time of microseconds since 1970, exactly."""
    return _EPOCH + timedelta(0, 0, us)


def encode_payload(payload: Payload) -> bytes:
    """Return a payload's canonical JSON: equal payloads give equal bytes."""
    return _encoder.encode(payload)


def decode_payload(payload: bytes) -> Payload:
    """Return the payload of canonical JSON. Raises JournalCorrupt where it is none."""
    try:
        found: Payload = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise JournalCorrupt(f"A journal entry cannot be read: {error}.") from error
    return found


def entry_hash(
    *, stream: str, sequence: int, time_us: int, mode: str, payload: bytes, prev_hash: bytes
) -> bytes:
    """Return the hash of an entry, from its fields and the hash before it."""
    number, time, written = b"%d" % sequence, b"%d" % time_us, len(payload).to_bytes(4, "big")
    fields = (
        _framed(stream), _WORDS[len(number)], number, _WORDS[len(time)], time,
        _framed(mode), written, payload, len(prev_hash).to_bytes(4, "big"), prev_hash,
    )  # fmt: skip
    return hashlib.sha256(b"\x00%b%b%b%b%b%b%b%b%b%b" % fields).digest()


@lru_cache(maxsize=1_024)
def _framed(name: str) -> bytes:
    """Return a name behind its length: a journal has the same few in every entry."""
    field = name.encode()
    return len(field).to_bytes(4, "big") + field


def extend(
    head: Head, *, stream: str, mode: Mode, time: datetime, payloads: Iterable[Payload]
) -> tuple[Entry, ...]:
    """Return the entries that continue a journal after `head`, in order, one a payload."""
    entries: list[Entry] = []
    sequence, prev, time_us = head.sequence, head.hash, to_us(time)
    for payload in payloads:
        sequence += 1
        encoded = encode_payload(payload)
        digest = entry_hash(
            stream=stream,
            sequence=sequence,
            time_us=time_us,
            mode=mode.value,
            payload=encoded,
            prev_hash=prev,
        )
        entries.append(
            Entry(
                stream=stream,
                sequence=sequence,
                time_us=time_us,
                mode=mode.value,
                kind=type(payload).__name__,
                payload=encoded,
                prev_hash=prev,
                hash=digest,
            )
        )
        prev = digest
    return tuple(entries)


def head_of(entries: tuple[Entry, ...], head: Head) -> Head:
    """Return the head after `entries`, or `head` itself when there are none."""
    return Head(entries[-1].sequence, entries[-1].hash) if entries else head


def to_event(entry: Entry) -> Event:
    """Return the event an entry holds."""
    return Event(
        stream=entry.stream,
        sequence=entry.sequence,
        time=from_us(entry.time_us),
        mode=Mode(entry.mode),
        payload=decode_payload(entry.payload),
        prev_hash=entry.prev_hash,
        hash=entry.hash,
    )


def verify(head: Head, entries: Iterable[Entry]) -> Head:
    """Walk entries that follow `head` and return the new head.

    Raises JournalCorrupt naming the first bad sequence.
    """
    for entry in entries:
        expected = entry_hash(
            stream=entry.stream,
            sequence=entry.sequence,
            time_us=entry.time_us,
            mode=entry.mode,
            payload=entry.payload,
            prev_hash=head.hash,
        )
        if entry.sequence != head.sequence + 1 or entry.hash != expected:
            raise JournalCorrupt(
                f"The journal {entry.stream} is broken at sequence {head.sequence + 1}.",
                stream=entry.stream,
                sequence=head.sequence + 1,
            )
        head = Head(entry.sequence, entry.hash)
    return head
