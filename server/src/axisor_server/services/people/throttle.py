"""Slows guessing down, for each person, each address and all together, on all cores alike.

The buckets lie in the store, so that neither a restart nor another core gives an attacker more;
persons and addresses are named by keyed hashes there. A refusal writes nothing. A device on which a
person signed in before has a bucket of its own, which strangers cannot empty.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from axisor.errors import RateLimited
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.throttling import (
    ADDRESS,
    DEVICE,
    EVERYBODY,
    FACTOR,
    LETTERS,
    PERSON,
    Rate,
    seconds,
    taken,
    wait_us,
)
from axisor_server.ports import Conflict, Reader, Store, Transaction

KIND = "throttle"
TRIES = 5

_SHARED_BITS = 64
"""Whoever has an IPv6 address has all that begin with these bits."""


class Bucket(Struct, frozen=True):
    """Where a bucket lies, and how it fills."""

    id: str
    rate: Rate


def of_sign_in(person: str, address: str, device: str) -> tuple[Bucket, ...]:
    """Return the buckets of a password that is tried; `device` is set where it is a known one."""
    if device:
        return (Bucket(f"device/{device}", DEVICE),)
    return (Bucket(f"person/{person}", PERSON), *_strangers(address))


def of_factor(person: str, address: str, device: str) -> tuple[Bucket, ...]:
    """Return the buckets of a second factor that is tried."""
    if device:
        return (Bucket(f"device/{device}/factor", DEVICE),)
    return (Bucket(f"factor/{person}", FACTOR), *_strangers(address))


def of_letter(person: str, address: str) -> tuple[Bucket, ...]:
    """Return the buckets of a letter that a stranger has sent."""
    return (Bucket(f"letters/{person}", LETTERS), *_strangers(address))


def of_session(session: str) -> tuple[Bucket, ...]:
    """Return the bucket of a secret that is tried within a session, which strangers have not."""
    return (Bucket(f"session/{session}", DEVICE),)


def of_own_letter(person: str) -> tuple[Bucket, ...]:
    """Return the bucket of a letter that a person who is signed in has sent."""
    return (Bucket(f"letters/{person}", LETTERS),)


def of_stranger(address: str) -> tuple[Bucket, ...]:
    """Return the buckets of whatever else a stranger tries."""
    return _strangers(address)


class Throttle:
    """Takes from buckets, or refuses."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def take(self, buckets: Sequence[Bucket]) -> None:
        """Take one try from every bucket. Raises RateLimited where one is empty, and takes none."""
        now_us = to_us(self._clock.now())
        await self._store.read(lambda view: _check(view, buckets, now_us))
        for _ in range(TRIES):
            try:
                await self._store.write(lambda tx: _take(tx, buckets, now_us))
            except Conflict:
                continue
            return
        raise _refusal(1_000_000)  # others try at the very same moment: not now


def _check(view: Reader, buckets: Sequence[Bucket], now_us: int) -> list[DocumentRecord | None]:
    found = [view.document(KIND, bucket.id) for bucket in buckets]
    wait = max(
        wait_us(_full(record), bucket.rate, now_us)
        for bucket, record in zip(buckets, found, strict=True)
    )
    if wait:
        raise _refusal(wait)
    return found


def _take(tx: Transaction, buckets: Sequence[Bucket], now_us: int) -> None:
    found = _check(tx, buckets, now_us)
    for bucket, before in zip(buckets, found, strict=True):
        full_us = taken(_full(before), bucket.rate, now_us)
        record = DocumentRecord(
            kind=KIND,
            id=bucket.id,
            body=msgspec.json.encode(full_us),
            revision=1 if before is None else before.revision + 1,
            until_us=full_us,
            created_us=now_us if before is None else before.created_us,
            updated_us=now_us,
        )
        tx.put_document(record, revision=None if before is None else before.revision)


def _full(record: DocumentRecord | None) -> int:
    return 0 if record is None else msgspec.json.decode(record.body, type=int)


def _refusal(wait: int) -> RateLimited:
    return RateLimited(
        "Too many tries in too short a time; nothing was looked at.",
        retry_after_s=seconds(wait),
    )


def _strangers(address: str) -> tuple[Bucket, ...]:
    return (
        Bucket(f"address/{address}", ADDRESS),
        Bucket("everybody", EVERYBODY),
    )


def network_of(address: str) -> str:
    """Return what an address is counted as: itself, or its half of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _SHARED_BITS), strict=False).network_address)
