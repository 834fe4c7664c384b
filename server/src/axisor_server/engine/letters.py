"""Takes an operator's word about actions of one account whose outcome stays unknown."""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import EventNotFound, ShuttingDown, WitnessContradicts
from axisor.events import IntentState
from axisor_server.domain.letters import (
    Word,
    counted,
    is_supported,
    objection,
)
from axisor_server.domain.records import IntentRecord
from axisor_server.engine import settling
from axisor_server.engine.core import Core
from axisor_server.engine.doubts import Look
from axisor_server.engine.executor import Executor


class Ruled(Struct, frozen=True, kw_only=True):
    """What is decided about an action, or would be.

    `counted` are the sats that stay counted as spent, `look` the reading made for it, None where
    the venue did not answer or none was needed.
    """

    state: IntentState
    counted: int
    sequence: int
    look: Look | None = None


class Letters:
    """The dead letters of one account."""

    def __init__(self, core: Core, executor: Executor) -> None:
        self._core = core
        self._executor = executor

    def find(self, intent: str) -> IntentRecord | None:
        """Return an action of unknown outcome, however young, or None."""
        record = self._core.book.open.get(intent)
        return record if record is not None and record.state is IntentState.UNKNOWN else None

    async def rule(self, word: Word, *, validate_only: bool = False) -> Ruled:
        """Settle an action by an operator's word, after one more reading, in the account's turn.

        Asked for again, it says what was decided. Raises EventNotFound, ActionPending before the
        fence, WitnessContradicts, VenueUnavailable, ShuttingDown.
        """
        record = self.find(word.intent)
        if record is None:
            return await self._settled(word)
        fenced = self._executor.is_fenced(record)
        look = await self._executor.look(record) if fenced else None
        verdict = None if look is None else look.verdict
        refusal = objection(word, verdict, fenced=fenced)
        if refusal is not None:
            raise refusal
        if validate_only:
            return Ruled(
                state=word.state,
                counted=counted(record, word.state),
                sequence=self._core.sequence,
                look=look,
            )
        forced = not is_supported(word, verdict)
        return await self._core.in_turn(lambda: self._rule(word, look, forced=forced), urgent=True)

    async def _rule(self, word: Word, look: Look | None, *, forced: bool) -> Ruled:
        record = self.find(word.intent)
        if record is None:
            return await self._settled(word)
        draft = self._core.draft()
        settling.settle_ruled(draft, record, word, forced=forced)
        await self._core.commit(draft)
        return Ruled(
            state=word.state,
            counted=counted(record, word.state),
            sequence=self._core.sequence,
            look=look,
        )

    async def _settled(self, word: Word) -> Ruled:
        """Answer for an action that is not in doubt: a word repeated, late, or about nothing."""
        if self._core.ledger is None:
            raise ShuttingDown("This core does not act for the account at the moment.")
        record = await self._core.store.read(lambda reader: reader.intent(word.intent))
        if record is None or record.account != self._core.account.id:
            raise EventNotFound(
                f"The account has no action {word.intent} of unknown outcome.",
                intent=word.intent,
            )
        if record.state is not word.state:
            raise WitnessContradicts(
                f"The action is {record.state.value} already.",
                money="That stands; nothing was changed.",
                fix="See how it ended: axisor events stream.",
                intent=word.intent,
                state=record.state.value,
            )
        return Ruled(
            state=record.state,
            counted=counted(record, record.state),
            sequence=self._core.sequence,
        )
