"""AuditService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from axisor.v1 import audit_pb2 as pb
from axisor.wire import audit as wire
from axisor.wire.events import event_to_wire
from axisor.wire.scalars import time_or_none
from axisor_server.domain.audit_keys import key_id
from axisor_server.domain.auditing import principal_of
from axisor_server.domain.checkpoints import Checkpoint
from axisor_server.domain.journal import Entry, from_us, to_event
from axisor_server.ports import Clock
from axisor_server.rpc.calls import Call
from axisor_server.rpc.watches import beat
from axisor_server.services import paging
from axisor_server.services.auditing import Audits, Filter


class AuditServicer:
    """Shows journals as evidence."""

    def __init__(self, audits: Audits, clock: Clock) -> None:
        self._audits = audits
        self._clock = clock

    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, call: Call
    ) -> pb.ListAuditEntriesResponse:
        """Answer with a page of entries."""
        page, token = await self._audits.entries(
            request.parent,
            Filter(
                kinds=frozenset(request.kinds),
                principal=request.principal,
                start=time_or_none(request, "start_time"),
                end=time_or_none(request, "end_time"),
                everything=request.everything,
            ),
            newest_first=request.newest_first,
            size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListAuditEntriesResponse(
            audit_entries=[_entry_to_wire(entry) for entry in page], next_page_token=token
        )

    def WatchAuditEntries(
        self, request: pb.WatchAuditEntriesRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Stream events."""
        return self._audits.watch(
            request.parent,
            after=request.after_sequence if request.HasField("after_sequence") else None,
            kinds=frozenset(request.kinds),
            beat=lambda sequence: beat(sequence, self._clock.now()),
        )

    async def VerifyAudit(
        self, request: pb.VerifyAuditRequest, call: Call
    ) -> pb.VerifyAuditResponse:
        """Answer whether a journal is what it was."""
        found = await self._audits.verify(request.parent)
        return pb.VerifyAuditResponse(
            entry_count=found.entries,
            checkpoint_count=found.checkpoints,
            first_bad_sequence=found.first_bad,
            problem=found.problem,
        )

    async def ListCheckpoints(
        self, request: pb.ListCheckpointsRequest, call: Call
    ) -> pb.ListCheckpointsResponse:
        """Answer with a page of checkpoints."""
        of = f"checkpoints/{request.parent}"
        paging.place(of, request.page_token)
        found = await self._audits.checkpoints(request.parent)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListCheckpointsResponse(
            checkpoints=[_checkpoint_to_wire(each) for each in page], next_page_token=token
        )

    async def ProveAuditEntry(
        self, request: pb.ProveAuditEntryRequest, call: Call
    ) -> pb.ProveAuditEntryResponse:
        """Answer with the proof of an entry."""
        proof = await self._audits.prove(request.parent, request.sequence)
        return pb.ProveAuditEntryResponse(
            audit_entry=_entry_to_wire(proof.entry),
            checkpoint=_checkpoint_to_wire(proof.checkpoint),
            path=proof.path,
        )

    async def GetAuditKey(
        self, request: pb.GetAuditKeyRequest, call: Call
    ) -> pb.GetAuditKeyResponse:
        """Answer with the public key."""
        public = await self._audits.public_key()
        return pb.GetAuditKeyResponse(key_id=key_id(public), public_key=public)


def _entry_to_wire(entry: Entry) -> pb.AuditEntry:
    event = to_event(entry)
    return wire.entry_to_wire(
        entry.stream,
        event_to_wire(event),
        principal=principal_of(event.payload),
        payload=entry.payload,
        previous=entry.prev_hash,
    )


def _checkpoint_to_wire(checkpoint: Checkpoint) -> pb.Checkpoint:
    return wire.checkpoint_to_wire(
        wire.Checkpoint(
            journal=checkpoint.stream,
            sequence=checkpoint.sequence,
            hash=checkpoint.hash,
            root=checkpoint.root,
            time=from_us(checkpoint.time_us),
            key=checkpoint.key,
            signature=checkpoint.signature,
        )
    )
