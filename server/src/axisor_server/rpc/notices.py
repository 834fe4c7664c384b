"""NotificationService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing

from axisor.errors import FieldInvalid
from axisor.notices import NoticeLevel, Notifier
from axisor.ports import Clock, Secret
from axisor.states import DeliveryState
from axisor.v1 import notifications_pb2 as pb
from axisor.v1 import types_pb2
from axisor.wire.names import account_id, account_part, alert_id, last_part
from axisor.wire.notices import (
    NotifierField,
    NotifierSummary,
    alert_to_wire,
    channel_to_wire,
    delivery_to_wire,
    mute_to_wire,
    notifier_to_wire,
    rules_to_wire,
)
from axisor.wire.scalars import enum_asked_or_none, time_to_wire
from axisor_server.domain.telling.records import Alert, Escalation, Quiet
from axisor_server.rpc.calls import Call
from axisor_server.rpc.noticed import (
    alert_summary,
    channel_summary,
    delivery_summary,
    minute_of,
    mute_summary,
    rules_summary,
)
from axisor_server.services import paging
from axisor_server.services.telling.alerts import Alerts
from axisor_server.services.telling.channels import Channels, RulesWish, Wish

HEARTBEAT_S = 15.0

CHANNEL_PATHS = frozenset(Wish.__struct_fields__)
RULES_PATHS = frozenset({"language", "zone", "quiet", "escalation", "daily_at"})


class NotificationServicer:
    """How people are told."""

    def __init__(self, channels: Channels, alerts: Alerts, clock: Clock) -> None:
        self._channels = channels
        self._alerts = alerts
        self._clock = clock

    # ---------------------------------------------------------------- channels

    async def ListNotifiers(
        self, request: pb.ListNotifiersRequest, call: Call
    ) -> pb.ListNotifiersResponse:
        """Answer with a page of kinds of channels."""
        found = [kind for _, kind in sorted(self._channels.notifiers.items())]
        of = "notifiers"
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListNotifiersResponse(
            notifiers=[notifier_to_wire(_kind(each)) for each in page], next_page_token=token
        )

    async def CreateChannel(
        self, request: pb.CreateChannelRequest, call: Call
    ) -> pb.CreateChannelResponse:
        """Make a channel."""
        wish = Wish(
            label=request.label,
            values=dict(request.values),
            secrets={name: Secret(text) for name, text in request.secrets.items()},
            min_level=enum_asked_or_none(NoticeLevel, request.min_level, "min_level"),
            kinds=tuple(request.kinds),
            accounts=_accounts(request.accounts),
        )
        kind = last_part(request.notifier)
        made = await self._channels.create(call.principal, kind, wish, call.request())
        return pb.CreateChannelResponse(channel=channel_to_wire(channel_summary(made)))

    async def GetChannel(self, request: pb.GetChannelRequest, call: Call) -> pb.GetChannelResponse:
        """Answer with one of the caller's channels."""
        found = await self._channels.get(call.principal, last_part(request.name))
        return pb.GetChannelResponse(channel=channel_to_wire(channel_summary(found)))

    async def ListChannels(
        self, request: pb.ListChannelsRequest, call: Call
    ) -> pb.ListChannelsResponse:
        """Answer with a page of the caller's channels."""
        of = f"channels/{call.principal.person}"
        paging.place(of, request.page_token)
        found = await self._channels.of(call.principal)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListChannelsResponse(
            channels=[channel_to_wire(channel_summary(each)) for each in page],
            next_page_token=token,
        )

    async def UpdateChannel(
        self, request: pb.UpdateChannelRequest, call: Call
    ) -> pb.UpdateChannelResponse:
        """Change one of the caller's channels."""
        paths = _paths(request.update_mask.paths, CHANNEL_PATHS)
        if "label" in paths and not request.label:
            raise FieldInvalid("A channel needs a label.", field="label")
        level = enum_asked_or_none(NoticeLevel, request.min_level, "min_level")
        secrets = {name: Secret(text) for name, text in request.secrets.items()}
        wish = Wish(
            label=request.label if "label" in paths else None,
            values=dict(request.values) if "values" in paths else None,
            secrets=secrets if "secrets" in paths else None,
            min_level=(level or NoticeLevel.WARN) if "min_level" in paths else None,
            kinds=tuple(request.kinds) if "kinds" in paths else None,
            accounts=_accounts(request.accounts) if "accounts" in paths else None,
            paused=request.paused if "paused" in paths else None,
        )
        id = last_part(request.name)
        changed = await self._channels.update(
            call.principal, id, wish, etag=request.etag, request=call.request()
        )
        return pb.UpdateChannelResponse(channel=channel_to_wire(channel_summary(changed)))

    async def DeleteChannel(
        self, request: pb.DeleteChannelRequest, call: Call
    ) -> pb.DeleteChannelResponse:
        """Remove one of the caller's channels."""
        await self._channels.delete(call.principal, last_part(request.name), call.request())
        return pb.DeleteChannelResponse()

    async def TestChannel(
        self, request: pb.TestChannelRequest, call: Call
    ) -> pb.TestChannelResponse:
        """Write a test message."""
        id = last_part(request.name)
        written = await self._channels.test(call.principal, id, call.request())
        return pb.TestChannelResponse(delivery=delivery_to_wire(delivery_summary(written)))

    async def ListDeliveries(
        self, request: pb.ListDeliveriesRequest, call: Call
    ) -> pb.ListDeliveriesResponse:
        """Answer with a page of the caller's messages."""
        state = enum_asked_or_none(DeliveryState, request.state, "state")
        channel = last_part(request.channel)
        of = f"deliveries/{call.principal.person}/{channel}/{state}"
        paging.place(of, request.page_token)
        found = await self._channels.deliveries(call.principal, channel=channel, state=state)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListDeliveriesResponse(
            deliveries=[delivery_to_wire(delivery_summary(each)) for each in page],
            next_page_token=token,
        )

    # ---------------------------------------------------------------- rules

    async def GetNotificationRules(
        self, request: pb.GetNotificationRulesRequest, call: Call
    ) -> pb.GetNotificationRulesResponse:
        """Answer how the caller is told."""
        rules = rules_summary(await self._channels.rules(call.principal), self._clock.now())
        return pb.GetNotificationRulesResponse(rules=rules_to_wire(rules))

    async def UpdateNotificationRules(
        self, request: pb.UpdateNotificationRulesRequest, call: Call
    ) -> pb.UpdateNotificationRulesResponse:
        """Change how the caller is told."""
        paths = _paths(request.update_mask.paths, RULES_PATHS)
        escalation = Escalation(
            after_minutes=request.escalation.after_minutes,
            times=request.escalation.repeat_count,
            channels=tuple(map(last_part, request.escalation.channels)),
        )
        wish = RulesWish(
            language=(request.language or "en-US") if "language" in paths else None,
            zone=(request.zone or "UTC") if "zone" in paths else None,
            quiet=_quiet(request.quiet) if "quiet" in paths else None,
            escalation=escalation if "escalation" in paths else None,
            daily=minute_of(request.daily_at, "daily_at", -1) if "daily_at" in paths else None,
        )
        rules = await self._channels.update_rules(
            call.principal, wish, etag=request.etag, request=call.request()
        )
        summary = rules_summary(rules, self._clock.now())
        return pb.UpdateNotificationRulesResponse(rules=rules_to_wire(summary))

    # ---------------------------------------------------------------- alerts

    async def ListAlerts(self, request: pb.ListAlertsRequest, call: Call) -> pb.ListAlertsResponse:
        """Answer with a page of an account's alerts."""
        account = account_id(request.parent, "parent")
        of = f"alerts/{account}/{request.only_open}"
        paging.place(of, request.page_token)
        found = await self._alerts.of(account, only_open=request.only_open)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        language = (await self._channels.rules(call.principal)).language
        return pb.ListAlertsResponse(
            alerts=[_alert(each, call, language) for each in page], next_page_token=token
        )

    async def AcknowledgeAlert(
        self, request: pb.AcknowledgeAlertRequest, call: Call
    ) -> pb.AcknowledgeAlertResponse:
        """Say that the caller has seen an alert."""
        account, id = alert_id(request.name)
        seen = await self._alerts.acknowledge(call.principal, account, id, call.request())
        language = (await self._channels.rules(call.principal)).language
        return pb.AcknowledgeAlertResponse(alert=_alert(seen, call, language))

    async def MuteAlerts(self, request: pb.MuteAlertsRequest, call: Call) -> pb.MuteAlertsResponse:
        """Tell the caller nothing for a while."""
        mutes = await self._alerts.mute(
            call.principal,
            account_id(request.parent, "parent"),
            minutes=request.minutes,
            kind=request.kind,
            request=call.request(),
        )
        return pb.MuteAlertsResponse(mutes=[mute_to_wire(mute_summary(each)) for each in mutes])

    async def WatchAlerts(self, request: pb.WatchAlertsRequest, call: Call) -> AsyncIterator[bytes]:
        """Stream alerts, and heartbeats in silence."""
        followed = self._alerts.follow(account_id(request.parent, "parent"))
        language = (await self._channels.rules(call.principal)).language
        async with aclosing(followed) as alerts:
            upcoming = asyncio.ensure_future(anext(alerts))
            try:
                while True:
                    silence = asyncio.ensure_future(self._clock.sleep(HEARTBEAT_S))
                    await asyncio.wait((upcoming, silence), return_when=asyncio.FIRST_COMPLETED)
                    silence.cancel()
                    if upcoming.done():
                        alert = _alert(upcoming.result(), call, language)
                        yield pb.WatchAlertsResponse(alert=alert).SerializeToString()
                        upcoming = asyncio.ensure_future(anext(alerts))
                        continue
                    now = time_to_wire(self._clock.now())
                    beat = types_pb2.Heartbeat(heartbeat_time=now)
                    yield pb.WatchAlertsResponse(heartbeat=beat).SerializeToString()
            finally:
                upcoming.cancel()
                await asyncio.gather(upcoming, return_exceptions=True)


