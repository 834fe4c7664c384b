"""Takes an operator's word about actions of one account whose outcome stays unknown."""

from __future__ import annotations

from msgspec import Struct

from axisor.errors import EventNotFound, WitnessContradicts
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
from axisor_server.engine.replying import reply

UNREAD = "Nothing was read: the venue did not answer, or the action was settled already."


class Ruled(Struct, frozen=True, kw_only=True):
    """What is decided about an action, or would be.

    `counted` are the sats that stay counted as spent; `witness` is what the reading made for it is
    sure of, None where it is not; `text` and `shows` are the same in words and figures.
    """

    state: IntentState
    counted: int
    witness: IntentState | None = None
    text: str = UNREAD
    shows: dict[str, str] = {}
    sequence: int = 0


class Letters:
    """The dead letters of one account."""

    def __init__(self, core: Core, executor: Executor) -> None:
        self._core = core
        self._executor = executor

    def find(self, intent: str) -> IntentRecord | None:
        """Return an action of unknown outcome, however young, or None."""
        record = self._core.book.open.get(intent)
        return record if record is not None and record.state is IntentState.UNKNOWN else None

    async def rule(self, word: Word, request_id: str, *, validate_only: bool = False) -> None:
        """Settle an action by an operator's word, after one more reading, and answer the request.

        Raises EventNotFound, ActionPending before the fence, WitnessContradicts, VenueUnavailable,
        and Withdrawn where the request does not wait any more.
        """
        record = self.find(word.intent)
        look: Look | None = None
        if record is not None:
            fenced = self._executor.is_fenced(record)
            look = await self._executor.look(record) if fenced else None
            verdict = None if look is None else look.verdict
            refusal = objection(word, verdict, fenced=fenced)
            if refusal is not None:
                raise refusal
        await self._core.in_turn(
            lambda: self._rule(word, request_id, look, validate_only=validate_only), urgent=True
        )

    async def _rule(
        self, word: Word, request_id: str, look: Look | None, *, validate_only: bool
    ) -> None:
        record = self.find(word.intent)
        draft = self._core.draft()
        if record is None:
            ruled = await self._settled(word)
        else:
            ruled = _ruled(record, word, look)
            if not validate_only:
                verdict = None if look is None else look.verdict
                forced = not is_supported(word, verdict)
                settling.settle_ruled(draft, record, word, forced=forced)
        reply(self._core, draft, request_id, lambda _: ruled, changed=not validate_only)
        await self._core.commit(draft)

    async def _settled(self, word: Word) -> Ruled:
        """Answer for an action that is not in doubt: a word repeated, late, or about nothing."""
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
        return Ruled(state=record.state, counted=counted(record, record.state))


def _ruled(record: IntentRecord, word: Word, look: Look | None) -> Ruled:
    ruled = Ruled(state=word.state, counted=counted(record, word.state))
    if look is None:
        return ruled
    return Ruled(
        state=ruled.state,
        counted=ruled.counted,
        witness=look.verdict.state,
        text=_text(look),
        shows=look.shows,
    )


def _text(look: Look) -> str:
    if look.verdict.message:
        return look.verdict.message
    state = look.verdict.state
    return "The reading cannot tell." if state is None else f"The reading says {state.value}."
