"""Calls about the core itself."""

from __future__ import annotations

from datetime import timedelta

from axisor.client.calls import Caller, Page, new_request_id
from axisor.v1 import system_pb2 as pb
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.wire.scalars import span_to_wire


class System:
    """The methods of SystemService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = SystemServiceStub(caller.channel)

    async def status(self) -> pb.GetStatusResponse:
        """Return how the core, its accounts, venues and plugins are."""
        request = pb.GetStatusRequest()
        return await self._call.unary(self._stub.GetStatus, request, of_account=False)

    async def settings(self) -> tuple[pb.Setting, ...]:
        """Return the settings in force and where each comes from."""
        request = pb.GetSettingsRequest()
        answer = await self._call.unary(self._stub.GetSettings, request, of_account=False)
        return tuple(answer.settings)

    async def list_venues(self, *, page_size: int = 0, page_token: str = "") -> Page[pb.Venue]:
        """Return the venues of enabled plugins. Raises PageTokenInvalid."""
        request = pb.ListVenuesRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListVenues, request, of_account=False)
        return Page(tuple(answer.venues), answer.next_page_token)

    async def shutdown(
        self,
        *,
        drain: timedelta | None = None,
        reason: str = "",
        request_id: str | None = None,
    ) -> int:
        """Stop the core; return how many intents it waits for. Raises ShuttingDown."""
        request = pb.ShutdownRequest(
            request_id=request_id or new_request_id(),
            drain_timeout=span_to_wire(drain),
            reason=reason,
        )
        answer = await self._call.unary(self._stub.Shutdown, request, of_account=False)
        return answer.open_intent_count
