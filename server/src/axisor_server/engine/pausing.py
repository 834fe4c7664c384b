"""Ends the pauses that were asked for a time, when that time has come.

The time is in the run's row and in the journal, so it outlives this core: whoever leads the account
then resumes the run, late where nobody led it. It resumes as by the verb, in turn and in one unit.
"""

from __future__ import annotations

import logging
from typing import Protocol

from axisor.errors import StoreUnavailable
from axisor.events import HaltLevel, RunState
from axisor_server.domain.journal import to_us
from axisor_server.domain.records import RunRecord
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, LiveRun

log = logging.getLogger(__name__)

LOOK_S = 60
"""How long is waited at most before the time is looked at again: clocks are stepped, and machines
sleep."""

AGAIN_MS = 200

OVER = "Its pause is over."
OVER_HALTED = "Its pause is over; the halt that is in force stays in force."


class Move(Protocol):
    """Brings a run into a state within a draft."""

    def __call__(self, draft: Draft, live: LiveRun, state: RunState, *, reason: str = "") -> None:
        """Bring it there, and say why."""
        ...


class Pauses:
    """The timed pauses of one account, while this core leads it."""

    def __init__(self, core: Core, move: Move) -> None:
        self._core = core
        self._move = move

    def expect(self, run: RunRecord) -> None:
        """Resume a run when its time comes, where it is paused for a time."""
        if run.state is RunState.PAUSED and run.resume_us is not None:
            self._core.spawn(self._resume(run.id, run.resume_us))

    async def _resume(self, run: str, resume_us: int) -> None:
        core = self._core
        while self._is_paused(run, resume_us):
            left_us = resume_us - to_us(core.clock.now())
            if left_us > 0:
                await core.clock.sleep(min(left_us / 1_000_000, LOOK_S))
                continue
            try:
                await core.in_turn(lambda: self._end(run, resume_us), urgent=True)
            except StoreUnavailable as error:
                log.warning("run %s stays paused for now: %s", run, error.message)
                await core.clock.sleep(AGAIN_MS / 1000)

    def _is_paused(self, run: str, resume_us: int) -> bool:
        """Return whether it is still for this core to resume the run at this time."""
        live = self._core.runs.get(run)
        if live is None or self._core.stopping:
            return False
        return live.record.state is RunState.PAUSED and live.record.resume_us == resume_us

    async def _end(self, run: str, resume_us: int) -> None:
        if not self._is_paused(run, resume_us):
            return  # somebody was quicker
        draft = self._core.draft()
        guarded = draft.book.halted in (HaltLevel.NONE, HaltLevel.RISK)
        reason = OVER if guarded else OVER_HALTED
        self._move(draft, draft.runs[run], RunState.STARTING, reason=reason)
        await self._core.commit(draft)