def _kind(found: Notifier) -> NotifierSummary:
    return NotifierSummary(
        name=found.name,
        summary=found.summary,
        fields=tuple(
            NotifierField(
                key=field.name,
                description=field.description,
                secret=field.secret,
                required=field.required,
            )
            for field in found.fields
        ),
        duplicates_harmless=found.duplicates_harmless,
    )


def _alert(found: Alert, call: Call, language: str) -> pb.Alert:
    return alert_to_wire(alert_summary(found, call.principal.person, language))


def _paths(given: Iterable[str], known: frozenset[str]) -> frozenset[str]:
    paths = frozenset(given)
    for path in sorted(paths - known):
        raise FieldInvalid(f"{path} cannot be changed.", field="update_mask")
    return paths


def _accounts(names: Iterable[str]) -> tuple[str, ...]:
    found = []
    for name in names:
        id = account_part(name)
        if name != f"accounts/{id}" or not id:
            raise FieldInvalid(f"`{name}` is no name of an account.", field="accounts")
        found.append(id)
    return tuple(found)


def _quiet(hours: pb.QuietHours) -> Quiet:
    begin, end = minute_of(hours.begin, "quiet.begin", 0), minute_of(hours.end, "quiet.end", 0)
    if bool(hours.begin) != bool(hours.end):
        raise FieldInvalid("Quiet hours have a beginning and an end, or neither.", field="quiet")
    return Quiet(begin, end)
