"""Makes alerts and messages of what a journal says, in the unit that says how far it was read."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from axisor.events import Event
from axisor.model import Permission
from axisor.notices import Notice
from axisor_server.domain import people
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import DocumentRecord
from axisor_server.domain.roles import everywhere
from axisor_server.domain.scopes import ACCOUNTS
from axisor_server.domain.telling.episodes import Taken, take
from axisor_server.domain.telling.happening import Told, id_of
from axisor_server.domain.telling.picture import KIND, MATTERS, Follower, Picture
from axisor_server.domain.telling.records import (
    ALERT,
    CHANNEL,
    DELIVERY,
    OWN,
    RULES,
    Alert,
    Channel,
    Delivery,
    Rules,
    alert_document,
    delivery_document,
    read,
)
from axisor_server.domain.telling.routing import hears, muted, not_before
from axisor_server.domain.telling.saying import say
from axisor_server.ports import Clock, Reader, Transaction
from axisor_server.services import access
from axisor_server.services.notifying import Write

LEASE, MARK = "teller", "told"
"""Under which names this core alone tells, and how far each journal was read for it is stored."""


class Telling:
    """Writes down what is to be told, each thing once for each channel that hears it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def see(self, events: Sequence[Event]) -> Write | None:
        """Return what is to be written for some entries of one journal, None for nothing."""
        stream = events[0].stream
        told = [event for event in events if isinstance(event.payload, MATTERS)]
        if not told or not stream.startswith(ACCOUNTS):
            return None
        account, now_us = stream.removeprefix(ACCOUNTS), to_us(self._clock.now())
        return lambda tx: self._write(tx, account, told, now_us)

    def _write(self, tx: Transaction, account: str, events: Sequence[Event], now_us: int) -> None:
        document = tx.document(KIND, account)
        follower = Follower(account, picture_of(document))
        ways: list[Way] | None = None
        for place, told in enumerate(follower.take(events)):
            taken = self.note(tx, told)
            if not taken.say:
                continue
            if ways is None:  # most pages tell nothing
                ways = ways_to(tx, account)
            deliver(tx, ways, told, taken, now_us, place=place)
        _keep_picture(tx, account, document, follower.picture, now_us)

    @staticmethod
    def note(tx: Transaction, told: Told) -> Taken:
        """Take something to tell into its alert, and return what becomes of it."""
        key = f"{told.account}/{told.episode}"
        document = tx.document_by(ALERT, key)
        found = None if document is None else read(document, Alert)
        taken = take(found, told)
        if taken.alert is None:
            return taken
        if taken.fresh:
            if found is not None:  # its key is taken over
                older = replace(found, revision=found.revision + 1)
                tx.put_document(alert_document(older), revision=found.revision)
            tx.put_document(alert_document(taken.alert), revision=None, keys=(key,))
        else:
            before = taken.alert.revision
            newer = replace(taken.alert, revision=before + 1)
            tx.put_document(alert_document(newer), revision=before, keys=(key,))
        return taken


class Way(msgspec.Struct, frozen=True):
    """Somebody who sees an account, how they are told, and their channels."""

    rules: Rules
    channels: tuple[Channel, ...]


def ways_to(view: Reader, account: str) -> list[Way]:
    """Return who may be told of an account and has channels."""
    owned: dict[str, list[Channel]] = {}
    for document in view.documents(CHANNEL):
        owned.setdefault(document.owner, []).append(read(document, Channel))
    return [
        Way(rules_of(view, owner, channels[0].tenant), tuple(channels))
        for owner, channels in owned.items()
        if sees(view, owner, account)
    ]


def rules_of(view: Reader, owner: str, tenant: str) -> Rules:
    """Return how somebody is told: the rules that they made, or the usual ones."""
    document = view.document(RULES, owner or OWN)
    return Rules(owner=owner, tenant=tenant) if document is None else read(document, Rules)


def sees(view: Reader, owner: str, account: str) -> bool:
    """Return whether somebody sees an account now; whoever holds the owner token does."""
    if not owner:
        return True
    document = view.document(people.KIND, owner)
    person = None if document is None else people.from_document(document)
    if person is None or not person.may_sign_in:
        return False
    held = access.held(view, owner).get(account, Permission.NONE)
    return Permission.READ in held | everywhere(person.role)


def deliver(
    tx: Transaction,
    ways: Sequence[Way],
    told: Told,
    taken: Taken,
    now_us: int,
    *,
    place: int = 0,
) -> None:
    """Write one message for each channel that hears something, unless it is written already.

    Of what is written at once, a channel sends what has the lower `place` first.
    """
    for way in ways:
        if muted(way.rules.mutes, told, now_us):
            continue
        more = {"flapping": str(taken.flapping)} if taken.flapping else {}
        notice = say(told, way.rules.language, **more)
        due_us = not_before(way.rules.quiet, ZoneInfo(way.rules.zone), told.level, now_us)
        for channel in way.channels:
            if hears(channel, told, ends_heard=_heard(tx, channel, told, taken)):
                put(
                    tx,
                    channel,
                    notice,
                    alert=alert_name(told, taken),
                    due_us=due_us,
                    now_us=now_us + place,
                )


def alert_name(told: Told, taken: Taken) -> str:
    """Return which alert of which account a message tells of."""
    return "" if taken.alert is None else f"{told.account}/{taken.alert.id}"


def put(
    tx: Transaction,
    channel: Channel,
    notice: Notice,
    *,
    alert: str,
    due_us: int,
    now_us: int,
    part: str = "",
) -> Delivery:
    """Write a message to a channel, once for each notice, channel and part; return it."""
    id = id_of(notice.id, channel.id, part)
    found = tx.document(DELIVERY, id)
    if found is not None:
        return read(found, Delivery)
    made = Delivery(
        id=id,
        tenant=channel.tenant,
        owner=channel.owner,
        channel=channel.id,
        alert=alert,
        notice=replace(notice, id=id),
        not_before_us=due_us,
        made_us=now_us,
        changed_us=now_us,
    )
    tx.put_document(delivery_document(made), revision=None)
    return made


def _heard(tx: Transaction, channel: Channel, told: Told, taken: Taken) -> bool:
    """Return whether what ends now was told by a channel before."""
    if not told.ends or taken.alert is None:
        return False
    return taken.alert.peak.rank >= channel.min_level.rank


def picture_of(document: DocumentRecord | None) -> Picture:
    """Return what is remembered of an account, nothing where there is no document."""
    return Picture() if document is None else msgspec.json.decode(document.body, type=Picture)


def _keep_picture(
    tx: Transaction, account: str, before: DocumentRecord | None, picture: Picture, now_us: int
) -> None:
    body = msgspec.json.encode(picture)
    if before is not None and before.body == body:
        return
    tx.put_document(
        DocumentRecord(
            kind=KIND,
            id=account,
            about=account,
            body=body,
            revision=1 if before is None else before.revision + 1,
            created_us=now_us if before is None else before.created_us,
            updated_us=now_us,
        ),
        revision=None if before is None else before.revision,
    )
