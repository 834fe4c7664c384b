"""Back-tests for callers: so many at once, each made elsewhere and watched until its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from msgspec.structs import replace

from axisor.errors import NotSupported, RateLimited
from axisor.strategy import Strategy
from axisor_server.domain.backtesting import Broken, Refused, Told, Wish
from axisor_server.engine.replies import Failure
from axisor_server.services.accounts import Accounts
from axisor_server.services.runs import Runs

RETRY = "Try again when one of them has ended."


class Backtester(Protocol):
    """Makes back-tests apart from the core. Closing the iterator ends the one it is about."""

    def run(self, wish: Wish) -> AsyncGenerator[Told, None]:
        """Yield how far a back-test is, and at last its report or why there is none."""
        ...

    async def aclose(self) -> None:
        """End every back-test."""
        ...


class Backtests:
    """Makes back-tests of the strategies that can be run here."""

    def __init__(
        self, *, accounts: Accounts, runs: Runs, backtester: Backtester, most: int
    ) -> None:
        self._accounts = accounts
        self._runs = runs
        self._backtester = backtester
        self._most = most
        self._under_way = 0

    async def watch(self, account: str, strategy: str, wish: Wish) -> AsyncGenerator[Told, None]:
        """Make a back-test of a strategy, given by its name, and yield what it tells.

        Raises AccountNotFound, StrategyNotFound, RateLimited, NotSupported, and what refused it.
        """
        await self._accounts.get(account)
        found = self.find(strategy)
        self.check_room()
        self._under_way += 1
        try:
            wanted = replace(wish, strategy=f"{found.__module__}:{found.__qualname__}")
            async with aclosing(self._backtester.run(wanted)) as items:
                async for item in items:
                    yield _checked(item)
        finally:
            self._under_way -= 1

    def find(self, strategy: str) -> type[Strategy[Any, Any]]:
        """Return a strategy that can be back-tested here. Raises StrategyNotFound."""
        return self._runs.strategy(strategy)

    def check_room(self) -> None:
        """Refuse one more than may run at once. Raises RateLimited."""
        if self._under_way >= self._most:
            raise RateLimited(f"{self._most} back-tests are under way already.", fix=RETRY)

    async def aclose(self) -> None:
        """End every back-test."""
        await self._backtester.aclose()


def _checked(told: Told) -> Told:
    if isinstance(told, Refused):
        raise Failure(told.reason, told.message, told.means, told.todo, told.metadata).error()
    if isinstance(told, Broken):
        raise NotSupported(told.message)
    return told
