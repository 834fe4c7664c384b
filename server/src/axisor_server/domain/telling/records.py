"""Channels, rules, alerts and deliveries, as the core keeps them."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from axisor.notices import Notice, NoticeLevel
from axisor.states import DeliveryState
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.telling.happening import Told

CHANNEL, RULES, ALERT, DELIVERY = "channel", "notice_rules", "alert", "delivery"
"""The kinds of the documents."""

MOST_CHANNELS = 50
"""Of one owner."""

DAY_US = 24 * 3_600 * 1_000_000
ALERT_KEPT_US = 7 * DAY_US
DELIVERY_KEPT_US = 30 * DAY_US

OWN = "owner"
"""Under which id the rules are kept of whoever holds the owner token, who is no person."""

WAITING, OVER = "waiting", "over"
"""What the documents of deliveries are about: whether something is still to be done."""


class Channel(Struct, frozen=True, kw_only=True):
    """Where notices are sent. `owner` is a person's id, or empty for who holds the owner token.

    `sealed` are its secrets, as JSON; `secrets` their names. `trouble` is why the last message
    failed, empty while all is well.
    """

    id: str
    tenant: str
    owner: str
    label: str
    notifier: str
    values: dict[str, str]
    secrets: tuple[str, ...]
    sealed: bytes
    min_level: NoticeLevel = NoticeLevel.WARN
    kinds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    paused: bool = False
    trouble: str = ""
    made_us: int
    changed_us: int
    revision: int = 1

    @property
    def bound(self) -> tuple[str, str, str]:
        """Return what the seal of its secrets belongs to."""
        return self.id, self.tenant, self.owner


class Quiet(Struct, frozen=True):
    """Minutes after midnight at which quiet hours begin and end; equal ones are none."""

    begin: int = 0
    end: int = 0


class Escalation(Struct, frozen=True, kw_only=True):
    """How often what nobody has seen is repeated, and where; no channels are the first ones."""

    after_minutes: int = 0
    times: int = 0
    channels: tuple[str, ...] = ()


class Mute(Struct, frozen=True, kw_only=True):
    """A while without notices of an account. An empty kind is all kinds."""

    account: str
    kind: str = ""
    from_us: int
    until_us: int


class Rules(Struct, frozen=True, kw_only=True):
    """How one caller is told. `daily` is the minute after midnight of the all-clear, -1: never."""

    owner: str
    tenant: str
    language: str = "en-US"
    zone: str = "UTC"
    quiet: Quiet = Quiet()
    escalation: Escalation = Escalation()
    daily: int = -1
    mutes: tuple[Mute, ...] = ()
    changed_us: int = 0
    revision: int = 0


class Alert(Struct, frozen=True, kw_only=True):
    """Something to tell, as it goes on: the loudest it was, and how often it came back.

    `told` is its loudest part, `seen` when who acknowledged it. `said` tells whether anybody was
    told, so that its end is told too.
    """

    id: str
    told: Told
    peak: NoticeLevel
    over: bool
    times: int = 1
    said: bool = True
    began_us: int
    changed_us: int
    seen: dict[str, int] = {}
    revision: int = 1

    @property
    def account(self) -> str:
        """Return the account it is about."""
        return self.told.account


class Delivery(Struct, frozen=True, kw_only=True):
    """One message to one channel: there is one of each notice and channel, whoever asks twice."""

    id: str
    tenant: str
    owner: str
    channel: str
    alert: str
    notice: Notice
    state: DeliveryState = DeliveryState.QUEUED
    not_before_us: int
    attempts: int = 0
    error: str = ""
    receipt: str = ""
    made_us: int
    sent_us: int | None = None
    changed_us: int
    revision: int = 1


T = TypeVar("T", Channel, Rules, Alert, Delivery)


def channel_document(channel: Channel) -> DocumentRecord:
    """Return the document that keeps a channel."""
    return DocumentRecord(
        kind=CHANNEL,
        id=channel.id,
        tenant=channel.tenant,
        owner=channel.owner,
        body=msgspec.json.encode(channel),
        revision=channel.revision,
        created_us=channel.made_us,
        updated_us=channel.changed_us,
    )


def rules_document(rules: Rules) -> DocumentRecord:
    """Return the document that keeps a caller's rules."""
    return DocumentRecord(
        kind=RULES,
        id=rules.owner or OWN,
        tenant=rules.tenant,
        owner=rules.owner,
        body=msgspec.json.encode(rules),
        revision=rules.revision,
        created_us=rules.changed_us,
        updated_us=rules.changed_us,
    )


def alert_document(alert: Alert) -> DocumentRecord:
    """Return the document that keeps an alert."""
    return DocumentRecord(
        kind=ALERT,
        id=alert.id,
        about=alert.account,
        body=msgspec.json.encode(alert),
        revision=alert.revision,
        until_us=alert.changed_us + ALERT_KEPT_US,
        created_us=alert.began_us,
        updated_us=alert.changed_us,
    )


def delivery_document(delivery: Delivery) -> DocumentRecord:
    """Return the document that keeps a delivery."""
    return DocumentRecord(
        kind=DELIVERY,
        id=delivery.id,
        tenant=delivery.tenant,
        owner=delivery.owner,
        about=OVER if delivery.state.is_over else WAITING,
        body=msgspec.json.encode(delivery),
        revision=delivery.revision,
        until_us=delivery.made_us + DELIVERY_KEPT_US,
        created_us=delivery.made_us,
        updated_us=delivery.changed_us,
    )


def read(document: DocumentRecord, kind: type[T]) -> T:
    """Return what a document keeps."""
    found = msgspec.json.decode(document.body, type=kind)
    return msgspec.structs.replace(found, revision=document.revision)
