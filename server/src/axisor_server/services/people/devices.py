"""Devices on which a person signed in, known by a key that only the device has."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.ports import Reader, Transaction

KIND = "device"
LASTS = timedelta(days=90)
"""After the last sign-in from it."""


class Devices:
    """Its methods are called inside a view or a unit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def known(self, view: Reader, person: str, key: str) -> str:
        """Return the id of a device that the person signed in from, empty where it is none."""
        if not key:
            return ""
        found = view.document(KIND, id_of(person, key))
        if found is None or found.owner != person or (found.until_us or 0) <= self._now_us():
            return ""
        return found.id

    def remember(self, tx: Transaction, person: str, key: str) -> None:
        """Know a device from now on."""
        if not key:
            return
        id, now_us = id_of(person, key), self._now_us()
        before = tx.document(KIND, id)
        record = DocumentRecord(
            kind=KIND,
            id=id,
            owner=person,
            body=b"{}",
            revision=1 if before is None else before.revision + 1,
            until_us=now_us + LASTS // timedelta(microseconds=1),
            created_us=now_us if before is None else before.created_us,
            updated_us=now_us,
        )
        tx.put_document(record, revision=None if before is None else before.revision)

    def forget(self, tx: Transaction, person: str) -> None:
        """Know none of a person's devices any more."""
        for found in tx.documents(KIND, owner=person):
            tx.delete_document(KIND, found.id)

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def id_of(person: str, key: str) -> str:
    """Return what is kept of a device's key."""
    return hashlib.sha256(f"{person}\x00{key}".encode("utf-8", "surrogatepass")).hexdigest()
