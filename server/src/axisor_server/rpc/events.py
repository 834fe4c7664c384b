"""EventService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from axisor.v1 import events_pb2 as pb
from axisor.wire.events import event_to_wire
from axisor.wire.names import account_id
from axisor_server.domain.journal import to_event
from axisor_server.rpc.calls import Call
from axisor_server.rpc.watches import Watches
from axisor_server.services.journals import Asked, Journals


class EventServicer:
    """Shows journals."""

    def __init__(self, journals: Journals, watches: Watches) -> None:
        self._journals = journals
        self._watches = watches

    def WatchEvents(self, request: pb.WatchEventsRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream events."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        account = account_id(request.parent, "parent")
        return self._watches.watch(account, after, frozenset(request.kinds))

    async def ListEvents(self, request: pb.ListEventsRequest, call: Call) -> pb.ListEventsResponse:
        """Answer with a page of events."""
        asked = Asked(
            after=request.after_sequence if request.HasField("after_sequence") else None,
            before=request.before_sequence if request.HasField("before_sequence") else None,
            kinds=frozenset(request.kinds),
            newest_first=request.newest_first,
        )
        page, token = await self._journals.events(
            account_id(request.parent, "parent"),
            asked,
            size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListEventsResponse(
            events=[event_to_wire(to_event(entry)) for entry in page], next_page_token=token
        )

    async def GetEvent(self, request: pb.GetEventRequest, call: Call) -> pb.GetEventResponse:
        """Answer with one event."""
        account = account_id(request.parent, "parent")
        entry = await self._journals.event(account, request.sequence)
        return pb.GetEventResponse(event=event_to_wire(to_event(entry)))

    async def VerifyJournal(
        self, request: pb.VerifyJournalRequest, call: Call
    ) -> pb.VerifyJournalResponse:
        """Answer whether the journal's chain holds."""
        found = await self._journals.verify(account_id(request.parent, "parent"))
        return pb.VerifyJournalResponse(
            event_count=found.count,
            head_hash=found.head,
            first_bad_sequence=found.first_bad,
            problem=found.problem,
        )
