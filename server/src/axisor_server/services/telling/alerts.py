"""Alerts of an account: listed, followed, acknowledged and muted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AlertNotFound
from axisor.ports import Clock
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling.records import (
    ALERT,
    OWN,
    Alert,
    Mute,
    alert_document,
    read,
)
from axisor_server.domain.telling.routing import MINUTE_US, still_muted
from axisor_server.ports import Store, Transaction
from axisor_server.services.accounts import Accounts
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.telling.channels import keep_rules
from axisor_server.services.telling.following import rules_of

LOOK_S = 1.0


class _Done(Struct, frozen=True):
    id: str


class Alerts:
    """Alerts, as each caller sees them. `store` shows everything: each method asks for the account
    first, which a caller who does not see it is told is not there.
    """

    def __init__(self, *, store: Store, accounts: Accounts, clock: Clock, once: Once) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._once = once

    async def of(self, account: str, *, only_open: bool = False) -> list[Alert]:
        """Return the alerts of an account, the newest first. Raises AccountNotFound."""
        await self._accounts.get(account)
        found = await self._read(account)
        kept = [alert for alert in found if not (only_open and alert.over)]
        return sorted(kept, key=lambda alert: (alert.changed_us, alert.id), reverse=True)

    async def acknowledge(self, by: Principal, account: str, id: str, request: Request) -> Alert:
        """Say that a caller has seen an alert. Raises AccountNotFound, AlertNotFound."""
        await self._accounts.get(account)
        now_us = self._now_us()

        def mark(tx: Transaction, record: Say) -> _Done:
            document = tx.document(ALERT, id)
            if document is None or document.about != account:
                raise AlertNotFound(alert=id)
            alert = read(document, Alert)
            seen = alert.seen | {by.person or OWN: now_us}
            newer = replace(alert, seen=seen, revision=alert.revision + 1)
            tx.put_document(
                alert_document(newer),
                revision=alert.revision,
                keys=_keys(tx, alert),
            )
            record(request.made)
            return _Done(id)

        await self._once.record(request, _Done, mark)
        document = await self._store.read(lambda view: view.document(ALERT, id))
        if document is None:
            raise AlertNotFound(alert=id)
        return read(document, Alert)

    async def mute(
        self, by: Principal, account: str, *, minutes: int, kind: str, request: Request
    ) -> Sequence[Mute]:
        """Tell a caller nothing of an account for so long; 0 minutes end it.

        Raises AccountNotFound.
        """
        await self._accounts.get(account)
        now_us = self._now_us()
        until_us = now_us + minutes * MINUTE_US
        mute = Mute(account=account, kind=kind, from_us=now_us, until_us=until_us)

        def change(tx: Transaction, record: Say) -> _Done:
            before = rules_of(tx, by.person, by.tenant)
            others = [
                each
                for each in still_muted(before.mutes, now_us)
                if (each.account, each.kind) != (account, kind)
            ]
            mutes = (*others, mute) if minutes else tuple(others)
            keep_rules(tx, before, replace(before, mutes=mutes), now_us)
            record(request.made)
            return _Done("")

        await self._once.record(request, _Done, change)
        rules = await self._store.read(lambda view: rules_of(view, by.person, by.tenant))
        return still_muted(rules.mutes, now_us)

    async def follow(self, account: str) -> AsyncGenerator[Alert, None]:
        """Yield alerts that are open, then each that is new or changed. Raises AccountNotFound."""
        await self._accounts.get(account)
        known: dict[str, int] = {}
        first = True
        while True:
            for alert in sorted(await self._read(account), key=lambda each: each.changed_us):
                told = known.get(alert.id) == alert.revision
                known[alert.id] = alert.revision
                if not told and not (first and alert.over):
                    yield alert
            first = False
            await self._clock.sleep(LOOK_S)

    async def _read(self, account: str) -> list[Alert]:
        found = await self._store.read(lambda view: view.documents(ALERT, about=account))
        return [read(document, Alert) for document in found]

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _keys(tx: Transaction, alert: Alert) -> tuple[str, ...]:
    """Return the keys that an alert holds: that of its episode, unless a newer one has it."""
    key = f"{alert.account}/{alert.told.episode}"
    found = tx.document_by(ALERT, key)
    return (key,) if found is not None and found.id == alert.id else ()
