"""A host whose runners are in this process and answer when a test wants them to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from axisor.remote import Called, Handled, handle, offer_of, result_of
from axisor.strategy import Strategy
from axisor.versions import Version
from axisor_server.domain.editions import Edition
from axisor_server.domain.hosting import Hosted, HostedRun, stand_in
from axisor_server.engine.hosts import Answered, Barred, Heard, Lost, Ready


class LocalHost:
    """Runs strategies from what is sent to them, as a runner does.

    With `at_once` it answers each call in the moment it comes; else `answer` does, or a test says
    what came instead.
    """

    def __init__(
        self, strategies: Iterable[type[Strategy[Any, Any]]], *, at_once: bool = True
    ) -> None:
        self._strategies = {each.name: each for each in strategies}
        self._versions: dict[str, type[Strategy[Any, Any]]] = {}
        self._hear: dict[str, Callable[[Heard], None]] = {}
        self._runs: dict[str, HostedRun] = {}
        self.at_once = at_once
        self.calls: dict[str, list[Called]] = {}
        self.within: dict[str, timedelta] = {}
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.hushes: list[bool] = []

    def offers(self) -> list[type[Hosted]]:
        """Return the classes that stand for its strategies in a core."""
        return [
            stand_in(offer_of(each, plugin="stranger", version="1"))
            for each in self._strategies.values()
        ]

    def edition(self, strategy: type[Strategy[Any, Any]], version: Version) -> Edition:
        """Have one more version of a strategy; return it as a core knows it."""
        self._versions[version.code] = strategy
        offer = offer_of(strategy, plugin="stranger", version=version.version, code=version.code)
        return Edition(version, stand_in(offer))

    def open(self, run: HostedRun, hear: Callable[[Heard], None]) -> None:
        """Have a runner at once."""
        self.opened.append(run.id)
        self._hear[run.id], self._runs[run.id] = hear, run
        self.calls[run.id] = []
        hear(Ready())

    def ask(self, run: str, call: Called, within: timedelta) -> None:
        """Take a call."""
        self.within[run] = within
        self.calls[run].append(call)
        if self.at_once:
            self.answer(run)

    def close(self, run: str) -> None:
        """End a runner."""
        self.closed.append(run)
        self._hear.pop(run, None)

    def stand_still(self) -> None:
        """Note that a rescue is on its way."""
        self.hushes.append(True)

    def go_on(self) -> None:
        """Note that none is."""
        self.hushes.append(False)

    def answer(self, run: str, *, call: int = -1) -> None:
        """Answer a call, the latest where none is named."""
        asked, of = self.calls[run][call], self._runs[run]
        strategy = self._versions.get(of.code) or self._strategies[of.strategy]
        try:
            handled = handle(strategy, asked)
        except Exception as error:
            self._hear[run](Lost(f"its strategy broke: {error}"))
            asyncio.get_running_loop().call_soon(self._come, run)
            return
        self.say(run, handled)

    def say(self, run: str, handled: Handled) -> None:
        """Say what a runner says."""
        self._hear[run](Answered(handled.sequence, result_of(handled)))

    def lose(self, run: str) -> None:
        """Have a runner die, and another come."""
        self._hear[run](Lost("it died"))
        self._come(run)

    def _come(self, run: str) -> None:
        if run in self._hear:
            self._hear[run](Ready())

    def bar(self, run: str) -> None:
        """Keep the plugin of a run out."""
        self._hear[run](Barred("3 faults"))
