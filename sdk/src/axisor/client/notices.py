"""Calls about how people are told: channels, rules, alerts, and what was sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from axisor.client.calls import Caller, Page, new_request_id
from axisor.notices import NoticeLevel
from axisor.ports import Secret
from axisor.states import DeliveryState
from axisor.v1 import notifications_pb2 as pb
from axisor.v1.notifications_pb2_grpc import NotificationServiceStub
from axisor.watch import AlertItem
from axisor.wire.names import account_name, child_name, top_name
from axisor.wire.notices import (
    AlertSummary,
    ChannelSummary,
    DeliverySummary,
    MuteSummary,
    NotifierSummary,
    RulesSummary,
    alert_from_wire,
    channel_from_wire,
    delivery_from_wire,
    mute_from_wire,
    notifier_from_wire,
    rules_from_wire,
)
from axisor.wire.scalars import enum_to_wire


class Notices:
    """The methods of NotificationService. Accounts, channels and alerts are given by id or name."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = NotificationServiceStub(caller.channel)

    async def notifiers(self, *, page_size: int = 0, page_token: str = "") -> Page[NotifierSummary]:
        """Return the kinds of channels that there are, by name."""
        request = pb.ListNotifiersRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListNotifiers, request, of_account=False)
        return Page(tuple(map(notifier_from_wire, answer.notifiers)), answer.next_page_token)

    async def create_channel(
        self,
        notifier: str,
        label: str,
        *,
        values: Mapping[str, str] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        min_level: NoticeLevel | None = None,
        kinds: Iterable[str] = (),
        accounts: Iterable[str] = (),
        request_id: str | None = None,
    ) -> ChannelSummary:
        """Make a channel of one's own.

        Raises NotifierNotFound, ChannelLimit, FieldInvalid, AddressForbidden, PermissionDenied.
        """
        request = pb.CreateChannelRequest(
            request_id=request_id or new_request_id(),
            label=label,
            notifier=top_name("notifiers", notifier),
            values=values or {},
            secrets={name: secret.reveal() for name, secret in (secrets or {}).items()},
            min_level=enum_to_wire(min_level),
            kinds=list(kinds),
            accounts=[account_name(each) for each in accounts],
        )
        answer = await self._call.unary(self._stub.CreateChannel, request, of_account=False)
        return channel_from_wire(answer.channel)

    async def get_channel(self, id: str) -> ChannelSummary:
        """Return one of one's own channels. Raises ChannelNotFound."""
        request = pb.GetChannelRequest(name=top_name("channels", id))
        answer = await self._call.unary(self._stub.GetChannel, request, of_account=False)
        return channel_from_wire(answer.channel)

    async def list_channels(
        self, *, page_size: int = 0, page_token: str = ""
    ) -> Page[ChannelSummary]:
        """Return one's own channels, the oldest first."""
        request = pb.ListChannelsRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListChannels, request, of_account=False)
        return Page(tuple(map(channel_from_wire, answer.channels)), answer.next_page_token)

    async def update_channel(  # noqa: PLR0913  each can be changed
        self,
        id: str,
        *,
        label: str | None = None,
        values: Mapping[str, str] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        min_level: NoticeLevel | None = None,
        kinds: Sequence[str] | None = None,
        accounts: Sequence[str] | None = None,
        paused: bool | None = None,
        etag: str = "",
        request_id: str | None = None,
    ) -> ChannelSummary:
        """Change what is given of a channel. Raises ChannelNotFound, EtagMismatch, FieldInvalid."""
        given = {
            "label": label,
            "values": values,
            "secrets": secrets,
            "min_level": min_level,
            "kinds": kinds,
            "accounts": accounts,
            "paused": paused,
        }
        request = pb.UpdateChannelRequest(
            name=top_name("channels", id),
            request_id=request_id or new_request_id(),
            update_mask=FieldMask(paths=[name for name in given if given[name] is not None]),
            etag=etag,
            label=label or "",
            values=values or {},
            secrets={name: secret.reveal() for name, secret in (secrets or {}).items()},
            min_level=enum_to_wire(min_level),
            kinds=kinds or (),
            accounts=[account_name(each) for each in accounts or ()],
            paused=bool(paused),
        )
        answer = await self._call.unary(self._stub.UpdateChannel, request, of_account=False)
        return channel_from_wire(answer.channel)

    async def delete_channel(self, id: str, *, request_id: str | None = None) -> None:
        """Remove a channel. Raises ChannelNotFound."""
        request = pb.DeleteChannelRequest(
            name=top_name("channels", id), request_id=request_id or new_request_id()
        )
        await self._call.unary(self._stub.DeleteChannel, request, of_account=False)

    async def test_channel(self, id: str, *, request_id: str | None = None) -> DeliverySummary:
        """Have a test message sent; its delivery ends soon after. Raises ChannelNotFound."""
        request = pb.TestChannelRequest(
            name=top_name("channels", id), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.TestChannel, request, of_account=False)
        return delivery_from_wire(answer.delivery)

    async def rules(self) -> RulesSummary:
        """Return how one is told."""
        request = pb.GetNotificationRulesRequest()
        answer = await self._call.unary(self._stub.GetNotificationRules, request, of_account=False)
        return rules_from_wire(answer.rules)

    async def update_rules(
        self,
        *,
        language: str | None = None,
        zone: str | None = None,
        quiet: tuple[str, str] | None = None,
        escalation: tuple[int, int, Sequence[str]] | None = None,
        daily_at: str | None = None,
        etag: str = "",
        request_id: str | None = None,
    ) -> RulesSummary:
        """Change what is given of how one is told.

        `quiet` is when quiet hours begin and end, `escalation` after how many minutes, how often
        and to which channels what is CRIT or LOST is repeated. Raises EtagMismatch, FieldInvalid,
        ChannelNotFound.
        """
        given = {
            "language": language,
            "zone": zone,
            "quiet": quiet,
            "escalation": escalation,
            "daily_at": daily_at,
        }
        begin, end = quiet or ("", "")
        after, count, channels = escalation or (0, 0, ())
        request = pb.UpdateNotificationRulesRequest(
            request_id=request_id or new_request_id(),
            update_mask=FieldMask(paths=[name for name in given if given[name] is not None]),
            etag=etag,
            language=language or "",
            zone=zone or "",
            quiet=pb.QuietHours(begin=begin, end=end),
            escalation=pb.Escalation(
                after_minutes=after,
                repeat_count=count,
                channels=[top_name("channels", each) for each in channels],
            ),
            daily_at=daily_at or "",
        )
        answer = await self._call.unary(
            self._stub.UpdateNotificationRules, request, of_account=False
        )
        return rules_from_wire(answer.rules)

    async def list_alerts(
        self, account: str, *, only_open: bool = False, page_size: int = 0, page_token: str = ""
    ) -> Page[AlertSummary]:
        """Return the alerts of an account of the last 7 days, the newest first."""
        request = pb.ListAlertsRequest(
            parent=account_name(account),
            page_size=page_size,
            page_token=page_token,
            only_open=only_open,
        )
        answer = await self._call.unary(self._stub.ListAlerts, request)
        return Page(tuple(map(alert_from_wire, answer.alerts)), answer.next_page_token)

    async def acknowledge(
        self, account: str, alert: str, *, request_id: str | None = None
    ) -> AlertSummary:
        """Say that one has seen an alert, so that it is not repeated. Raises AlertNotFound."""
        request = pb.AcknowledgeAlertRequest(
            name=child_name(account, "alerts", alert), request_id=request_id or new_request_id()
        )
        answer = await self._call.unary(self._stub.AcknowledgeAlert, request)
        return alert_from_wire(answer.alert)

    async def mute(
        self, account: str, minutes: int, *, kind: str = "", request_id: str | None = None
    ) -> tuple[MuteSummary, ...]:
        """Be told nothing of an account for so long, 0 ends that; return what is muted.

        Raises AccountNotFound.
        """
        request = pb.MuteAlertsRequest(
            parent=account_name(account),
            request_id=request_id or new_request_id(),
            minutes=minutes,
            kind=kind,
        )
        answer = await self._call.unary(self._stub.MuteAlerts, request)
        return tuple(map(mute_from_wire, answer.mutes))

    def watch_alerts(self, account: str) -> AsyncGenerator[AlertItem, None]:
        """Follow an account's alerts; see `axisor.watch.watch_alerts`."""
        request = pb.WatchAlertsRequest(parent=account_name(account))
        return self._call.watch_alerts(
            lambda _: self._stub.WatchAlerts(request, metadata=self._call.headers())
        )

    async def list_deliveries(
        self,
        *,
        channel: str = "",
        state: DeliveryState | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> Page[DeliverySummary]:
        """Return what was or is to be sent to one's own channels, the newest first.

        Raises ChannelNotFound.
        """
        request = pb.ListDeliveriesRequest(
            page_size=page_size,
            page_token=page_token,
            channel=top_name("channels", channel),
            state=enum_to_wire(state),
        )
        answer = await self._call.unary(self._stub.ListDeliveries, request, of_account=False)
        return Page(tuple(map(delivery_from_wire, answer.deliveries)), answer.next_page_token)
