"""The life of a run: which verb leads from which state to which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from axisor.errors import RunStateInvalid
from axisor.events import RunState

VERBS: Mapping[str, Mapping[RunState, RunState]] = MappingProxyType(
    {
        "start": MappingProxyType(
            {
                RunState.CREATED: RunState.STARTING,
                RunState.STOPPED: RunState.STARTING,
                RunState.FAILED: RunState.STARTING,
            }
        ),
        "pause": MappingProxyType(
            {RunState.STARTING: RunState.PAUSED, RunState.RUNNING: RunState.PAUSED}
        ),
        "resume": MappingProxyType({RunState.PAUSED: RunState.STARTING}),
        "stop": MappingProxyType(
            {
                RunState.CREATED: RunState.STOPPED,
                RunState.STARTING: RunState.STOPPING,
                RunState.RUNNING: RunState.STOPPING,
                RunState.PAUSED: RunState.STOPPING,
                RunState.FAILED: RunState.STOPPED,
            }
        ),
        "configure": MappingProxyType(
            {
                RunState.CREATED: RunState.CREATED,
                RunState.STARTING: RunState.STARTING,
                RunState.RUNNING: RunState.STARTING,
                RunState.PAUSED: RunState.PAUSED,
                RunState.STOPPED: RunState.STOPPED,
                RunState.FAILED: RunState.FAILED,
            }
        ),
    }
)
"""Verb → state before → state after. A running run that is configured starts anew, memory kept."""

ACTING = frozenset({RunState.STARTING, RunState.RUNNING, RunState.STOPPING})
"""States in which a run may be called and may ask for something."""

ALIVE = ACTING | {RunState.PAUSED}
"""States that keep an account in use."""


def takes_room(state: RunState, resume_us: int | None) -> bool:
    """Return whether a run takes up room in a plan: it acts, or will again by itself."""
    return state in ACTING or (state is RunState.PAUSED and resume_us is not None)


def after_verb(state: RunState, verb: str) -> RunState:
    """Return the state a verb leads to.

    Raises RunStateInvalid when the verb is unknown or does not apply in this state.
    """
    moves = VERBS.get(verb)
    if moves is None:
        raise RunStateInvalid(f"There is no verb {verb!r} for a run.", verb=verb)
    new = moves.get(state)
    if new is None:
        allowed = ", ".join(sorted(old.value for old in moves))
        raise RunStateInvalid(
            f"A run that is {state.value} cannot {verb}; it must be one of: {allowed}.",
            state=state.value,
            verb=verb,
        )
    return new


def after_restart(state: RunState) -> RunState:
    """Return the state a run takes up when its core comes back: what ran, starts again."""
    match state:
        case RunState.RUNNING | RunState.STARTING:
            return RunState.STARTING
        case RunState.STOPPING:
            return RunState.STOPPED
        case _:
            return state
