"""Carries entries of journals as evidence, checkpoints and proofs over the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.v1 import audit_pb2, events_pb2
from axisor.wire.records import SeenEvent
from axisor.wire.scalars import time_from_wire, time_to_wire
from axisor.wire.seen import event_from_wire


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One entry of a journal, with what is needed to compute its hash again.

    `payload` is the JSON that was hashed.
    """

    journal: str
    event: SeenEvent
    principal: str = ""
    payload: bytes
    previous_hash: bytes


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a journal was at one moment, signed."""

    journal: str
    sequence: int
    hash: bytes
    root: bytes
    time: datetime
    key: str
    signature: bytes


class Proof(Struct, frozen=True, kw_only=True):
    """That an entry is in the journal of a checkpoint."""

    entry: AuditEntry
    checkpoint: Checkpoint
    path: tuple[bytes, ...]


def entry_to_wire(
    journal: str, event: events_pb2.Event, *, principal: str, payload: bytes, previous: bytes
) -> audit_pb2.AuditEntry:
    """Return an entry as a message."""
    return audit_pb2.AuditEntry(
        name=f"{journal}/auditEntries/{event.sequence}",
        event=event,
        principal=principal,
        payload=payload,
        previous_hash=previous,
    )


def entry_from_wire(message: audit_pb2.AuditEntry) -> AuditEntry:
    """Return the entry in a message."""
    return AuditEntry(
        journal=_journal(message.name),
        event=event_from_wire(message.event),
        principal=message.principal,
        payload=message.payload,
        previous_hash=message.previous_hash,
    )


def checkpoint_to_wire(checkpoint: Checkpoint) -> audit_pb2.Checkpoint:
    """Return a checkpoint as a message."""
    return audit_pb2.Checkpoint(
        name=f"{checkpoint.journal}/checkpoints/{checkpoint.sequence}",
        sequence=checkpoint.sequence,
        hash=checkpoint.hash,
        root=checkpoint.root,
        checkpoint_time=time_to_wire(checkpoint.time, "checkpoint_time"),
        key_id=checkpoint.key,
        signature=checkpoint.signature,
    )


def checkpoint_from_wire(message: audit_pb2.Checkpoint) -> Checkpoint:
    """Return the checkpoint in a message."""
    return Checkpoint(
        journal=_journal(message.name),
        sequence=message.sequence,
        hash=message.hash,
        root=message.root,
        time=time_from_wire(message.checkpoint_time),
        key=message.key_id,
        signature=message.signature,
    )


def proof_from_wire(message: audit_pb2.ProveAuditEntryResponse) -> Proof:
    """Return the proof in a message."""
    return Proof(
        entry=entry_from_wire(message.audit_entry),
        checkpoint=checkpoint_from_wire(message.checkpoint),
        path=tuple(message.path),
    )


def _journal(name: str) -> str:
    return "/".join(name.split("/")[:-2])
