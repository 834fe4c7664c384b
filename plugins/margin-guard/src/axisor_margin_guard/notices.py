"""What the guard tells its owner, each thing once."""

from __future__ import annotations

from collections.abc import Iterator

from axisor.events import Coverage, CoverageState, IntentState, Outcome
from axisor.intents import Notice
from axisor.model import Severity
from axisor.strategy import View
from axisor.words import short
from axisor_margin_guard.memory import GuardMemory
from axisor_margin_guard.survey import Judged, feed_trouble, percent

_SEVERITY = {
    CoverageState.PROTECTED: Severity.OK,
    CoverageState.UNPROTECTED: Severity.WARN,
    CoverageState.DEGRADED: Severity.CRIT,
    CoverageState.SHORTFALL: Severity.CRIT,
}


def feed_notice(memory: GuardMemory, view: View) -> Iterator[Notice]:
    """Yield a notice when the market becomes unusable, and one when it is usable again."""
    trouble = feed_trouble(view)
    if trouble and not memory.told:
        memory.told = ("feed",)
        yield Notice(
            severity=Severity.CRIT,
            code="GUARD_DEGRADED",
            text=f"The guard cannot act: {trouble}. It goes on as soon as the price can be used.",
        )
    elif not trouble and memory.told:
        memory.told = ()
        yield Notice(
            severity=Severity.OK, code="GUARD_RESTORED", text="The price can be used again."
        )


def coverage_notices(
    memory: GuardMemory, coverages: tuple[Coverage, ...], view: View
) -> Iterator[Notice]:
    """Yield a notice for each position whose protection is new or another than last said."""
    trouble = bool(feed_trouble(view))
    for coverage in coverages:
        held = memory.of(coverage.position)
        waiting = coverage.state is CoverageState.DEGRADED and coverage.missing > 0
        if waiting or (trouble and coverage.state is CoverageState.DEGRADED):
            continue  # an action in flight is no news yet, and a bad feed is told once for all
        state = f"{coverage.state.value}: {coverage.reason}"
        if state == held.coverage:
            continue
        new, held.coverage = not held.coverage, state
        if not new or coverage.state is not CoverageState.PROTECTED:
            yield _coverage_notice(coverage)


def _coverage_notice(coverage: Coverage) -> Notice:
    text = f"Position {short(coverage.position)} is {coverage.state.value}"
    if coverage.reason:
        text += f": {coverage.reason}"
    if coverage.missing:
        text += f"; {coverage.missing:,} sat are missing"
    return Notice(
        severity=_SEVERITY[coverage.state],
        code=f"GUARD_{coverage.state.name}",
        text=f"{text}.",
        position=coverage.position,
        data={"missing": str(coverage.missing), "reason": coverage.reason},
    )


def rescued(case: Judged, episode: str) -> Notice:
    """Return the notice that an episode is over."""
    return Notice(
        severity=Severity.OK,
        code="GUARD_RECOVERED",
        text=f"Position {short(case.id)} is {percent(case)} % from liquidation again.",
        position=case.id,
        data={"episode": episode, "distance_percent": percent(case)},
    )


def refused(position: str, outcome: Outcome) -> Notice:
    """Return the notice that an action did not happen."""
    vanished = outcome.state is not IntentState.REFUSED
    reason = outcome.reason or outcome.state.value.upper()
    code = "GUARD_INSUFFICIENT_BALANCE" if reason == "INSUFFICIENT_BALANCE" else "GUARD_REFUSED"
    how = "did not take effect" if vanished else "was refused"
    return Notice(
        severity=Severity.CRIT,
        code="GUARD_NOT_APPLIED" if vanished else code,
        text=f"The guard's action on position {short(position)} {how} ({reason}): "
        f"{outcome.message or 'no more is known'}. It tries again.",
        position=position,
        data={"reason": reason},
    )
