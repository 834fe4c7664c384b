"""The life of an upgrade: what a new version must show before it decides, and when it must go.

SHADOWING ─cut over─▶ CUT_OVER ─fails on probation─▶ ROLLED_BACK
    └─cancel, fails─▶ CANCELED
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import UpgradeNotFound, UpgradeStateInvalid
from axisor.events import Stimulus
from axisor.states import UpgradeState
from axisor.strategy import StepResult
from axisor.versions import Difference, Upgrade, Version
from axisor_server.domain.records import DocumentRecord

KIND = "run-upgrade"

USUAL_PROBATION = 100
MOST_DIFFERENCES = 50
MOST_DECISIONS = 8
"""Of either version that are kept of one difference."""

MOST_SHOWN = 400
"""Characters that are kept of one decision."""

_encoder = msgspec.json.Encoder(order="deterministic")


class Held(Struct, frozen=True, kw_only=True):
    """What is kept of a run beside its row: the version that decides, and the latest upgrade.

    `since` is the last step before that version. `memory` is what the run remembered when it was
    cut over, for a roll-back that cannot go on from anything later.
    """

    run: str
    account: str
    version: Version
    since: int = 0
    upgrade: Upgrade | None = None
    memory: str = ""
    revision: int | None = None

    @property
    def shadowing(self) -> bool:
        """Return whether another version is asked beside the one that decides."""
        return self.upgrade is not None and self.upgrade.state is UpgradeState.SHADOWING

    def on_probation(self, step: int) -> bool:
        """Return whether the old version stands by after a step of the run."""
        found = self.upgrade
        if found is None or found.state is not UpgradeState.CUT_OVER:
            return False
        return step - found.cut < found.probation


def begin(held: Held, upgrade: Upgrade, *, step: int) -> Held:
    """Return a run with an upgrade begun. Raises UpgradeStateInvalid where one is under way."""
    if held.shadowing or held.on_probation(step):
        state = "on probation" if held.upgrade and not held.shadowing else "shadowing"
        raise UpgradeStateInvalid(
            f"An upgrade of the run is {state} already.", run=held.run, state=state
        )
    return replace(held, upgrade=replace(upgrade, before=held.version, begun=step))


def cut_over(held: Held, *, step: int, memory: bytes) -> Held:
    """Return a run decided by the new version after a step. Raises as `shadowed` does."""
    upgrade = shadowed(held)
    return replace(
        held,
        version=upgrade.after,
        since=step,
        upgrade=replace(upgrade, state=UpgradeState.CUT_OVER, cut=step),
        memory=memory.decode(),
    )


def cancel(held: Held, reason: str = "") -> Held:
    """Return a run whose upgrade is over before it began. Raises as `shadowed` does."""
    upgrade = replace(shadowed(held), state=UpgradeState.CANCELED, reason=reason)
    return replace(held, upgrade=upgrade)


def roll_back(held: Held, reason: str, *, step: int) -> Held:
    """Return a run decided by the old version again. Raises UpgradeStateInvalid off probation."""
    upgrade = held.upgrade
    if upgrade is None or not held.on_probation(step):
        raise UpgradeStateInvalid("The run has no version on probation.", run=held.run)
    upgrade = replace(upgrade, state=UpgradeState.ROLLED_BACK, reason=reason)
    return replace(held, version=upgrade.before, since=step, upgrade=upgrade)


def shadowed(held: Held) -> Upgrade:
    """Return the upgrade that is shadowing. Raises UpgradeNotFound, UpgradeStateInvalid."""
    if held.upgrade is None:
        raise UpgradeNotFound("The run was never upgraded.", run=held.run)
    if not held.shadowing:
        state = held.upgrade.state.value
        raise UpgradeStateInvalid(f"The upgrade is {state}.", run=held.run, state=state)
    return held.upgrade


def compare(
    upgrade: Upgrade, *, step: int, cause: Stimulus, before: StepResult, after: StepResult
) -> Upgrade:
    """Return an upgrade that knows of one more pair of decisions on the same inputs.

    A call at which neither asks for anything nor remembers anything new is no decision. What either
    remembers is its own affair and not compared.
    """
    old, new = _decisions(before), _decisions(after)
    if not (old or new or before.changed or after.changed):
        return upgrade
    same = old == new
    differences = upgrade.differences
    if not same and len(differences) < MOST_DIFFERENCES:
        found = Difference(
            step=step, cause=type(cause).__name__, before=_shown(old), after=_shown(new)
        )
        differences = (*differences, found)
    return replace(
        upgrade,
        compared=upgrade.compared + 1,
        differing=upgrade.differing + (not same),
        equal=upgrade.equal + 1 if same else 0,
        differences=differences,
    )


def is_ripe(upgrade: Upgrade) -> bool:
    """Return whether so many decisions were equal in a row that it is to be cut over by itself."""
    return 0 < upgrade.wanted <= upgrade.equal


def forgetful(upgrade: Upgrade) -> Upgrade:
    """Return an upgrade whose comparisons begin anew: they were never written down."""
    return replace(upgrade, compared=0, differing=0, equal=0, differences=())


def to_document(held: Held, *, now_us: int) -> DocumentRecord:
    """Return a run's record as it is stored."""
    return DocumentRecord(
        kind=KIND,
        id=held.run,
        about=held.account,
        body=_encoder.encode(held),
        revision=1 if held.revision is None else held.revision + 1,
        created_us=now_us,
        updated_us=now_us,
    )


def from_document(record: DocumentRecord) -> Held:
    """Return what was stored of a run."""
    held = msgspec.json.decode(record.body, type=Held)
    return replace(held, revision=record.revision)


def _decisions(result: StepResult) -> Sequence[str]:
    wake = () if result.wake is None else (result.wake,)
    return [_encoder.encode(each).decode() for each in (*result.intents, *wake)]


def _shown(decisions: Sequence[str]) -> tuple[str, ...]:
    return tuple(each[:MOST_SHOWN] for each in decisions[:MOST_DECISIONS])
