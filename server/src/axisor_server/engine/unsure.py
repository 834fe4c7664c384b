"""Finds out that a unit was written although its commit failed, and has the account begin anew.

A server may commit and be gone before it can say so, or be asked. What is in memory lacks that unit
then, and would go on lacking it until the next write: a plan in it is sent by nobody.
"""

from __future__ import annotations

from axisor.errors import StoreUnavailable
from axisor_server.engine.core import Core

WAITS_MS = (200, 2_000)
"""How long after a failure the journal is asked, and once more: a commit may still be under way."""


class Unsure:
    """Asks one account's journal after a commit failed. `end` is raised where it knows more."""

    def __init__(self, core: Core, *, end: type[Exception]) -> None:
        self._core = core
        self._end = end
        self._failed = self._asking = False

    def begin(self) -> None:
        """Learn that a commit failed, and find out beside everything else what became of it."""
        self._failed = True
        if not self._asking:
            self._asking = True
            self._core.spawn(self._ask())

    async def _ask(self) -> None:
        try:
            while self._failed:
                self._failed = False
                for wait_ms in WAITS_MS:
                    await self._core.clock.sleep(wait_ms / 1000)
                    await self._ask_once()
        finally:
            self._asking = False

    async def _ask_once(self) -> None:
        try:
            behind = await self._is_behind()
        except StoreUnavailable:
            self._failed = True  # asked again, until there is an answer
            return
        if behind:
            raise self._end

    async def _is_behind(self) -> bool:
        ledger = self._core.ledger
        if ledger is None or not await ledger.is_behind():
            return False
        # A unit that is being written may be read before this core has heard of it.
        return await self._core.in_turn(ledger.is_behind, urgent=True)
