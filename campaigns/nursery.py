"""Cores of a campaign: forked where that was asked for, and else started as an operator does."""

from __future__ import annotations

from tests.support.nursery import Nursery
from tests.support.processes import Core, Running


class QuickCore(Core):
    """A core that is forked where a nursery is given, and else starts as an operator starts it."""

    nursery: Nursery | None = None

    async def launch(self, words: tuple[str, ...], variables: dict[str, str]) -> Running:
        """Begin a process, by fork where that was asked for."""
        return await self.begin(words, variables, self.nursery)
