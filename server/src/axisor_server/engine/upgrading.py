"""Which version decides for each run of one account: cut-over, probation and roll-back.

A cut-over and a roll-back are written in one unit with the journal's entry, between two steps or
instead of one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from axisor.adopting import adopt_memory
from axisor.errors import AxisorError, LeashExceeded, UpgradeUnsound
from axisor.events import IntentReviewRefused, NoticeGiven, RunState, RunUpgraded
from axisor.model import Severity
from axisor.states import UpgradeState
from axisor.strategy import Strategy, decode_config
from axisor.versions import Upgrade, UpgradeEnd, Version
from axisor_server.domain import upgrading
from axisor_server.domain.editions import Edition
from axisor_server.domain.hosting import Hosted
from axisor_server.domain.upgrading import Held
from axisor_server.engine.draft import Draft, LiveRun, Mark
from axisor_server.engine.editions import Editions
from axisor_server.engine.shadowing import Account, Shadow

ROLLED_BACK = "UPGRADE_ROLLED_BACK"
OLDER = "It goes on from what it remembered at the cut-over."
log = logging.getLogger(__name__)


class Upgrades:
    """The versions of one account's runs."""

    def __init__(self, account: Account, editions: Editions) -> None:
        self._account = account
        self._editions = editions
        self.held: Mapping[str, Held] = {}
        self.shadow = Shadow(account, self)
        account.desk.trial = self.trial

    def take_over(self, found: Iterable[Held]) -> None:
        """Give every run the version that decided for it, where that one is at hand."""
        self.held = {each.run: each for each in found}
        self.shadow.begin_anew()
        for run, each in self.held.items():
            live = self._account.runs.get(run)
            strategy = None if live is None else self.find(live, each.version)
            if live is None or strategy is None or strategy is live.strategy:
                continue
            try:
                self._account.runs[run] = decided_by(live, strategy)
            except AxisorError as error:  # then it starts with the version that there is
                log.warning("run %s cannot go on with %s: %s", run, each.version, error)

    async def load(self, live: LiveRun, wanted: str) -> Edition:
        """Load another version of a run's strategy than the one that decides.

        Raises VersionNotFound, UpgradeUnsound.
        """
        name, beside = live.record.strategy, self.version_of(live)
        return await self._editions.load(name, wanted, beside=beside)

    def version_of(self, live: LiveRun) -> Version:
        """Return which version decides for a run, an empty one where nobody can tell."""
        return self._editions.version_of(live.strategy)

    def find(self, live: LiveRun, version: Version) -> type[Strategy[Any, Any]] | None:
        """Return a version of a run's strategy that is at hand and takes its configuration."""
        if self._editions.version_of(live.strategy) == version:
            return live.strategy
        return self._editions.find(live.record.strategy, version)

    def show(self, run: str) -> Upgrade | None:
        """Return the latest upgrade of a run as it stands now."""
        held, live = self.held.get(run), self._account.runs.get(run)
        if held is None or held.upgrade is None or live is None:
            return None
        stands = self.stand_by(held, live) is not None
        upgrade = self.counted(held).upgrade
        return None if upgrade is None else replace(upgrade, standing_by=stands)

    def candidate(self, run: str) -> type[Strategy[Any, Any]] | None:
        """Return the version that is asked beside the one that decides for a run, or None."""
        held = self.held.get(run)
        if held is None or held.upgrade is None or not held.shadowing:
            return None
        return self.find(self._account.runs[run], held.upgrade.after)

    def stand_by(self, held: Held, live: LiveRun) -> type[Strategy[Any, Any]] | None:
        """Return the version that would take over again now.

        None off probation, without it, and where it does not take the configuration of now.
        """
        if held.upgrade is None or not held.on_probation(live.record.step):
            return None
        strategy = self.find(live, held.upgrade.before)
        try:
            return None if strategy is None else decided_by(live, strategy).strategy
        except Exception as error:  # a plugin's boundary
            log.warning("run %s: %s cannot stand by: %s", live.record.id, held.version, error)
            return None

    def stands_by(self, run: str) -> bool:
        """Return whether the old version of a run would take over now."""
        held, live = self.held.get(run), self._account.runs.get(run)
        return held is not None and live is not None and self.stand_by(held, live) is not None

    def adopts(self, run: str) -> bool:
        """Return whether another version saved a run's memory than the one that decides."""
        held, live = self.held.get(run), self._account.runs[run]
        return held is not None and held.since == live.record.step

    def started(self, draft: Draft, live: LiveRun) -> LiveRun:
        """Journal which version a run starts with where that is another than before."""
        run, version = live.record.id, self._editions.version_of(live.strategy)
        held = draft.held.get(run)
        if not version or (held is not None and held.version == version):
            return live
        if held is None:
            held = Held(run=run, account=live.record.account, version=Version())
        else:
            live = _willingly(live)
        if held.shadowing:
            held = upgrading.cancel(self.counted(held), f"The core started with {version}.")
        by = UpgradeEnd.RESTARTED if held.version else UpgradeEnd.STARTED
        self._say(draft, live, held.version, version, by)
        draft.hold_version(replace(held, version=version, since=live.record.step))
        return live

    def offered(self, live: LiveRun, strategies: Mapping[str, type[Strategy[Any, Any]]]) -> bool:
        """Return whether what a run is called by is offered still, or a version of what is."""
        found = strategies.get(live.record.strategy)
        if found is None:
            return False
        return live.strategy is found or bool(self._editions.version_of(live.strategy))

    def live(self, run: str) -> LiveRun | None:
        """Return a run as it is held here, or None."""
        return self._account.runs.get(run)

    def shadowed(self, run: str) -> Upgrade:
        """Return an upgrade in shadow. Raises UpgradeNotFound, UpgradeStateInvalid."""
        return upgrading.shadowed(self.counted(_of(self.held, self._account.runs[run])))

    def begun(self, live: LiveRun, upgrade: Upgrade) -> Upgrade:
        """Return an upgrade as it would begin now. Raises UpgradeStateInvalid."""
        held = upgrading.begin(self._known(self.held, live), upgrade, step=live.record.step)
        return upgrading.shadowed(held)

    def begin(self, draft: Draft, run: str, upgrade: Upgrade) -> Upgrade:
        """Have another version asked beside the one that decides. Raises UpgradeStateInvalid."""
        live = draft.runs[run]
        held = upgrading.begin(self._known(draft.held, live), upgrade, step=live.record.step)
        draft.hold_version(held)
        return upgrading.shadowed(held)

    def _known(self, held: Mapping[str, Held], live: LiveRun) -> Held:
        """Return what is held of a run; before anything is, what decides for it now."""
        found = _of(held, live)
        return found if found.version else replace(found, version=self.version_of(live))

    def cut_over(self, draft: Draft, run: str) -> Upgrade:
        """Have the new version decide from the next step on.

        Raises UpgradeNotFound, UpgradeStateInvalid, UpgradeUnsound where it cannot go on from what
        the run remembers.
        """
        held, live = self.counted(_of(draft.held, draft.runs[run])), draft.runs[run]
        upgrade = upgrading.shadowed(held)
        strategy = self.find(live, upgrade.after)
        if strategy is None:
            raise UpgradeUnsound(f"{upgrade.after} is not at hand any more.", run=run)
        memory = live.record.memory
        try:
            after = _adopted(decided_by(live, strategy), strategy)
        except Exception as error:  # a plugin's boundary
            why = f"{upgrade.after} cannot go on: {type(error).__name__}: {error}"
            raise UpgradeUnsound(why, run=run) from error
        held = upgrading.cut_over(held, step=live.record.step, memory=memory)
        self._switch(draft, after, held, upgrade.before, UpgradeEnd.CUT_OVER)
        assert held.upgrade is not None
        return held.upgrade

    def cancel(self, draft: Draft, run: str, reason: str = "") -> Upgrade:
        """End an upgrade in shadow. Raises UpgradeNotFound, UpgradeStateInvalid."""
        held = upgrading.cancel(self.counted(_of(draft.held, draft.runs[run])), reason)
        draft.hold_version(held)
        assert held.upgrade is not None
        return held.upgrade

    def roll_back(self, draft: Draft, run: str, reason: str) -> None:
        """Have the old version decide again, from the last good step on."""
        held, live = draft.held[run], draft.runs[run]
        strategy = self.stand_by(held, live)
        assert held.upgrade is not None
        assert strategy is not None, "only who stands by takes over"
        try:
            after = _adopted(decided_by(live, strategy), strategy)
        except Exception as error:  # a plugin's boundary: it goes on from what it wrote itself
            log.warning("run %s: %s cannot read %s", run, held.upgrade.before, error)
            reason = f"{reason} {OLDER}"
            record = replace(live.record, memory=held.memory.encode())
            after = decided_by(replace(live, record=record), strategy)
        failed = held.version
        held = upgrading.roll_back(held, reason, step=live.record.step)
        self._switch(draft, after, held, failed, UpgradeEnd.ROLLED_BACK, reason)
        draft.say(
            NoticeGiven(
                severity=Severity.WARN,
                code=ROLLED_BACK,
                text=f"An upgrade was rolled back: {reason}",
                run=run,
                data={"from": str(failed), "to": str(held.version)},
            )
        )

    def retreats(self, run: str) -> bool:
        """Return whether a run that was rolled back may still go on from an older memory.

        One in this process was asked for that at once; a runner says it by its first failure.
        """
        held, live = self.held.get(run), self._account.runs.get(run)
        if held is None or live is None or held.upgrade is None:
            return False
        back = held.upgrade.state is UpgradeState.ROLLED_BACK and held.since == live.record.step
        return back and live.record.memory != held.memory.encode()

    def retreat(self, draft: Draft, run: str, reason: str) -> None:
        """Have a run that was rolled back go on from what it remembered at the cut-over."""
        held, live = draft.held[run], draft.runs[run]
        record = replace(live.record, memory=held.memory.encode())
        text = f"{reason} {OLDER}"
        live = replace(live, record=record)
        self._switch(draft, live, held, held.version, UpgradeEnd.ROLLED_BACK, text)

    def trial(self, draft: Draft, run: str, decide: Callable[[], None]) -> bool:
        """Let a run decide; where it fails on probation, undo that and have the old one take over.

        Returns whether that happened: then the decision is still to be made.
        """
        held, live = draft.held.get(run), draft.runs[run]
        if held is None or self.stand_by(held, live) is None:
            decide()
            return False
        mark = draft.mark()
        decide()
        reason = _fault(draft, mark, run)
        if not reason:
            return False
        draft.back_to(mark)
        self.roll_back(draft, run, reason)
        return True

    def follow(self, draft: Draft) -> None:
        """Take over what a written draft says of versions, and ask new ones what was decided."""
        self.held = draft.held
        self.shadow.follow(draft)

    def counted(self, held: Held) -> Held:
        """Return a run with its upgrade as far as it was compared."""
        return self.shadow.counted(held)

    def _switch(
        self,
        draft: Draft,
        live: LiveRun,
        held: Held,
        before: Version,
        by: UpgradeEnd,
        reason: str = "",
    ) -> None:
        draft.put_run(live, say=False)
        self._say(draft, live, before, held.version, by, reason)
        draft.hold_version(held)

    def _say(
        self,
        draft: Draft,
        live: LiveRun,
        before: Version,
        after: Version,
        by: UpgradeEnd,
        reason: str = "",
    ) -> None:
        draft.say(
            RunUpgraded(
                run=live.record.id,
                before=before,
                after=after,
                step=live.record.step,
                by=by,
                memory=live.record.memory.decode(),
                reason=reason,
            )
        )


