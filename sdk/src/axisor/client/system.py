"""Calls about the core itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from axisor.client.calls import Caller, Page, new_request_id
from axisor.events import HaltLevel
from axisor.v1 import system_pb2 as pb
from axisor.v1.system_pb2_grpc import SystemServiceStub
from axisor.wire.scalars import (
    enum_from_wire,
    enum_to_wire,
    span_to_wire,
    time_or_none,
    time_to_wire,
)


class PlatformHalt(Struct, frozen=True, kw_only=True):
    """The halt of every account: `file` where the file HALT keeps it, `durable` once on record."""

    level: HaltLevel
    principal: str = ""
    reason: str = ""
    since: datetime | None = None
    file: bool = False
    durable: bool = True


def halt_from_wire(message: pb.PlatformHalt) -> PlatformHalt:
    """Return the halt in a message."""
    return PlatformHalt(
        level=enum_from_wire(HaltLevel, message.level),
        principal=message.principal,
        reason=message.reason,
        since=time_or_none(message, "start_time"),
        file=message.file,
        durable=message.durable,
    )


class System:
    """The methods of SystemService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = SystemServiceStub(caller.channel)

    async def status(self) -> pb.GetStatusResponse:
        """Return how the core, its accounts, venues and plugins are."""
        request = pb.GetStatusRequest()
        return await self._call.unary(self._stub.GetStatus, request, of_account=False)

    async def platform_halt(self) -> PlatformHalt:
        """Return the halt of every account as the core that answers knows it."""
        return halt_from_wire((await self.status()).halt)

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

    async def halt(
        self,
        level: HaltLevel,
        *,
        reason: str = "",
        not_after: datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
    ) -> PlatformHalt:
        """Halt every account at a level above NONE; return the halt in force.

        Raises RequestExpired, and StoreUnavailable where the core obeys it and could not write it
        down yet.
        """
        request = pb.HaltRequest(
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after),
            validate_only=validate_only,
            level=enum_to_wire(level),
            reason=reason,
        )
        answer = await self._call.unary(self._stub.Halt, request, of_account=False)
        return halt_from_wire(answer.halt)

    async def resume(
        self,
        *,
        reason: str = "",
        not_after: datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
    ) -> PlatformHalt:
        """End the halt of every account. Raises HaltKept, RequestExpired."""
        request = pb.ResumeRequest(
            request_id=request_id or new_request_id(),
            not_after_time=time_to_wire(not_after),
            validate_only=validate_only,
            reason=reason,
        )
        answer = await self._call.unary(self._stub.Resume, request, of_account=False)
        return halt_from_wire(answer.halt)

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
