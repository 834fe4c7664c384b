"""Channels and rules of each caller: made, shown, changed, removed and tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import (
    ChannelLimit,
    ChannelNotFound,
    EtagMismatch,
    FieldInvalid,
    NotifierNotFound,
)
from axisor.model import Mode
from axisor.notices import NoticeLevel, Notifier, Target, missing
from axisor.ports import Clock, Secret
from axisor.states import DeliveryState
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import etag_of
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.records import (
    CHANNEL,
    DELIVERY,
    MOST_CHANNELS,
    Channel,
    Delivery,
    Escalation,
    Quiet,
    Rules,
    channel_document,
    read,
    rules_document,
)
from axisor_server.domain.telling.saying import say
from axisor_server.ports import Ids, Sealer, Store, Transaction
from axisor_server.services.principals import Principal
from axisor_server.services.recording import Say
from axisor_server.services.requests import Once, Request
from axisor_server.services.telling.following import put, rules_of
from axisor_server.services.telling.sending import PURPOSE

MOST_VALUE = 2_048


class Wish(Struct, frozen=True, kw_only=True):
    """What a channel is to be; None leaves a part as it is."""

    label: str | None = None
    values: dict[str, str] | None = None
    secrets: Mapping[str, Secret] | None = None
    min_level: NoticeLevel | None = None
    kinds: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    paused: bool | None = None


class RulesWish(Struct, frozen=True, kw_only=True):
    """How somebody wants to be told; None leaves a part as it is."""

    language: str | None = None
    zone: str | None = None
    quiet: Quiet | None = None
    escalation: Escalation | None = None
    daily: int | None = None


class _Done(Struct, frozen=True):
    id: str


class Channels:
    """What each caller is told by. `store` shows everything: each method looks whose it is."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Sealer,
        once: Once,
        notifiers: Mapping[str, Notifier],
        hint: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._once = once
        self.notifiers = notifiers
        self._hint = hint

    async def create(self, by: Principal, notifier: str, wish: Wish, request: Request) -> Channel:
        """Make a channel. Raises NotifierNotFound, ChannelLimit, FieldInvalid, AddressForbidden."""
        kind = self._notifier(notifier)
        now_us = self._now_us()
        bare = Channel(
            id=self._ids.new(),
            tenant=by.tenant,
            owner=by.person,
            label="",
            notifier=notifier,
            values={},
            secrets=(),
            sealed=b"",
            made_us=now_us,
            changed_us=now_us,
        )
        made = self._changed(by, kind, bare, wish, {})

        def add(tx: Transaction, record: Say) -> _Done:
            if len(tx.documents(CHANNEL, owner=by.person)) >= MOST_CHANNELS:
                raise ChannelLimit(f"One owner has {MOST_CHANNELS} at most.", limit=MOST_CHANNELS)
            tx.put_document(channel_document(made), revision=None)
            record(request.made)
            return _Done(made.id)

        done = await self._once.record(request, _Done, add)
        return await self.get(by, done.id)

    async def of(self, by: Principal) -> list[Channel]:
        """Return a caller's channels, the oldest first."""
        found = await self._store.read(lambda view: view.documents(CHANNEL, owner=by.person))
        return [read(document, Channel) for document in found]

    async def get(self, by: Principal, id: str) -> Channel:
        """Return a caller's own channel. Raises ChannelNotFound, for another's too."""
        document = await self._store.read(lambda view: view.document(CHANNEL, id))
        if document is None or document.owner != by.person:
            raise ChannelNotFound(channel=id)
        return read(document, Channel)

    async def update(
        self, by: Principal, id: str, wish: Wish, *, etag: str, request: Request
    ) -> Channel:
        """Change a channel. Raises ChannelNotFound, EtagMismatch, FieldInvalid."""
        before = await self.get(by, id)
        kind = self._notifier(before.notifier)
        plain = self._vault.unseal(before.sealed, purpose=PURPOSE, bound=before.bound)
        after = self._changed(by, kind, before, wish, msgspec.json.decode(plain))

        def change(tx: Transaction, record: Say) -> _Done:
            document = tx.document(CHANNEL, id)
            if document is None:
                raise ChannelNotFound(channel=id)
            if etag and etag != etag_of(document.revision):
                raise EtagMismatch(f"The channel {id} was changed meanwhile.")
            newer = replace(after, revision=document.revision + 1, changed_us=self._now_us())
            tx.put_document(channel_document(newer), revision=document.revision)
            record(request.made)
            return _Done(id)

        await self._once.record(request, _Done, change)
        return await self.get(by, id)

    async def delete(self, by: Principal, id: str, request: Request) -> None:
        """Remove a channel. Raises ChannelNotFound, for another's too."""

        def remove(tx: Transaction, record: Say) -> _Done:
            document = tx.document(CHANNEL, id)
            if document is None or document.owner != by.person:
                raise ChannelNotFound(channel=id)
            tx.delete_document(CHANNEL, id)
            record(request.made)
            return _Done(id)

        await self._once.record(request, _Done, remove)

    async def test(self, by: Principal, id: str, request: Request) -> Delivery:
        """Write a test message. Raises ChannelNotFound, NotifierNotFound."""
        channel = await self.get(by, id)
        self._notifier(channel.notifier)
        now_us, message = self._now_us(), self._ids.new()
        told = Told(
            id=message,
            account="",
            mode=Mode.LIVE,
            episode=f"test/{message}",
            level=NoticeLevel.INFO,
            kind="test",
            code="test",
            figures={"name": channel.label},
            time_us=now_us,
        )

        def write(tx: Transaction, record: Say) -> _Done:
            notice = say(told, rules_of(tx, by.person, by.tenant).language)
            made = put(tx, channel, notice, alert="", due_us=now_us, now_us=now_us)
            record(request.made)
            return _Done(made.id)

        done = await self._once.record(request, _Done, write)
        self._hint()
        document = await self._store.read(lambda view: view.document(DELIVERY, done.id))
        if document is None:
            raise ChannelNotFound(channel=id)
        return read(document, Delivery)

    async def deliveries(
        self, by: Principal, *, channel: str = "", state: DeliveryState | None = None
    ) -> list[Delivery]:
        """Return a caller's messages, the newest first. Raises ChannelNotFound."""
        if channel:
            await self.get(by, channel)
        found = await self._store.read(lambda view: view.documents(DELIVERY, owner=by.person))
        all = [read(document, Delivery) for document in found]
        wanted = [
            each for each in all if channel in ("", each.channel) and state in (None, each.state)
        ]
        return sorted(wanted, key=lambda each: (each.made_us, each.id), reverse=True)

    # ---------------------------------------------------------------- rules

    async def rules(self, by: Principal) -> Rules:
        """Return how a caller is told."""
        return await self._store.read(lambda view: rules_of(view, by.person, by.tenant))

    async def update_rules(
        self, by: Principal, wish: RulesWish, *, etag: str, request: Request
    ) -> Rules:
        """Change how a caller is told. Raises EtagMismatch, ChannelNotFound, FieldInvalid."""
        _check_zone(wish.zone)
        for id in () if wish.escalation is None else wish.escalation.channels:
            await self.get(by, id)
        given = {
            field: value
            for field in wish.__struct_fields__
            if (value := getattr(wish, field)) is not None
        }

        def change(tx: Transaction, record: Say) -> _Done:
            before = rules_of(tx, by.person, by.tenant)
            if etag and etag != etag_of(before.revision):
                raise EtagMismatch("The rules were changed meanwhile.")
            keep_rules(tx, before, replace(before, **given), self._now_us())
            record(request.made)
            return _Done("")

        await self._once.record(request, _Done, change)
        return await self.rules(by)

    # ---------------------------------------------------------------- parts

    def _changed(
        self,
        by: Principal,
        kind: Notifier,
        before: Channel,
        wish: Wish,
        held: dict[str, str],
    ) -> Channel:
        values = before.values if wish.values is None else wish.values
        secrets = held
        if wish.secrets is not None:
            secrets = {name: given.reveal() for name, given in wish.secrets.items()}
        _check_parts(kind, values, secrets)
        target = Target(values, {name: Secret(text) for name, text in secrets.items()})
        lacking = missing(kind.fields, target)
        if lacking:
            raise FieldInvalid(f"{kind.name} needs `{lacking}`.", field=lacking)
        kind.check(target)
        for account in wish.accounts or ():
            if not by.sees(account):
                raise FieldInvalid(f"There is no account `{account}`.", field="accounts")
        plain = msgspec.json.encode(secrets)
        return replace(
            before,
            label=before.label if wish.label is None else wish.label,
            values=values,
            secrets=tuple(sorted(secrets)),
            sealed=self._vault.seal(plain, purpose=PURPOSE, bound=before.bound),
            min_level=before.min_level if wish.min_level is None else wish.min_level,
            kinds=before.kinds if wish.kinds is None else wish.kinds,
            accounts=before.accounts if wish.accounts is None else wish.accounts,
            paused=before.paused if wish.paused is None else wish.paused,
            trouble="",
        )

    def _notifier(self, name: str) -> Notifier:
        found = self.notifiers.get(name)
        if found is None:
            known = ", ".join(sorted(self.notifiers)) or "none"
            raise NotifierNotFound(
                f"No enabled plugin offers `{name}`; there are {known}.", notifier=name
            )
        return found

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def keep_rules(tx: Transaction, before: Rules, after: Rules, now_us: int) -> None:
    """Write a caller's rules in the place of those that were read. Raises Conflict."""
    newer = replace(after, revision=before.revision + 1, changed_us=now_us)
    tx.put_document(rules_document(newer), revision=before.revision or None)


def forget(tx: Transaction, person: str) -> None:
    """Remove all of a person that says how they were told, as when they are erased."""
    for kind in (CHANNEL, DELIVERY):
        for document in tx.documents(kind, owner=person):
            tx.delete_document(kind, document.id)
    tx.delete_document("notice_rules", person)


def _check_parts(kind: Notifier, values: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    known = {field.name: field.secret for field in kind.fields}
    parts: Sequence[tuple[Mapping[str, str], bool]] = ((values, False), (secrets, True))
    for given, secret in parts:
        for name, text in given.items():
            if known.get(name) is not secret:
                fitting = ", ".join(each for each, hidden in known.items() if hidden is secret)
                what = "secrets" if secret else "values"
                raise FieldInvalid(
                    f"{kind.name} has no {what} of the name `{name}`; there are {fitting}.",
                    field=what,
                )
            if len(text) > MOST_VALUE:
                raise FieldInvalid(f"`{name}` is longer than {MOST_VALUE} letters.", field=name)


def _check_zone(zone: str | None) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FieldInvalid(
            f"There is no time zone `{zone}`.",
            fix="Name one of the IANA, such as America/Sao_Paulo.",
            field="zone",
        ) from error
