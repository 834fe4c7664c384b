"""Calls about journals as evidence."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime

from msgspec import Struct

from axisor.client.calls import Caller, Page
from axisor.v1 import audit_pb2 as pb
from axisor.v1.audit_pb2_grpc import AuditServiceStub
from axisor.watch import WatchItem
from axisor.wire.audit import (
    AuditEntry,
    Checkpoint,
    Proof,
    checkpoint_from_wire,
    entry_from_wire,
    proof_from_wire,
)
from axisor.wire.names import account_name
from axisor.wire.scalars import time_to_wire

PLATFORM = "platform"
"""The journal of the core itself: people, sessions, tokens, rights, keys, halts of all accounts."""

LONG_S = 300.0


class AuditVerification(Struct, frozen=True, kw_only=True):
    """Whether a journal is what it was; `first_bad` None means that all of it holds."""

    entries: int
    checkpoints: int
    first_bad: int | None = None
    problem: str = ""


class Audit:
    """The methods of AuditService. A journal is an account's id or name, or `platform`."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = AuditServiceStub(caller.channel)

    async def list(  # noqa: PLR0913 - a filter has that many parts
        self,
        journal: str = PLATFORM,
        *,
        kinds: Iterable[str] = (),
        principal: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
        everything: bool = False,
        newest_first: bool = False,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[AuditEntry]:
        """Return entries; a page may be empty and have a next one. Raises AccountNotFound."""
        request = pb.ListAuditEntriesRequest(
            parent=journal_name(journal),
            page_size=page_size,
            page_token=page_token,
            kinds=kinds,
            principal=principal,
            start_time=time_to_wire(start, "start_time"),
            end_time=time_to_wire(end, "end_time"),
            everything=everything,
            newest_first=newest_first,
        )
        answer = await self._call.unary(self._stub.ListAuditEntries, request)
        return Page(tuple(map(entry_from_wire, answer.audit_entries)), answer.next_page_token)

    def watch(
        self, journal: str = PLATFORM, *, after: int | None = None, kinds: Iterable[str] = ()
    ) -> AsyncGenerator[WatchItem, None]:
        """Follow critical operations, or events of these kinds; see `axisor.watch.watch`."""
        parent, wanted = journal_name(journal), tuple(kinds)
        return self._call.watch(
            lambda after: self._stub.WatchAuditEntries(
                pb.WatchAuditEntriesRequest(parent=parent, after_sequence=after, kinds=wanted),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=False,
        )

    async def verify(
        self, journal: str = PLATFORM, *, timeout_s: float = LONG_S
    ) -> AuditVerification:
        """Have a journal computed anew and compared with its checkpoints."""
        request = pb.VerifyAuditRequest(parent=journal_name(journal))
        answer = await self._call.unary(self._stub.VerifyAudit, request, timeout_s=timeout_s)
        bad = answer.first_bad_sequence if answer.HasField("first_bad_sequence") else None
        return AuditVerification(
            entries=answer.entry_count,
            checkpoints=answer.checkpoint_count,
            first_bad=bad,
            problem=answer.problem,
        )

    async def checkpoints(
        self, journal: str = PLATFORM, *, page_size: int = 0, page_token: str = ""
    ) -> Page[Checkpoint]:
        """Return the latest checkpoints, oldest first."""
        request = pb.ListCheckpointsRequest(
            parent=journal_name(journal), page_size=page_size, page_token=page_token
        )
        answer = await self._call.unary(self._stub.ListCheckpoints, request)
        return Page(tuple(map(checkpoint_from_wire, answer.checkpoints)), answer.next_page_token)

    async def prove(self, journal: str, sequence: int, *, timeout_s: float = LONG_S) -> Proof:
        """Return the proof of an entry. Raises EventNotFound where no checkpoint covers it yet."""
        request = pb.ProveAuditEntryRequest(parent=journal_name(journal), sequence=sequence)
        answer = await self._call.unary(self._stub.ProveAuditEntry, request, timeout_s=timeout_s)
        return proof_from_wire(answer)

    async def key(self) -> bytes:
        """Return the public key of checkpoints, 32 bytes. Raises EventNotFound."""
        answer = await self._call.unary(self._stub.GetAuditKey, pb.GetAuditKeyRequest())
        return answer.public_key


def journal_name(journal: str) -> str:
    """Return the name of a journal: that of an account, or `platform`."""
    return journal if journal == PLATFORM else account_name(journal)
