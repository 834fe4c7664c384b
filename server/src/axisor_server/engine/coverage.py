"""Says of every position whether a run protects it, whenever that changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from axisor.events import Coverage, CoverageChanged, CoverageState, RunState
from axisor.model import Permission
from axisor.strategy import Protection, Strategy, View, decode_memory
from axisor_server.domain.journal import from_us
from axisor_server.domain.standing import blindness, honest
from axisor_server.engine.draft import Draft, LiveRun

_RANK = {
    CoverageState.PROTECTED: 0,
    CoverageState.SHORTFALL: 1,
    CoverageState.DEGRADED: 2,
    CoverageState.UNPROTECTED: 3,
}

_coverages = msgspec.json.Decoder(list[Coverage])


def cover(draft: Draft, view: View) -> None:
    """Journal every position whose protection is not what it was."""
    best: dict[str, Coverage] = {}
    for live in list(draft.runs.values()):
        if live.record.state not in {RunState.STARTING, RunState.RUNNING}:
            continue
        for found in _covered_by(live, view):
            held = best.get(found.position)
            if held is None or _RANK[found.state] < _RANK[held.state]:
                best[found.position] = replace(found, run=live.record.id)
    blind = blindness(draft.book.causes)
    best = {id: honest(found, blind) for id, found in best.items()}
    present: dict[str, Coverage] = {}
    bare = _why_bare(draft.runs.values())
    for id in [p.id for p in view.positions] + sorted(view.unreadable):
        present[id] = best.get(id) or Coverage(
            position=id, state=CoverageState.UNPROTECTED, reason=bare
        )
    for id, coverage in present.items():
        if draft.coverage.get(id) != coverage:
            draft.say(CoverageChanged(coverage=coverage))
    draft.coverage = present


def _why_bare(runs: Iterable[LiveRun]) -> str:
    """Return why a position that no run covers is not protected."""
    paused = [
        live.record
        for live in runs
        if live.record.state is RunState.PAUSED and _protects(live.strategy)
    ]
    if not paused:
        return "No run guards it."
    times = [record.resume_us for record in paused if record.resume_us is not None]
    if not times:
        return "Its guard is paused."
    return f"Its guard is paused until {from_us(min(times)):%H:%M} UTC."


def _covered_by(live: LiveRun, view: View) -> Sequence[Coverage]:
    protection = protection_of(live)
    if protection is None:
        return ()
    try:
        return _coverages.decode(msgspec.json.encode(list(protection.coverage(view))))
    except Exception as error:  # a plugin's boundary: what it cannot tell is not protected
        reason = f"The guard cannot tell: {type(error).__name__}."
        return [
            Coverage(position=p.id, state=CoverageState.DEGRADED, reason=reason)
            for p in view.positions
        ]


def guards(live: LiveRun) -> bool:
    """Return whether a run protects positions, so that nobody else is called before it."""
    return _protects(live.strategy) or Permission.GUARD in live.strategy.permissions


def _protects(strategy: type[Strategy[Any, Any]]) -> bool:
    return _offers(strategy)  # type: ignore[arg-type]  # a class is hashable, whatever it makes


@cache
def _offers(strategy: type) -> bool:
    return issubclass(strategy, Protection)  # slow: it looks for every member by its name


def protection_of(live: LiveRun) -> Protection | None:
    """Return a run's live calculations, or None where its strategy protects nothing."""
    if not _protects(live.strategy):
        return None
    memory = decode_memory(live.strategy, live.record.memory)
    return cast("Protection", live.strategy(live.config, memory))
