"""The situations from which every schedule is walked through, and the walk itself."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from tests.simulation.explorer import Outcome, Scope, explore

READ = ("A.loads", "A.write", "A.loads", "A.look")
"""A has the lease, knows the journal, and has read the account: its plan is about to be written."""

STAMPED = (*READ, "A.write", "A.write")
"""A's stamp is durable, its request is about to leave."""

EXPIRED = (*STAMPED, "B.write", "time")
"""B asked for the lease in vain; by now that has run out, and A's request has still not left."""

TAKEN = (*EXPIRED, "B.write", "B.loads")
"""B has the lease and has read the journal; A knows nothing of it, and its request may leave."""

STAMPED_LATE = (*READ, "time", "A.write", "A.write#2")
"""A's plan waited until its lease was half over, then came the stamp; no renewal is through."""

BESIDE = ("A.loads", "B.loads", "A.write", "A.loads", "B.write", "B.loads")
"""Both cores asked for the lease."""

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        scope.name: replace(scope, loads=scope.name in {"beginning", "slowly", "side-by-side"})
        for scope in (
            Scope(name="plain", opening=READ, deaths=0, times=1, faults=1, depth=10),
            Scope(name="plain-expired", opening=EXPIRED, deaths=0, times=1, faults=0, depth=12),
            Scope(name="plain-taken", opening=TAKEN, deaths=0, times=1, faults=0, depth=12),
            Scope(name="expired", opening=EXPIRED, deaths=0, times=1, faults=1, depth=9),
            Scope(name="taken", opening=TAKEN, deaths=0, times=1, faults=1, depth=9),
            Scope(name="dying", opening=TAKEN, deaths=1, times=1, faults=0, depth=9),
            Scope(name="beginning", deaths=1, times=1, faults=1, depth=8),
            Scope(name="slowly", opening=READ, deaths=0, times=2, faults=1, step_ms=4_000, depth=7),
            Scope(
                name="stamped-late",
                opening=STAMPED_LATE,
                deaths=0,
                times=2,
                faults=1,
                step_ms=3_000,
                depth=7,
            ),
            Scope(name="side-by-side", opening=BESIDE, deaths=0, times=0, faults=0),
        )
    }
)
"""Each is walked through to its end; `depth` counts the choices after the opening."""


class Walk(Struct, kw_only=True):
    """What a walk through a scope came to."""

    schedules: int = 0
    bad: int = 0
    complete: bool = True
    first: Outcome | None = None


def walk(scope: Scope, *, limit: int = 0, until_bad: bool = False) -> Walk:
    """Live through every schedule of a scope, or through so many of them."""
    walked = Walk()
    gc.freeze()
    for outcome in islice(explore(scope), limit or None):
        walked.schedules += 1
        if outcome.wrong:
            walked.bad += 1
            walked.first = walked.first or outcome
            if until_bad:
                break
    gc.unfreeze()
    walked.complete = not (walked.schedules == limit or (until_bad and walked.bad))
    return walked


def markdown(walks: Mapping[str, Walk]) -> str:
    """Return walks as a table."""
    lines = [
        "| scope | begins with | choices | deaths | time steps | bad fates | schedules | bad |"
    ]
    lines.append("|---|---|--:|--:|--:|--:|--:|--:|")
    for name, walked in walks.items():
        scope = SCOPES[name]
        count = f"{walked.schedules:,}" + (" (all)" if walked.complete else "")
        opening = ", ".join(scope.opening) or "nothing"
        times = f"{scope.times} x {scope.step_ms // 1000} s" if scope.times else "0"
        lines.append(
            f"| {name} | {opening} | {scope.depth} | {scope.deaths} | {times} | {scope.faults} "
            f"| {count} | {walked.bad} |"
        )
    return "\n".join(lines) + "\n"
