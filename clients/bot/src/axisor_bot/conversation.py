"""A conversation of one person with their core: questions, cards, and what becomes of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from axisor.client import Client, every
from axisor.client.confirmations import Carried
from axisor.errors import AlertNotFound, AxisorError
from axisor.events import IntentState
from axisor.wire.confirmations import Confirmation
from axisor.wire.failures import CallFailed
from axisor_bot import commands, screens
from axisor_bot.asking import answer, only, refusal, waiting
from axisor_bot.buttons import fit
from axisor_bot.cards import Button, Card, Reply, Step
from axisor_bot.changing import wanted
from axisor_bot.commands import Change, Reading
from axisor_bot.people import Partner
from axisor_bot.voice import Voice

SPACE = uuid.UUID("5c1d7a52-6b0e-5d5e-9a55-0d5a7b1b6f0a")
"""The space of request ids of bots: a message that is seen twice asks for one thing."""

MOST_PROPOSALS = 5


class Conversation:
    """Speaks to a core with a person's own token; keeps nothing."""

    def __init__(self, person: Partner, client: Client, now: Callable[[], datetime]) -> None:
        self.person = person
        self._client = client
        self._now = now

    @property
    def voice(self) -> Voice:
        """Return how the person is spoken to."""
        return self.person.voice

    def _said(self, text: str) -> str:
        return self.voice.of(self.person.mode, text)

    async def read(self, command: Reading) -> list[Reply]:
        """Answer what only reads. Raises whatever the core refuses."""
        account = self.person.account
        if isinstance(command, commands.Approvals):
            proposed = await waiting(self._client, account)
            if not proposed:
                return [Reply(self._said(self.voice.say("proposals.none")))]
            return [self.proposal(each) for each in proposed[:MOST_PROPOSALS]]
        operator = self.person.is_operator
        found = await answer(
            self._client, account, command, self.voice, now=self._now(), operator=operator
        )
        return [Reply(self._said(found.text), fit(found.buttons, operator=operator))]

    def proposal(self, found: Confirmation) -> Reply:
        """Return what another wants, with buttons for whoever may have it done."""
        text = self._said(screens.proposal(self.voice, found))
        if not self.person.is_operator:
            return Reply(text)
        yes = Button(self.voice.say("button.yes"), f"yes:{found.id}")
        return Reply(text, (yes, Button(self.voice.say("button.no"), f"no:{found.id}")))

    async def acknowledge(self, command: commands.Acknowledge, ref: str) -> Reply:
        """Say that alerts were seen, for whoever made the person's token.

        `ref` names the message that asked. Raises AlertNotFound, and whatever the core refuses.
        """
        account, voice = self.person.account, self.voice
        found = await every(
            lambda token: self._client.notices.list_alerts(
                account, only_open=True, page_token=token
            )
        )
        ids = [each.id for each in found if not each.acknowledged]
        if command.wanted:
            ids = [only(command.wanted, [each.id for each in found], AlertNotFound)]
        for id in ids:
            await self._client.notices.acknowledge(
                account, id, request_id=str(uuid.uuid5(SPACE, f"{ref}/ack/{id}"))
            )
        return Reply(self._said(voice.say("acked", count=voice.number(len(ids)))))

    async def prepare(self, command: Change, ref: str) -> tuple[Card | None, Reply]:
        """Prepare the calls of a command and return the card that shows them.

        There is no card for who may only propose: then it waits for somebody else. `ref` names
        the message that asked: for the same one the same calls are prepared once. Raises whatever
        the core refuses.
        """
        account, voice = self.person.account, self.voice
        asked = await wanted(self._client, account, command, voice)
        steps, lines, until = [], [voice.say("card", what=asked.title)], None
        for number, call in enumerate(asked.calls):
            prepared = await self._client.confirmations.prepare(
                account, call, request_id=str(uuid.uuid5(SPACE, f"{ref}/{number}"))
            )
            found = prepared.confirmation
            if prepared.token is None or found.commit_until is None:
                lines.append(voice.say("card.proposed"))
                return None, Reply(self._said("\n".join(lines)))
            steps.append(Step(found.id, prepared.token.reveal()))
            until = min(until or found.commit_until, found.commit_until)
            lines += screens.change(voice, found.preview)
            lines += [voice.quote(f"! {each}") for each in found.warnings]
        assert until is not None, "a command has calls"
        card = Card(
            key=uuid.uuid5(SPACE, ref).hex[:16],
            person=self.person.key,
            title=asked.title,
            steps=tuple(steps),
            until=until,
            word=asked.word,
        )
        return card, self._shown(card, lines)

    def _shown(self, card: Card, lines: list[str]) -> Reply:
        voice, left = self.voice, int((card.until - self._now()).total_seconds())
        no = Button(voice.say("button.cancel"), f"drop:{card.key}")
        if card.word:
            lines.append(voice.say("card.word", word=card.word, seconds=left))
            return Reply(self._said("\n".join(lines)), (no,))
        lines.append(voice.say("card.tap", seconds=left))
        yes = Button(voice.say("button.confirm"), f"do:{card.key}")
        return Reply(self._said("\n".join(lines)), (yes, no))

    async def commit(self, card: Card) -> tuple[str, bool]:
        """Have everything of a card done, once however often it is said.

        Returns how it ended, and whether that is known; what is not may be said again. That one
        call is refused does not keep the next from being made.
        """
        ended, known = [self.voice.say("done", what=card.title)], True
        for step in card.steps:
            try:
                carried = await self._client.confirmations.commit(
                    self.person.account,
                    step.confirmation,
                    self.person.secret_of(step.token),
                    request_id=_word(step.confirmation, "commit"),
                )
                ended.append(self._outcome(carried))
            except AxisorError as error:
                known = known and not isinstance(error, CallFailed)
                ended.append(refusal(self.voice, error))
        return self._said("\n".join(ended)), known

    async def drop(self, card: Card) -> str:
        """Take back everything of a card. Raises whatever the core refuses."""
        for step in card.steps:
            await self._client.confirmations.refuse(
                self.person.account,
                step.confirmation,
                request_id=_word(step.confirmation, "drop"),
            )
        return self._said(self.voice.say("dropped", what=card.title))

    async def approve(self, id: str) -> str:
        """Have done what another proposed. Raises whatever the core refuses."""
        carried = await self._client.confirmations.approve(
            self.person.account, id, request_id=_word(id, "approve")
        )
        what = self.voice.quote(carried.confirmation.summary)
        return self._said(self.voice.say("done", what=what) + "\n" + self._outcome(carried))

    async def deny(self, id: str) -> str:
        """Refuse what another proposed. Raises whatever the core refuses."""
        found = await self._client.confirmations.refuse(
            self.person.account, id, request_id=_word(id, "deny")
        )
        return self._said(self.voice.say("denied", what=self.voice.quote(found.summary)))

    def _outcome(self, carried: Carried) -> str:
        result = carried.result
        if result is None:
            return self.voice.say("outcome.done")
        if result.state is IntentState.CONFIRMED:
            return self.voice.say("outcome.confirmed", sequence=result.sequence)
        said = self.voice.quote(result.settlement.message or result.settlement.reason)
        key = "outcome.open" if result.state.is_open else "outcome.refused"
        return self.voice.say(key, state=result.state.value.replace("_", " "), why=said)


def _word(confirmation: str, word: str) -> str:
    return str(uuid.uuid5(SPACE, f"{confirmation}/{word}"))
