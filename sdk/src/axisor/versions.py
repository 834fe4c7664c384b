"""Which code decides for a run, and the record of its change."""

from __future__ import annotations

import enum

from msgspec import Struct

from axisor.states import UpgradeState

SHOWN = 12
"""Characters of a hash that a person is shown."""


class Version(Struct, frozen=True):
    """Identifies a strategy's code: its distribution's version, and SHA-256 of its sources in hex.

    Two builds of one version differ in `code`. Both are empty where nobody can tell.
    """

    version: str = ""
    code: str = ""

    def __bool__(self) -> bool:
        return bool(self.code)

    def __str__(self) -> str:
        return f"{self.version or '?'}+{self.code[:SHOWN]}" if self.code else "unknown"


class UpgradeEnd(enum.StrEnum):
    """Why another version decides: a start, a cut-over, a roll-back, or a core that started."""

    STARTED = "started"
    CUT_OVER = "cut_over"
    ROLLED_BACK = "rolled_back"
    RESTARTED = "restarted"


class RunUpgraded(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """Another version of its strategy decides for a run from here on.

    Steps up to `step` were decided by `before`, later ones are by `after`. `memory` is what
    `after` begins with, as JSON, empty for a first step. `reason` says why it was rolled back.
    """

    run: str
    before: Version
    after: Version
    step: int
    by: UpgradeEnd
    memory: str = ""
    reason: str = ""


class Difference(Struct, frozen=True, kw_only=True):
    """A decision at which two versions differ: what either asks for, as JSON, in order.

    `step` is the old version's step, the next one where it took none; `cause` what both were called
    with.
    """

    step: int
    cause: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Upgrade(Struct, frozen=True, kw_only=True):
    """The upgrade of a run from one version of its strategy to another.

    `begun` and `cut` are the run's last steps when it began and when it was cut over. Of the
    decisions `compared`, `differing` differed, and the last `equal` in a row did not. After
    `wanted` equal ones (0: never) it is cut over by itself; for `probation` steps after that the
    old version stands by. `standing_by` says whether it does now.
    """

    run: str
    before: Version
    after: Version
    state: UpgradeState = UpgradeState.SHADOWING
    begun: int = 0
    cut: int = 0
    compared: int = 0
    differing: int = 0
    equal: int = 0
    differences: tuple[Difference, ...] = ()
    wanted: int = 0
    probation: int = 0
    standing_by: bool = False
    reason: str = ""