def decided_by(live: LiveRun, strategy: type[Strategy[Any, Any]]) -> LiveRun:
    """Return a run with another version of its strategy. Raises ConfigInvalid."""
    config = decode_config(strategy, live.record.config)
    return replace(live, strategy=strategy, config=config)


def _adopted(live: LiveRun, strategy: type[Strategy[Any, Any]]) -> LiveRun:
    """Return a run whose memory is as a strategy keeps it; a runner does that for its own."""
    if issubclass(strategy, Hosted):
        return live
    memory = adopt_memory(strategy, live.record.memory)
    return replace(live, record=replace(live.record, memory=memory))


def _willingly(live: LiveRun) -> LiveRun:
    """Adopt a memory where that works; where not, the run's first step fails and says why."""
    try:
        return _adopted(live, live.strategy)
    except Exception as error:  # a plugin's boundary
        log.warning("run %s: its memory cannot be read: %s", live.record.id, error)
        return live


def _of(held: Mapping[str, Held], live: LiveRun) -> Held:
    """Return what is held of a run, an empty record where nothing is."""
    record = live.record
    return held.get(record.id) or Held(run=record.id, account=record.account, version=Version())


def _fault(draft: Draft, mark: Mark, run: str) -> str:
    """Return what a run on probation did wrong since a mark, empty where nothing."""
    record = draft.runs[run].record
    if record.state is RunState.FAILED:
        return record.reason
    for payload in draft.payloads[mark.payloads :]:
        match payload:
            case IntentReviewRefused(reason=LeashExceeded.reason) if payload.run == run:
                return payload.message
    return ""
