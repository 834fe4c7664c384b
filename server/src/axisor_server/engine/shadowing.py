"""Asks new versions what old ones decided, in the same place on the same inputs, and counts.

Nobody waits for them: a version in this process is asked once the old one's decision is on its way,
one in a runner whenever it is free. What is counted is written down with the upgrade's next move.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from axisor.adopting import adopt_memory
from axisor.errors import LeaseLost, ShuttingDown, StoreUnavailable, UpgradeUnsound
from axisor.events import NoticeGiven, Stimulus
from axisor.model import Severity
from axisor.ports import Clock
from axisor.strategy import StepResult, Strategy, decode_config, take_step
from axisor.versions import Upgrade
from axisor_server.domain import upgrading
from axisor_server.domain.hosting import Hosted
from axisor_server.domain.upgrading import Held
from axisor_server.engine.desk import Desk
from axisor_server.engine.draft import Decided, Draft, LiveRun

ENDED = "UPGRADE_ENDED"

T = TypeVar("T")
log = logging.getLogger(__name__)


class Account(Protocol):
    """What is asked of the account whose runs these are."""

    clock: Clock
    desk: Desk
    runs: dict[str, LiveRun]
    spawn: Callable[[Coroutine[Any, Any, None]], None]

    def draft(self) -> Draft:
        """Return an empty draft from the present."""
        ...

    async def commit(self, draft: Draft) -> Sequence[Any]:
        """Write a draft. Only in turn."""
        ...

    async def in_turn(self, work: Callable[[], Awaitable[T]], *, begun: bool = False) -> T:
        """Do something when it is its turn."""
        ...


class Versions(Protocol):
    """The versions of the account's runs."""

    held: Mapping[str, Held]

    def candidate(self, run: str) -> type[Strategy[Any, Any]] | None:
        """Return the version that is asked beside the one that decides for a run, or None."""
        ...

    def cut_over(self, draft: Draft, run: str) -> Upgrade:
        """Have the new version decide from the next step on."""
        ...

    def cancel(self, draft: Draft, run: str, reason: str = "") -> Upgrade:
        """End an upgrade in shadow."""
        ...


class Shadow:
    """The comparisons of one account's upgrades."""

    def __init__(self, account: Account, versions: Versions) -> None:
        self._account = account
        self._versions = versions
        self._counts: dict[str, Upgrade] = {}
        self._due: set[str] = set()

    def begin_anew(self) -> None:
        """Forget what was counted; it was never written down."""
        self._counts.clear()
        self._due.clear()

    def counted(self, held: Held) -> Held:
        """Return a run with its upgrade as far as it was compared."""
        if not held.shadowing:
            return held
        return replace(held, upgrade=self._counts.get(held.run, held.upgrade))

    def follow(self, draft: Draft) -> None:
        """Ask new versions in this process what was decided in a written draft."""
        for run, held in draft.held.items():
            if not held.shadowing:
                self._counts.pop(run, None)
        for each in draft.decided:
            self._ask(each)

    def compare(
        self, run: str, *, step: int, cause: Stimulus, before: StepResult, after: StepResult
    ) -> None:
        """Count a pair of decisions; after enough equal ones the new version takes over."""
        held = self._versions.held.get(run)
        if held is None or held.upgrade is None or not held.shadowing:
            return
        present = self._counts.get(run, held.upgrade)
        found = upgrading.compare(present, step=step, cause=cause, before=before, after=after)
        self._counts[run] = found
        if upgrading.is_ripe(found) and run not in self._due:
            self._later(run, lambda draft: self._versions.cut_over(draft, run))

    def fail(self, run: str, reason: str) -> None:
        """Cancel the upgrade of a run whose new version fails in shadow."""

        def work(draft: Draft) -> None:
            self._versions.cancel(draft, run, reason)
            text = f"An upgrade was ended: {reason}"
            draft.say(NoticeGiven(severity=Severity.WARN, code=ENDED, text=text, run=run))

        if run not in self._due:
            self._later(run, work)

    def _ask(self, decided: Decided) -> None:
        live, run = decided.live, decided.live.record.id
        strategy = self._versions.candidate(run)
        if strategy is None or issubclass(strategy, Hosted):
            return
        started = self._account.clock.monotonic_ms()
        try:
            after = take_step(
                strategy,
                decode_config(strategy, live.record.config),
                adopt_memory(strategy, live.record.memory),
                decided.cause,
                decided.view,
            )
        except (Exception, SystemExit) as error:  # a plugin's boundary
            self.fail(run, f"The new version fails with {type(error).__name__}: {error}.")
            return
        took = self._account.clock.monotonic_ms() - started
        limit = round(live.leash.step.total_seconds() * 1000)
        if took > limit:
            self.fail(run, f"The new version takes {took} ms; the leash allows {limit} ms.")
            return
        step = live.record.step + 1
        self.compare(run, step=step, cause=decided.cause, before=decided.result, after=after)

    def _later(self, run: str, work: Callable[[Draft], object]) -> None:
        self._due.add(run)

        async def turn() -> None:
            held = self._versions.held.get(run)
            if held is None or not held.shadowing:
                return
            draft = self._account.draft()
            try:
                work(draft)
            except UpgradeUnsound as error:
                draft = self._account.draft()
                self._versions.cancel(draft, run, error.message)
            await self._account.commit(draft)

        async def guarded() -> None:
            try:
                await self._account.in_turn(turn, begun=True)
            except (LeaseLost, ShuttingDown):
                return  # whoever serves the account next shadows anew
            except StoreUnavailable as error:
                log.error("run %s: %s", run, error.message)  # the next comparison tries again
            finally:
                self._due.discard(run)

        self._account.spawn(guarded())
