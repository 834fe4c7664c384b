"""SystemService."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from axisor import maths
from axisor.events import HaltLevel
from axisor.model import MarginMode, Permission
from axisor.ports import Venue
from axisor.v1 import strategies_pb2
from axisor.v1 import system_pb2 as pb
from axisor.wire.model import cause_to_wire
from axisor.wire.names import account_name, plugin_name, venue_name
from axisor.wire.scalars import (
    decimal_to_wire,
    enum_asked,
    enum_to_wire,
    permissions_to_wire,
    span_or_none,
    span_to_wire,
    time_to_wire,
)
from axisor_server.domain.journal import from_us
from axisor_server.rpc.calls import Call
from axisor_server.rpc.strategies import plugin_to_wire
from axisor_server.services import paging
from axisor_server.services.halts import HaltReport, Halts
from axisor_server.services.status import AccountReport, Status


class SystemServicer:
    """Tells how the core is, halts what it does, and stops it."""

    def __init__(self, status: Status, halts: Halts) -> None:
        self._status = status
        self._halts = halts

    async def GetStatus(self, request: pb.GetStatusRequest, call: Call) -> pb.GetStatusResponse:
        """Answer how everything is."""
        report = await self._status.report(call.principal)
        return pb.GetStatusResponse(
            version=report.version,
            replica=report.replica,
            start_time=time_to_wire(report.started),
            status_time=time_to_wire(report.now),
            max_mode=enum_to_wire(report.max_mode),
            draining=report.draining,
            accounts=[
                _account(account, call.principal.rights(account.record.id))
                for account in report.accounts
            ],
            rate_budgets=[
                pb.RateBudget(
                    venue=venue_name(account.record.venue),
                    network=account.record.network,
                    calls_per_second=decimal_to_wire(account.budget.limit, "calls_per_second"),
                )
                for account in report.accounts
                if account.budget is not None
            ],
            leases=[
                pb.Lease(
                    account=account_name(lease.account),
                    owner=lease.owner,
                    epoch=lease.epoch,
                    until_time=time_to_wire(from_us(lease.until_us)),
                )
                for lease in report.leases
            ],
            plugins=_plugins(self._status),
            halt=_halt(report.halt),
            permissions=permissions_to_wire(call.principal.platform),
        )

    async def GetSettings(
        self, request: pb.GetSettingsRequest, call: Call
    ) -> pb.GetSettingsResponse:
        """Answer with the settings in force."""
        return pb.GetSettingsResponse(
            settings=[
                pb.Setting(name=setting.name, value=setting.value, source=setting.source)
                for setting in self._status.settings
            ]
        )

    async def ListVenues(self, request: pb.ListVenuesRequest, call: Call) -> pb.ListVenuesResponse:
        """Answer with a page of venues."""
        page, token = paging.cut(
            sorted(self._status.venues),
            of="venues",
            size=request.page_size,
            after=request.page_token,
        )
        owners = {name: plugin.name for plugin in self._status.plugins() for name in plugin.venues}
        venues = [_venue(self._status.venues[name], owners.get(name, "")) for name in page]
        return pb.ListVenuesResponse(venues=venues, next_page_token=token)

    async def Halt(self, request: pb.HaltRequest, call: Call) -> pb.HaltResponse:
        """Halt every account."""
        level = enum_asked(HaltLevel, request.level, "level")
        done = await self._halts.halt(level, reason=request.reason, request=call.request())
        return pb.HaltResponse(halt=_halt(done), open_intent_count=done.open_intents)

    async def Resume(self, request: pb.ResumeRequest, call: Call) -> pb.ResumeResponse:
        """End the halt of every account."""
        done = await self._halts.resume(reason=request.reason, request=call.request())
        return pb.ResumeResponse(halt=_halt(done))

    async def Shutdown(self, request: pb.ShutdownRequest, call: Call) -> pb.ShutdownResponse:
        """Stop the core."""
        done = await self._status.shut_down(
            span_or_none(request, "drain_timeout"), request.reason, call.request()
        )
        return pb.ShutdownResponse(open_intent_count=done.open_intents)


def _venue(venue: Venue, owner: str) -> pb.Venue:
    title = (type(venue).__doc__ or venue.name).strip().splitlines()[0]
    return pb.Venue(
        name=venue_name(venue.name),
        plugin=plugin_name(owner),
        title=title,
        networks=sorted(venue.networks),
        margin_modes=[enum_to_wire(mode) for mode in MarginMode],
        price_step_usd=decimal_to_wire(maths.STEP, "price_step_usd"),
    )


def _plugins(status: Status) -> Sequence[strategies_pb2.Plugin]:
    return [plugin_to_wire(plugin) for plugin in status.plugins()]


def _halt(report: HaltReport) -> pb.PlatformHalt:
    halt = report.halt
    since = None if halt.since_us is None else from_us(halt.since_us)
    return pb.PlatformHalt(
        level=enum_to_wire(halt.level),
        principal=halt.principal,
        reason=halt.reason,
        start_time=time_to_wire(since),
        file=report.file,
        durable=report.durable,
    )


def _account(report: AccountReport, rights: Permission) -> pb.AccountStatus:
    return pb.AccountStatus(
        account=account_name(report.record.id),
        label=report.record.label,
        mode=enum_to_wire(report.record.mode),
        halt_level=enum_to_wire(report.halt),
        feed_quality=enum_to_wire(report.quality),
        price_age=span_to_wire(_span(report.price_age_ms)),
        reconcile_age=span_to_wire(_span(report.read_age_ms)),
        position_count=report.positions,
        protected_count=report.protected,
        running_count=report.running,
        open_intent_count=report.open_intents,
        latest_sequence=report.sequence,
        standing=enum_to_wire(report.standing),
        standing_causes=[cause_to_wire(cause) for cause in report.causes],
        permissions=permissions_to_wire(rights),
    )


def _span(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)
