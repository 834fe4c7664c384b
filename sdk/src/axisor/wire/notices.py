"""Carries channels, rules, alerts and deliveries over the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor.states import DeliveryState
from axisor.v1 import notifications_pb2 as pb
from axisor.wire.names import account_part, child_name, last_part, top_name
from axisor.wire.scalars import enum_from_wire, enum_to_wire, time_or_none, time_to_wire


class NotifierField(Struct, frozen=True, kw_only=True):
    """One thing that a target is made of."""

    key: str
    description: str
    secret: bool
    required: bool


class NotifierSummary(Struct, frozen=True, kw_only=True):
    """A kind of channel."""

    name: str
    summary: str
    fields: tuple[NotifierField, ...]
    duplicates_harmless: bool


class ChannelSummary(Struct, frozen=True, kw_only=True):
    """A channel without its secrets, of which only the names are here. Accounts are ids."""

    id: str
    label: str
    notifier: str
    values: dict[str, str]
    secrets: tuple[str, ...]
    min_level: NoticeLevel
    kinds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    paused: bool = False
    trouble: str = ""
    etag: str = ""
    created_at: datetime | None = None


class MuteSummary(Struct, frozen=True, kw_only=True):
    """A while in which somebody is told nothing of an account."""

    account: str
    kind: str
    until: datetime | None


class RulesSummary(Struct, frozen=True, kw_only=True):
    """How somebody is told. Hours are `HH:MM` in `zone`; empty ones are none."""

    language: str
    zone: str
    quiet_begin: str = ""
    quiet_end: str = ""
    repeat_after_minutes: int = 0
    repeat_count: int = 0
    repeat_channels: tuple[str, ...] = ()
    daily_at: str = ""
    mutes: tuple[MuteSummary, ...] = ()
    etag: str = ""


class AlertSummary(Struct, frozen=True, kw_only=True):
    """Something the core had to tell of an account."""

    id: str
    account: str
    level: NoticeLevel
    kind: str
    mode: Mode
    position: str
    title: str
    effect: str
    next_step: str
    open: bool
    times: int
    created_at: datetime | None
    updated_at: datetime | None
    acknowledged: bool
    acknowledged_at: datetime | None = None


class DeliverySummary(Struct, frozen=True, kw_only=True):
    """One message to one channel."""

    id: str
    channel: str
    alert: str
    state: DeliveryState
    headline: str
    attempts: int
    error: str
    receipt: str
    created_at: datetime | None
    sent_at: datetime | None
    next_at: datetime | None


def notifier_to_wire(found: NotifierSummary) -> pb.Notifier:
    """Return a kind of channel as a message."""
    return pb.Notifier(
        name=top_name("notifiers", found.name),
        summary=found.summary,
        fields=[
            pb.NotifierField(
                key=each.key,
                description=each.description,
                secret=each.secret,
                required=each.required,
            )
            for each in found.fields
        ],
        duplicates_harmless=found.duplicates_harmless,
    )


def notifier_from_wire(message: pb.Notifier) -> NotifierSummary:
    """Return the kind of channel in a message."""
    return NotifierSummary(
        name=last_part(message.name),
        summary=message.summary,
        fields=tuple(
            NotifierField(
                key=each.key,
                description=each.description,
                secret=each.secret,
                required=each.required,
            )
            for each in message.fields
        ),
        duplicates_harmless=message.duplicates_harmless,
    )


def channel_to_wire(found: ChannelSummary) -> pb.Channel:
    """Return a channel as a message."""
    return pb.Channel(
        name=top_name("channels", found.id),
        label=found.label,
        notifier=top_name("notifiers", found.notifier),
        values=found.values,
        secrets=found.secrets,
        min_level=enum_to_wire(found.min_level),
        kinds=found.kinds,
        accounts=[top_name("accounts", each) for each in found.accounts],
        paused=found.paused,
        trouble=found.trouble,
        etag=found.etag,
        create_time=time_to_wire(found.created_at, "create_time"),
    )


def channel_from_wire(message: pb.Channel) -> ChannelSummary:
    """Return the channel in a message."""
    return ChannelSummary(
        id=last_part(message.name),
        label=message.label,
        notifier=last_part(message.notifier),
        values=dict(message.values),
        secrets=tuple(message.secrets),
        min_level=enum_from_wire(NoticeLevel, message.min_level),
        kinds=tuple(message.kinds),
        accounts=tuple(map(last_part, message.accounts)),
        paused=message.paused,
        trouble=message.trouble,
        etag=message.etag,
        created_at=time_or_none(message, "create_time"),
    )


def mute_to_wire(found: MuteSummary) -> pb.Mute:
    """Return a mute as a message."""
    return pb.Mute(
        account=top_name("accounts", found.account),
        kind=found.kind,
        expire_time=time_to_wire(found.until, "expire_time"),
    )


def mute_from_wire(message: pb.Mute) -> MuteSummary:
    """Return the mute in a message."""
    return MuteSummary(
        account=last_part(message.account),
        kind=message.kind,
        until=time_or_none(message, "expire_time"),
    )


def rules_to_wire(found: RulesSummary) -> pb.NotificationRules:
    """Return rules as a message."""
    return pb.NotificationRules(
        language=found.language,
        zone=found.zone,
        quiet=pb.QuietHours(begin=found.quiet_begin, end=found.quiet_end),
        escalation=pb.Escalation(
            after_minutes=found.repeat_after_minutes,
            repeat_count=found.repeat_count,
            channels=[top_name("channels", each) for each in found.repeat_channels],
        ),
        daily_at=found.daily_at,
        mutes=map(mute_to_wire, found.mutes),
        etag=found.etag,
    )


def rules_from_wire(message: pb.NotificationRules) -> RulesSummary:
    """Return the rules in a message."""
    return RulesSummary(
        language=message.language,
        zone=message.zone,
        quiet_begin=message.quiet.begin,
        quiet_end=message.quiet.end,
        repeat_after_minutes=message.escalation.after_minutes,
        repeat_count=message.escalation.repeat_count,
        repeat_channels=tuple(map(last_part, message.escalation.channels)),
        daily_at=message.daily_at,
        mutes=tuple(map(mute_from_wire, message.mutes)),
        etag=message.etag,
    )


def alert_to_wire(found: AlertSummary) -> pb.Alert:
    """Return an alert as a message."""
    return pb.Alert(
        name=child_name(found.account, "alerts", found.id),
        level=enum_to_wire(found.level),
        kind=found.kind,
        mode=enum_to_wire(found.mode),
        position=found.position,
        title=found.title,
        effect=found.effect,
        next_step=found.next_step,
        open=found.open,
        times_count=found.times,
        create_time=time_to_wire(found.created_at, "create_time"),
        update_time=time_to_wire(found.updated_at, "update_time"),
        acknowledged=found.acknowledged,
        acknowledge_time=time_to_wire(found.acknowledged_at, "acknowledge_time"),
    )


def alert_from_wire(message: pb.Alert) -> AlertSummary:
    """Return the alert in a message."""
    return AlertSummary(
        id=last_part(message.name),
        account=account_part(message.name),
        level=enum_from_wire(NoticeLevel, message.level),
        kind=message.kind,
        mode=enum_from_wire(Mode, message.mode),
        position=message.position,
        title=message.title,
        effect=message.effect,
        next_step=message.next_step,
        open=message.open,
        times=message.times_count,
        created_at=time_or_none(message, "create_time"),
        updated_at=time_or_none(message, "update_time"),
        acknowledged=message.acknowledged,
        acknowledged_at=time_or_none(message, "acknowledge_time"),
    )


def delivery_to_wire(found: DeliverySummary) -> pb.Delivery:
    """Return a delivery as a message; its alert is a name."""
    return pb.Delivery(
        name=top_name("deliveries", found.id),
        channel=top_name("channels", found.channel),
        alert=found.alert,
        state=enum_to_wire(found.state),
        headline=found.headline,
        attempt_count=found.attempts,
        error=found.error,
        receipt=found.receipt,
        create_time=time_to_wire(found.created_at, "create_time"),
        send_time=time_to_wire(found.sent_at, "send_time"),
        next_time=time_to_wire(found.next_at, "next_time"),
    )


def delivery_from_wire(message: pb.Delivery) -> DeliverySummary:
    """Return the delivery in a message."""
    return DeliverySummary(
        id=last_part(message.name),
        channel=last_part(message.channel),
        alert=message.alert,
        state=enum_from_wire(DeliveryState, message.state),
        headline=message.headline,
        attempts=message.attempt_count,
        error=message.error,
        receipt=message.receipt,
        created_at=time_or_none(message, "create_time"),
        sent_at=time_or_none(message, "send_time"),
        next_at=time_or_none(message, "next_time"),
    )
