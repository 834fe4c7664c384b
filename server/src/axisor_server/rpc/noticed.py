"""What is kept of channels, rules, alerts and deliveries, as it is shown."""

from __future__ import annotations

import re
from datetime import datetime

from axisor.errors import FieldInvalid
from axisor.wire.names import child_name
from axisor.wire.notices import (
    AlertSummary,
    ChannelSummary,
    DeliverySummary,
    MuteSummary,
    RulesSummary,
)
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.records import etag_of
from axisor_server.domain.telling.records import OWN, Alert, Channel, Delivery, Mute, Rules
from axisor_server.domain.telling.routing import still_muted
from axisor_server.domain.telling.saying import say

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def channel_summary(found: Channel) -> ChannelSummary:
    """Return a channel without what is sealed."""
    return ChannelSummary(
        id=found.id,
        label=found.label,
        notifier=found.notifier,
        values=found.values,
        secrets=found.secrets,
        min_level=found.min_level,
        kinds=found.kinds,
        accounts=found.accounts,
        paused=found.paused,
        trouble=found.trouble,
        etag=etag_of(found.revision),
        created_at=from_us(found.made_us),
    )


def mute_summary(found: Mute) -> MuteSummary:
    """Return a mute."""
    return MuteSummary(account=found.account, kind=found.kind, until=from_us(found.until_us))


def rules_summary(found: Rules, now: datetime) -> RulesSummary:
    """Return rules, with the mutes that hold now."""
    quiet = found.quiet.begin != found.quiet.end
    return RulesSummary(
        language=found.language,
        zone=found.zone,
        quiet_begin=_clock(found.quiet.begin) if quiet else "",
        quiet_end=_clock(found.quiet.end) if quiet else "",
        repeat_after_minutes=found.escalation.after_minutes,
        repeat_count=found.escalation.times,
        repeat_channels=found.escalation.channels,
        daily_at="" if found.daily < 0 else _clock(found.daily),
        mutes=tuple(map(mute_summary, still_muted(found.mutes, to_us(now)))),
        etag=etag_of(found.revision),
    )


def alert_summary(found: Alert, person: str, language: str) -> AlertSummary:
    """Return an alert as a caller sees it, in their language."""
    notice = say(found.told, language)
    seen_us = found.seen.get(person or OWN)
    return AlertSummary(
        id=found.id,
        account=found.account,
        level=found.peak,
        kind=notice.kind,
        mode=notice.mode,
        position=notice.position,
        title=notice.title,
        effect=notice.effect,
        next_step=notice.next_step,
        open=not found.over,
        times=found.times,
        created_at=from_us(found.began_us),
        updated_at=from_us(found.changed_us),
        acknowledged=seen_us is not None,
        acknowledged_at=None if seen_us is None else from_us(seen_us),
    )


def delivery_summary(found: Delivery) -> DeliverySummary:
    """Return a delivery."""
    account, _, alert = found.alert.partition("/")
    return DeliverySummary(
        id=found.id,
        channel=found.channel,
        alert=child_name(account, "alerts", alert) if alert else "",
        state=found.state,
        headline=found.notice.headline,
        attempts=found.attempts,
        error=found.error,
        receipt=found.receipt,
        created_at=from_us(found.made_us),
        sent_at=None if found.sent_us is None else from_us(found.sent_us),
        next_at=None if found.state.is_over else from_us(found.not_before_us),
    )


def minute_of(text: str, field: str, none: int) -> int:
    """Return the minute after midnight of `HH:MM`, `none` for an empty text.

    Raises FieldInvalid.
    """
    if not text:
        return none
    found = _TIME.fullmatch(text)
    if found is None:
        raise FieldInvalid(f"{field} must be a time such as 23:00.", field=field)
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
