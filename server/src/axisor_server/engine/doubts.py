"""Writes down what is read about actions of unknown outcome, and tells their owner."""

from __future__ import annotations

from msgspec import Struct

from axisor.events import IntentState, IntentWitnessed, NoticeGiven
from axisor.model import Severity
from axisor_server.domain.witness import Verdict
from axisor_server.engine.core import Core

UNSEEN = "The venue does not show yet what became of it."


class Look(Struct, frozen=True):
    """A reading about an action: what it proves and shows, whether it began after the fence."""

    verdict: Verdict
    fenced: bool
    shows: dict[str, str] = {}


class Doubts:
    """The readings about one account's unknown outcomes, each thing they show journaled once."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._last: dict[str, Look] = {}

    async def witnessed(self, intent: str, look: Look) -> None:
        """Record what a reading showed, unless the one before showed the same."""
        if self._last.get(intent) == look:
            return

        async def work() -> None:
            record = self._core.book.open.get(intent)
            if record is None or record.state is not IntentState.UNKNOWN:
                return
            draft = self._core.draft()
            draft.say(
                IntentWitnessed(
                    intent=intent,
                    fenced=look.fenced,
                    message=look.verdict.message or UNSEEN,
                    shows=look.shows,
                )
            )
            await self._core.commit(draft)
            self._last[intent] = look

        await self._core.in_turn(work, urgent=True)

    def forget(self, intent: str) -> None:
        """Forget an action that is settled."""
        self._last.pop(intent, None)

    async def warn(self, intent: str, message: str) -> None:
        """Tell the owner that an action cannot be settled."""

        async def work() -> None:
            draft = self._core.draft()
            draft.say(
                NoticeGiven(
                    severity=Severity.CRIT,
                    code="OUTCOME_STAYS_UNKNOWN",
                    text="An action cannot be settled; nothing is added to its target meanwhile.",
                    data={"intent": intent, "detail": message},
                )
            )
            await self._core.commit(draft)

        await self._core.in_turn(work, urgent=True)
