"""Has plugins of strangers say what they offer, while the core goes on with what it has to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

from axisor.errors import AxisorError
from axisor.remote import Offer
from axisor_server.adapters.running.remembering import OfferMemory
from axisor_server.offering import Described, host
from axisor_server.plugins import Plugins

AT_ONCE = 4
"""How many are asked at the same time; each is a process that takes a second or so to start."""

START_S = 20.0
"""How long a core that starts waits for strategies that runs of its own need."""

CALL_S = 60.0
"""How long a call waits for the strategy that it names."""

Ask: TypeAlias = Callable[[str, str], Awaitable[Sequence[Offer]]]
"""Asks an interpreter of a plugin. Raises ConfigInvalid where it cannot say."""

Learn: TypeAlias = Callable[[str, Sequence[tuple[str, Sequence[Offer]]]], None]

log = logging.getLogger(__name__)


class Introductions:
    """Offers what plugins are remembered to offer, and asks the others."""

    def __init__(self, plugins: Plugins, memory: OfferMemory, ask: Ask) -> None:
        self._plugins = plugins
        self._memory = memory
        self._ask = ask
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asking: dict[str, asyncio.Task[None]] = {}

    def recall(self, pythons: dict[str, list[str]]) -> Described:
        """Offer what is remembered of each plugin's interpreters, of those that have not changed.

        Returns that; the others are to be asked.
        """
        found = Described()
        for name, places in pythons.items():
            offered = [(python, self._memory.find(name, python)) for python in places]
            known = [(python, offers) for python, offers in offered if offers is not None]
            if known and len(known) == len(offered):
                self._host(name, known)
                found[name] = known
            else:
                self._plugins.expect(name)
        return found

    def begin(self, pythons: dict[str, list[str]], learn: Learn) -> None:
        """Begin to ask plugins; what each offers is offered as soon as it has said it."""
        for name, places in pythons.items():
            self.forget(name)
            self._asking[name] = asyncio.ensure_future(self._introduce(name, places, learn))

    def expect(self, name: str) -> None:
        """Know of a plugin that will be asked."""
        self._plugins.expect(name)

    def forget(self, name: str) -> None:
        """Ask a plugin no more, and take no answer of it."""
        task = self._asking.pop(name, None)
        if task is not None:
            task.cancel()

    async def wait_for_answer(self, name: str) -> None:
        """Wait until a plugin has said what it offers, or cannot."""
        task = self._asking.get(name)
        if task is not None:
            await asyncio.wait({task})

    async def wait_for(self, strategies: Collection[str], *, within_s: float) -> None:
        """Wait until some strategies are offered, or nobody is left who may offer them.

        Not for ever: a stranger must not keep a core from guarding.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + within_s
        while not set(strategies) <= set(self._plugins.strategies):
            asking = {task for task in self._asking.values() if not task.done()}
            if not asking:
                return
            if loop.time() >= ends:
                log.warning("some plugins take long to say what they offer")
                return
            await asyncio.wait(
                asking, timeout=ends - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )

    async def aclose(self) -> None:
        """Ask nobody any more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _introduce(self, name: str, places: Sequence[str], learn: Learn) -> None:
        try:
            said = await asyncio.gather(*(self._said(name, python) for python in places))
            if self._host(name, said):
                learn(name, said)
        except AxisorError as error:
            self._plugins.bar(name, error.message)

    async def _said(self, name: str, python: str) -> tuple[str, Sequence[Offer]]:
        async with self._turns:
            offers = await self._ask(name, python)
        await self._memory.keep(name, python, offers, before=self._memory.state(python))
        return python, offers

    def _host(self, name: str, offered: Sequence[tuple[str, Sequence[Offer]]]) -> bool:
        try:
            host(self._plugins, name, offered)
        except AxisorError as error:
            self._plugins.bar(name, error.message)
            return False
        return True
