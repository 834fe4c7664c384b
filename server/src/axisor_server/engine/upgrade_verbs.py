"""Serves the clients who upgrade runs of one account: start, commit, cancel."""

from __future__ import annotations

from collections.abc import Callable

from axisor.errors import RunNotFound, RunStateInvalid
from axisor.events import RunState
from axisor.versions import Upgrade
from axisor_server.domain.editions import exactly
from axisor_server.engine.asks import UpgradeRun
from axisor_server.engine.core import Core
from axisor_server.engine.draft import Draft, LiveRun
from axisor_server.engine.replying import reply

AT_WORK = (RunState.STARTING, RunState.RUNNING)


class UpgradeVerbs:
    """The verbs of upgrades, in turn with everything else."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def start(self, ask: UpgradeRun, request_id: str = "") -> Upgrade:
        """Load the version asked for and have it asked beside the one that decides.

        Raises RunNotFound, RunStateInvalid, VersionNotFound, UpgradeUnsound, UpgradeStateInvalid.
        """
        live = self._live(ask.run)
        version = self._core.upgrades.version_of(live)
        if self._core.upgrades.find(live, ask.version) is None:  # another core was asked
            await self._core.upgrades.load(live, exactly(ask.version))

        def work(draft: Draft) -> Upgrade:
            check_at_work(self._live(ask.run))
            made = Upgrade(
                run=ask.run,
                before=version,
                after=ask.version,
                wanted=ask.wanted,
                probation=ask.probation,
            )
            return self._core.upgrades.begin(draft, ask.run, made)

        return await self._do(work, request_id)

    async def commit(self, ask: UpgradeRun, request_id: str = "") -> Upgrade:
        """Have the new version decide from the next step on.

        Raises RunNotFound, RunStateInvalid, UpgradeNotFound, UpgradeStateInvalid, UpgradeUnsound.
        """

        def work(draft: Draft) -> Upgrade:
            check_at_work(self._live(ask.run))
            return self._core.upgrades.cut_over(draft, ask.run)

        return await self._do(work, request_id)

    async def cancel(self, ask: UpgradeRun, request_id: str = "") -> Upgrade:
        """End an upgrade in shadow. Raises RunNotFound, UpgradeNotFound, UpgradeStateInvalid."""

        def work(draft: Draft) -> Upgrade:
            self._live(ask.run)
            return self._core.upgrades.cancel(draft, ask.run)

        return await self._do(work, request_id)

    async def _do(self, work: Callable[[Draft], Upgrade], request_id: str) -> Upgrade:
        async def turn() -> Upgrade:
            core = self._core
            await core.failpoint("command-received")
            draft = core.draft()
            upgrade = work(draft)
            reply(core, draft, request_id, lambda _: upgrade)
            await core.commit(draft)
            return upgrade

        return await self._core.in_turn(turn)

    def _live(self, run: str) -> LiveRun:
        live = self._core.runs.get(run)
        if live is None:
            raise RunNotFound(f"There is no run {run} on this account.", run=run)
        return live


def check_at_work(live: LiveRun) -> None:
    """Refuse to change who decides for a run that is not called. Raises RunStateInvalid."""
    state = live.record.state
    if state not in AT_WORK:
        raise RunStateInvalid(
            f"The run is {state.value.upper()}; start it first.",
            run=live.record.id,
            state=state.value,
        )
