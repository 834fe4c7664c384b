"""Calls about an account's journal."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from msgspec import Struct

from axisor.client.calls import Caller, Page
from axisor.v1 import events_pb2 as pb
from axisor.v1.events_pb2_grpc import EventServiceStub
from axisor.watch import WatchItem
from axisor.wire.names import account_name
from axisor.wire.records import SeenEvent
from axisor.wire.seen import event_from_wire

VERIFY_TIMEOUT_S = 300.0


class Verification(Struct, frozen=True, kw_only=True):
    """Whether a journal is what it was; `first_bad` None means that every hash holds."""

    events: int
    head_hash: bytes = b""
    first_bad: int | None = None
    problem: str = ""


class Events:
    """The methods of EventService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = EventServiceStub(caller.channel)

    def watch(
        self, account: str, *, after: int | None = None, kinds: Iterable[str] = ()
    ) -> AsyncGenerator[WatchItem, None]:
        """Follow a whole journal, or only events of these kinds; see `axisor.watch.watch`."""
        parent, wanted = account_name(account), tuple(kinds)
        return self._call.watch(
            lambda after: self._stub.WatchEvents(
                pb.WatchEventsRequest(parent=parent, after_sequence=after, kinds=wanted),
                metadata=self._call.headers(),
            ),
            after=after,
            gapless=not wanted,
        )

    async def list(
        self,
        account: str,
        *,
        after: int | None = None,
        before: int | None = None,
        kinds: Iterable[str] = (),
        newest_first: bool = False,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[SeenEvent]:
        """Return events that were kept. Raises AccountNotFound, PageTokenInvalid."""
        request = pb.ListEventsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            after_sequence=after,
            before_sequence=before,
            kinds=kinds,
            newest_first=newest_first,
        )
        answer = await self._call.unary(self._stub.ListEvents, request)
        return Page(tuple(map(event_from_wire, answer.events)), answer.next_page_token)

    async def get(self, account: str, sequence: int) -> SeenEvent:
        """Return one event. Raises EventNotFound."""
        request = pb.GetEventRequest(parent=account_name(account), sequence=sequence)
        return event_from_wire((await self._call.unary(self._stub.GetEvent, request)).event)

    async def verify(self, account: str, *, timeout_s: float = VERIFY_TIMEOUT_S) -> Verification:
        """Have every hash of a journal computed again. Raises AccountNotFound."""
        request = pb.VerifyJournalRequest(parent=account_name(account))
        answer = await self._call.unary(self._stub.VerifyJournal, request, timeout_s=timeout_s)
        bad = answer.first_bad_sequence if answer.HasField("first_bad_sequence") else None
        return Verification(
            events=answer.event_count,
            head_hash=answer.head_hash,
            first_bad=bad,
            problem=answer.problem,
        )
