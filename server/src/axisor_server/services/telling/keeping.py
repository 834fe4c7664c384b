"""What is told by the clock: repeats of what nobody has seen, and the daily all-clear."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct

from axisor.errors import StoreError
from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling import routing
from axisor_server.domain.telling.happening import Told, id_of
from axisor_server.domain.telling.picture import KIND
from axisor_server.domain.telling.records import (
    ALERT,
    CHANNEL,
    DAY_US,
    Alert,
    Channel,
    Rules,
    read,
)
from axisor_server.domain.telling.saying import say
from axisor_server.ports import Conflict, Reader, Store, Transaction
from axisor_server.services.telling.following import LEASE, picture_of, put, rules_of, sees

LOOK_S = 15.0
LATE_MINUTES = 60
"""An all-clear that is later than this is left out: the next day's comes."""

log = structlog.get_logger("axisor.telling")


class Day(Struct, frozen=True, kw_only=True):
    """What a day's report says."""

    positions: int
    protected: int
    actions: int
    added: int
    open_alerts: int
    mode: Mode


class Keeper:
    """Writes what the clock asks for, while this core is the one that tells."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        epoch: Callable[[], int | None],
        hint: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._epoch = epoch
        self._hint = hint

    async def run(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await self._clock.sleep(LOOK_S)
            try:
                await self.round()
            except Conflict:
                log.info("another core tells now")
            except StoreError as error:
                log.warning("repeats wait for the database", error=error.message)

    async def round(self) -> None:
        """Write what is due. Raises StoreError."""
        epoch = self._epoch()
        if epoch is None:
            return
        now_us = to_us(self._clock.now())

        def unit(tx: Transaction) -> None:
            tx.hold_lease(LEASE, epoch=epoch)
            for owner, channels in _owners(tx).items():
                rules = rules_of(tx, owner, channels[0].tenant)
                _repeat(tx, rules, channels, now_us)
                _daily(tx, rules, channels, now_us)

        await self._store.write(unit)
        self._hint()


def _owners(view: Reader) -> dict[str, list[Channel]]:
    found: dict[str, list[Channel]] = {}
    for document in view.documents(CHANNEL):
        found.setdefault(document.owner, []).append(read(document, Channel))
    return found


def _repeat(tx: Transaction, rules: Rules, channels: list[Channel], now_us: int) -> None:
    if not rules.escalation.after_minutes:
        return
    for document in tx.documents(ALERT):
        alert = read(document, Alert)
        count = routing.repeats(rules, alert, now_us)
        told = alert.told
        if not count or routing.muted(rules.mutes, told, now_us):
            continue
        if not sees(tx, rules.owner, alert.account):
            continue
        notice = say(told, rules.language, repeated="1")
        for channel in routing.louder(channels, rules, told):
            put(
                tx,
                channel,
                notice,
                alert=f"{alert.account}/{alert.id}",
                due_us=now_us,
                now_us=now_us,
                part=f"repeat {alert.changed_us} {count}",
            )


def _daily(tx: Transaction, rules: Rules, channels: list[Channel], now_us: int) -> None:
    day = routing.daily_due(rules, ZoneInfo(rules.zone), now_us, within_minutes=LATE_MINUTES)
    if not day:
        return
    found = _day(tx, rules.owner, now_us)
    good = found.protected == found.positions and not found.open_alerts
    told = Told(
        id=id_of("daily", rules.owner, day),
        account="",
        mode=found.mode,
        episode=f"daily/{day}",
        level=NoticeLevel.OK if good else NoticeLevel.WARN,
        kind="daily",
        code="daily" if good else "daily.not",
        figures={
            "positions_count": str(found.positions),
            "protected_count": str(found.protected),
            "actions_count": str(found.actions),
            "added_sat": str(found.added),
            "open_count": str(found.open_alerts),
        },
        time_us=now_us,
    )
    for channel in channels:
        if not channel.paused and (not channel.kinds or told.kind in channel.kinds):
            put(
                tx,
                channel,
                say(told, rules.language),
                alert="",
                due_us=now_us,
                now_us=now_us,
            )


def _day(view: Reader, owner: str, now_us: int) -> Day:
    accounts = [each for each in view.accounts() if sees(view, owner, each.id)]
    pictures = [picture_of(view.document(KIND, each.id)) for each in accounts]
    acts = [act for each in pictures for act in each.acts if act[0] > now_us - DAY_US]
    positions = [id for each in pictures for id in each.positions]
    alerts = [
        alert
        for each in accounts
        for alert in (read(document, Alert) for document in view.documents(ALERT, about=each.id))
        if not alert.over
    ]
    return Day(
        positions=len(positions),
        protected=sum(each.coverage.get(id, False) for each in pictures for id in each.positions),
        actions=len(acts),
        added=sum(amount for _, amount in acts),
        open_alerts=len(alerts),
        mode=_most_real(each.mode for each in accounts),
    )


def _most_real(modes: Iterable[Mode]) -> Mode:
    order = (Mode.SIM, Mode.PAPER, Mode.SHADOW, Mode.LIVE)
    return max(modes, key=order.index, default=Mode.LIVE)
