"""Who is told what, by which channel, and when: levels, mutes, quiet hours, repeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from axisor.notices import NoticeLevel
from axisor_server.domain.journal import from_us, to_us
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.records import Alert, Channel, Mute, Quiet, Rules

MINUTE_US = 60 * 1_000_000
LOUD_MUTED_US = 30 * MINUTE_US
"""How long what is CRIT or LOST can be muted."""

DAY_MINUTES = 24 * 60


def hears(channel: Channel, told: Told, *, ends_heard: bool = False) -> bool:
    """Return whether a channel is for something. The end of what was heard is heard at any level.

    Whether its owner sees the account is asked elsewhere.
    """
    if channel.paused or (channel.kinds and told.kind not in channel.kinds):
        return False
    if channel.accounts and told.account not in channel.accounts:
        return False
    return ends_heard or told.level.rank >= channel.min_level.rank


def muted(mutes: Iterable[Mute], told: Told, now_us: int) -> bool:
    """Return whether something is muted now."""
    for mute in mutes:
        until_us = mute.until_us
        if told.level.pierces:
            until_us = min(until_us, mute.from_us + LOUD_MUTED_US)
        of_it = mute.account == told.account and mute.kind in ("", told.kind)
        if of_it and mute.from_us <= now_us < until_us:
            return True
    return False


def still_muted(mutes: Iterable[Mute], now_us: int) -> tuple[Mute, ...]:
    """Return the mutes that are not over."""
    return tuple(mute for mute in mutes if mute.until_us > now_us)


def not_before(quiet: Quiet, zone: tzinfo, level: NoticeLevel, now_us: int) -> int:
    """Return when something may be sent: now, or at the end of the quiet hours that are now."""
    if quiet.begin == quiet.end or level.pierces:
        return now_us
    now = from_us(now_us).astimezone(zone)
    minute = now.hour * 60 + now.minute
    since = (minute - quiet.begin) % DAY_MINUTES
    length = (quiet.end - quiet.begin) % DAY_MINUTES
    if since >= length:
        return now_us
    local = now.replace(hour=quiet.end // 60, minute=quiet.end % 60, second=0, microsecond=0)
    if quiet.end <= minute:
        local = _next_day(local)
    return max(now_us, to_us(local))


def _next_day(local: datetime) -> datetime:
    """Return the same hour of the next day by the clock on the wall."""
    return local + timedelta(days=1)  # arithmetic of an aware time keeps its zone's wall clock


def repeats(rules: Rules, alert: Alert, now_us: int) -> int:
    """Return how many repeats of an alert are due by now to a caller; 0 where none are."""
    escalation = rules.escalation
    done = alert.over or (rules.owner or "owner") in alert.seen
    if done or not alert.peak.pierces or not alert.said or not escalation.after_minutes:
        return 0
    passed = (now_us - alert.changed_us) // (escalation.after_minutes * MINUTE_US)
    return max(0, min(int(passed), escalation.times))


def louder(channels: Sequence[Channel], rules: Rules, told: Told) -> Sequence[Channel]:
    """Return the channels that a repeat goes to: those that are named, or those that heard it."""
    named = rules.escalation.channels
    if not named:
        return [channel for channel in channels if hears(channel, told)]
    return [channel for channel in channels if channel.id in named and not channel.paused]


def daily_due(rules: Rules, zone: tzinfo, now_us: int, *, within_minutes: int) -> str:
    """Return the day whose all-clear is due by now, empty where none is."""
    if rules.daily < 0:
        return ""
    now = from_us(now_us).astimezone(zone)
    late = (now.hour * 60 + now.minute - rules.daily) % DAY_MINUTES
    if late >= within_minutes:
        return ""
    return (now - timedelta(minutes=late)).date().isoformat()
