"""Follows an account's journal for one person and gives what they are to be told, in order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from axisor.client import Client
from axisor.errors import ConfirmationNotFound, PositionNotFound
from axisor.events import IntentPlanned, IntentSettled, NoticeGiven
from axisor.identity import ConfirmationPrepared
from axisor.states import ConfirmationState
from axisor.watch import Disconnected, Reconnected
from axisor.wire.records import PositionReport, SeenEvent, SeenPayload, Snapshot
from axisor_bot.alerts import Acted, Alert, alert
from axisor_bot.buttons import fit
from axisor_bot.cards import Reply
from axisor_bot.conversation import Conversation
from axisor_bot.muting import is_muted

SILENT = timedelta(seconds=60)
"""A core that has not answered for so long is told of."""

MOST_PLANNED = 500
LOOKED_AT = 200
"""So many planned actions are looked through for one that was planned before this began."""


class Told(Struct, frozen=True):
    """How far the journal was read, and what is to be told of it, if anything."""

    sequence: int
    reply: Reply | None = None


class Follower:
    """Reads on after a sequence; what it gives is acknowledged by whoever keeps the sequence.

    `talk` gives the conversation as the person wants it at that moment.
    """

    def __init__(
        self, talk: Callable[[], Conversation], client: Client, now: Callable[[], datetime]
    ) -> None:
        self._talk = talk
        self._client = client
        self._now = now
        self._silent: datetime | None = None
        self._warned = False
        self._account = talk().person.account
        self._planned: dict[str, IntentPlanned] = {}

    async def follow(self, after: int | None) -> AsyncGenerator[Told, None]:
        """Give what happens after a sequence; None begins with the present.

        Ends never by itself. Raises what the core refuses for good.
        """
        at = after
        async with aclosing(self._client.events.watch(self._account, after=after)) as items:
            async for item in items:
                if isinstance(item, Snapshot):
                    gap = self._of_core("alert.gap") if at is not None else None
                    at = item.sequence
                    yield Told(at, gap)
                elif isinstance(item, SeenEvent):
                    at = item.sequence
                    yield Told(at, await self._reply(item))
                elif (reply := self._of_line(item)) is not None and at is not None:
                    yield Told(at, reply)

    def _of_core(self, key: str, *, loud: bool = False) -> Reply | None:
        person = self._talk().person
        text = person.voice.of(person.mode, person.voice.say(key))
        return self._heard(Alert(kind="core", text=text, loud=loud))

    def _heard(self, told: Alert) -> Reply | None:
        """Return what is said of an alert, None to somebody who has its kind muted now."""
        person = self._talk().person
        if is_muted(person.mutes, told.kind, self._now(), loud=told.loud):
            return None
        return Reply(told.text, fit(told.buttons, operator=person.is_operator))

    def _of_line(self, item: Disconnected | Reconnected) -> Reply | None:
        """Return what is said of a core that has been silent for a while, and once it is back."""
        if isinstance(item, Reconnected):
            silent, self._silent, self._warned = self._warned, None, False
            return self._of_core("alert.back") if silent else None
        self._silent = self._silent or self._now()
        if self._warned or self._now() - self._silent < SILENT:
            return None
        told = self._of_core("alert.silent", loud=True)
        self._warned = told is not None  # where it is muted now, it is told once it is not
        return told

    async def _reply(self, event: SeenEvent) -> Reply | None:
        payload = event.payload
        if isinstance(payload, ConfirmationPrepared):
            return await self._proposal(payload)
        if isinstance(payload, IntentPlanned):
            self._keep(payload)
            return None
        acted = await self._acted(payload) if isinstance(payload, IntentSettled) else None
        position = _position(payload, acted)
        report = await self._report(position) if position else None
        told = alert(self._talk().voice, event, acted, report)
        return None if told is None else self._heard(told)

    def _keep(self, planned: IntentPlanned) -> None:
        self._planned[planned.intent] = planned
        while len(self._planned) > MOST_PLANNED:
            del self._planned[next(iter(self._planned))]

    async def _proposal(self, payload: ConfirmationPrepared) -> Reply | None:
        try:
            found = await self._client.confirmations.get(self._account, payload.confirmation)
        except ConfirmationNotFound:
            return None  # it ended longer than a day ago
        if found.state is not ConfirmationState.PENDING or found.commit_until is not None:
            return None
        reply = self._talk().proposal(found)
        told = Alert(kind="proposal", text=reply.text, buttons=reply.buttons)
        return self._heard(told)

    async def _acted(self, settled: IntentSettled) -> Acted | None:
        planned = self._planned.get(settled.intent) or await self._look_up(settled.intent)
        if planned is None or not planned.run:
            return None
        why = getattr(planned.action, "why", None)
        run = await self._client.strategies.get_run(self._account, planned.run)
        return Acted(
            action=planned.action,
            strategy=run.strategy,
            before_percent=None if why is None else _percent(why.inputs.get("distance_percent")),
        )

    async def _look_up(self, intent: str) -> IntentPlanned | None:
        page = await self._client.events.list(
            self._account,
            kinds=[IntentPlanned.__name__],
            newest_first=True,
            page_size=LOOKED_AT,
        )
        found = [each.payload for each in page.items if isinstance(each.payload, IntentPlanned)]
        return next((each for each in found if each.intent == intent), None)

    async def _report(self, position: str) -> PositionReport | None:
        try:
            return await self._client.margin.get_position(self._account, position)
        except PositionNotFound:
            return None  # it was closed meanwhile, which is told by itself


def _position(payload: SeenPayload, acted: Acted | None) -> str:
    """Return the position that an event is about and that may be there still, empty for none."""
    if isinstance(payload, NoticeGiven):
        return payload.position
    found = None if acted is None else getattr(acted.action, "position", "")
    return found if isinstance(found, str) else ""


def _percent(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None
